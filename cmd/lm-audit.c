#include <stdlib.h>
#include <string.h>

#include "cmd/run.h"
#include "lib/base/file.h"
#include "lib/evidence/audit.h"
#include "lib/evidence/report.h"
#include "lib/evidence/verdicts.h"
#include "lib/evidence/witness_key.h"

struct options {
    struct lm_common common;
    const char *root;
    struct lm_list checkpoints;
    struct lm_list witnesses;
    const char *receipts;
    const char *claims;
    const char *verdicts;
    int64_t power_max_w;
    bool report;
};

#define ROW(kind, name, argument, member, help)                                                    \
    { 0, name, LM_OPTION_##kind, argument, NULL, offsetof(struct options, member), help }

static const struct lm_option option_table[] = {
    ROW(FILE, "root", "FILE|KID", root, "the registrar's key, or its thumbprint"),
    ROW(FILES, "checkpoint", "FILE", checkpoints,
        "a checkpoint of a log, of now or before; several times if need be"),
    ROW(FILES, "witness", "VKEY|FILE", witnesses,
        "a witness that must have seen the logs; several times if need be"),
    ROW(FILE, "receipts", "FILE", receipts, "receipts, each for an entry that must be there"),
    ROW(FILE, "claims", "FILE", claims,
        "claims, each to be answered by a verdict and its exhibits"),
    ROW(FILE, "verdicts", "FILE", verdicts,
        "check claims with their verdicts and exhibits instead of logs"),
    ROW(FLAG, "report", NULL, report, "write lines for people instead of records"),
    ROW(NUMBER, "max-power", "W", power_max_w,
        "the most watts that a meter can carry; without it 1000000"),
    {0}};

static const struct lm_program program = {
    .name = "lm-audit",
    .purpose = "Checks a market again from its records",
    .synopsis = "--root FILE|KID [OPTION]… [LOG]…",
    .options = option_table,
    .common = lm_parallel_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

struct context {
    struct lm_run *run;
    struct lm_verdicts *verdicts;
    bool report;
    uint64_t findings;
    struct lm_buffer line;
};

static void check(struct lm_run *run, int result, const struct lm_error *error) {
    if (result < 0)
        lm_run_fatal(run, error);
}

static struct lm_note_key *load_witnesses(struct lm_run *run, const struct lm_list *names) {
    struct lm_note_key *keys = calloc(names->count + 1, sizeof *keys);
    struct lm_error error;
    if (!keys) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    for (size_t i = 0; i < names->count; i++)
        check(run, lm_witness_key_load(names->items[i], &keys[i], &error), &error);
    return keys;
}

/* What the files hold, one buffer each. */
static struct lm_buffer *read_files(struct lm_run *run, const struct lm_list *files) {
    struct lm_buffer *buffers = calloc(files->count + 1, sizeof *buffers);
    struct lm_error error;
    if (!buffers) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    for (size_t i = 0; i < files->count; i++) {
        if (lm_file_read(files->items[i], LM_NOTE_SIZE_MAX, &buffers[i], &error) == 0)
            continue;
        /* Whoever hands in a file too large to be a checkpoint does not keep an audit from its
         * verdict: it is none, like an empty one. */
        if (error.reason != LM_TOO_LONG)
            lm_run_fatal(run, &error);
        lm_buffer_free(&buffers[i]);
    }
    return buffers;
}

/* An empty file holds no checkpoint, and no bytes. */
static void add_checkpoints(struct lm_run *run, struct lm_audit *audit, const struct lm_list *files,
                            struct lm_buffer *buffers) {
    struct lm_error error;
    for (size_t i = 0; i < files->count; i++) {
        const char *bytes = buffers[i].data ? buffers[i].data : "";
        check(run, lm_audit_checkpoint(audit, files->items[i], bytes, buffers[i].size, &error),
              &error);
        lm_buffer_free(&buffers[i]);
    }
    free(buffers);
}

static int add_claim(void *audit, const struct lm_input *input, struct lm_record *record,
                     struct lm_error *error) {
    return lm_audit_claim(audit, record, input->source, &input->line, error);
}

static int add_receipt(void *audit, const struct lm_input *input, struct lm_record *record,
                       struct lm_error *error) {
    (void)record;
    return lm_audit_receipt(audit, &input->line, error);
}

static int write_finding(void *pointer, const struct lm_finding *finding, struct lm_error *error) {
    struct context *context = pointer;
    (void)error;
    context->findings++;
    if (context->report)
        lm_report_finding(finding, &context->line);
    else
        lm_record_write(LM_TYPE_FINDING, finding, &context->line);
    lm_run_write_buffer(context->run, &context->line);
    return 0;
}

static void refuse(void *pointer, const char *name, const struct lm_line *line,
                   const struct lm_error *why) {
    struct context *context = pointer;
    const struct lm_input input = {name ? name : "stdin", *line};
    if (!context->run->stopped)
        lm_run_reject(context->run, &input, why);
}

static void write_verdict(struct context *context, bool clean) {
    struct lm_verdict verdict;
    struct lm_error error;
    lm_record_clear(LM_TYPE_VERDICT, &verdict);
    verdict.result = clean ? LM_RESULT_CLEAN : LM_RESULT_FINDINGS;
    verdict.exhibits = json_array();
    if (!verdict.exhibits) {
        lm_fail_memory(&error);
        lm_run_fatal(context->run, &error);
    }
    if (context->report)
        lm_report_verdict(clean, context->findings, &context->line);
    else
        lm_record_write(LM_TYPE_VERDICT, &verdict, &context->line);
    lm_run_write_buffer(context->run, &context->line);
    json_decref(verdict.exhibits);
}

/* Every file is an input, an empty one, too. */
static size_t enter_inputs(struct lm_run *run, struct lm_audit *audit, size_t entered, size_t end) {
    struct lm_error error;
    for (; entered < end; entered++) {
        const char *name = run->operands.count > 0 ? run->operands.items[entered] : "-";
        bool stream = strcmp(name, "-") == 0;
        check(run, lm_audit_input(audit, stream ? NULL : name, stream, &error), &error);
    }
    return entered;
}

/* All lines, good and bad: what is refused is a finding as well. */
static void read_lines(struct lm_run *run, struct lm_audit *audit) {
    struct lm_input input;
    struct lm_error why;
    struct lm_error error;
    enum lm_lines_result result;
    size_t entered = 0;
    while ((result = lm_run_any_line(run, &input, &why)) != LM_LINES_END) {
        entered = enter_inputs(run, audit, entered, run->next_operand);
        check(run, lm_audit_line(audit, &input.line, result == LM_LINES_BAD ? &why : NULL, &error),
              &error);
    }
    (void)enter_inputs(run, audit, entered, run->next_operand);
    check(run, lm_audit_pass(audit, &error), &error);
    run->any_object = run->any_object || lm_audit_any(audit);
}

/* Exhibits are for programs, not for people. */
static int write_answer(void *pointer, enum lm_type type, const union lm_body *body,
                        struct lm_error *error) {
    struct context *context = pointer;
    (void)error;
    if (!context->report)
        lm_record_write(type, body, &context->line);
    else if (type == LM_TYPE_VERDICT)
        lm_report_answer(&body->verdict, &context->line);
    else
        return 0;
    lm_run_write_buffer(context->run, &context->line);
    return 0;
}

static void judge(struct context *context, struct lm_audit *audit) {
    struct lm_error error;
    bool clean;
    bool upheld;
    check(context->run, lm_audit_finish(audit, &clean, &error), &error);
    check(context->run, lm_audit_answer(audit, write_answer, &upheld, &error), &error);
    write_verdict(context, clean);
    if (!clean || upheld)
        lm_run_negative(context->run);
}

/* ---- --verdicts: what others have answered ---- */

static void refuse_term(void *pointer, const char *source, uint64_t line,
                        const struct lm_error *why) {
    struct context *context = pointer;
    const struct lm_input input = {source, {.number = line}};
    lm_run_reject(context->run, &input, why);
}

static int add_verdict(void *pointer, const struct lm_input *input, struct lm_record *record,
                       struct lm_error *error) {
    struct context *context = pointer;
    return lm_verdicts_add(context->verdicts, record, input->source, input->line.number, error);
}

static void check_verdicts(struct context *context, const struct options *options,
                           const struct lm_root *root, struct lm_pool *pool) {
    struct lm_run *run = context->run;
    const struct lm_verdicts_options wanted = {.root = root,
                                               .now_s = lm_run_now(run),
                                               .pool = pool,
                                               .finding = write_finding,
                                               .refuse = refuse_term,
                                               .context = context};
    struct lm_input input;
    struct lm_record record;
    struct lm_error error;
    bool clean;
    context->verdicts = lm_verdicts_new(&wanted, &error);
    if (!context->verdicts)
        lm_run_fatal(run, &error);
    while (lm_run_record(run, &input, &record)) {
        check(run,
              lm_verdicts_term(context->verdicts, &record, input.source, input.line.number, &error),
              &error);
        lm_record_free(&record);
    }
    check(run, lm_verdicts_seal(context->verdicts, &error), &error);
    if (!run->stopped)
        lm_run_file(run, options->verdicts, add_verdict, context);
    if (!run->stopped) {
        check(run, lm_verdicts_finish(context->verdicts, &clean, &error), &error);
        write_verdict(context, clean);
        if (!clean)
            lm_run_negative(run);
    }
    lm_verdicts_free(context->verdicts);
}

/* ---- the audit ---- */

static void audit_logs(struct context *context, const struct options *options,
                       const struct lm_audit_options *wanted, struct lm_buffer *checkpoints) {
    struct lm_run *run = context->run;
    struct lm_error error;
    struct lm_audit *audit = lm_audit_new(wanted, &error);
    if (!audit)
        lm_run_fatal(run, &error);
    add_checkpoints(run, audit, &options->checkpoints, checkpoints);
    if (options->claims)
        lm_run_file(run, options->claims, add_claim, audit);
    if (!run->stopped)
        read_lines(run, audit);
    if (options->receipts && !run->stopped)
        lm_run_file(run, options->receipts, add_receipt, audit);
    /* Where --strict has stopped, half of the records are no market to judge. */
    if (!run->stopped) {
        lm_run_again(run);
        read_lines(run, audit);
        judge(context, audit);
    }
    lm_audit_free(audit);
}

int main(int argc, char **argv) {
    struct options options = {.power_max_w = LM_AUDIT_POWER_MAX_W};
    struct lm_run run;
    struct lm_error error;
    struct lm_root root;

    lm_run_start(&run, &program, argc, argv, &options);
    if (!options.root)
        lm_run_usage(&run, "--root is needed");
    if (options.claims && options.checkpoints.count == 0)
        lm_run_usage(&run, "--claims needs a --checkpoint: without one, no entry can be exhibited");
    if (options.verdicts && (options.claims || options.receipts || options.checkpoints.count > 0 ||
                             options.witnesses.count > 0))
        lm_run_usage(&run, "--verdicts checks what is in its FILE, by a registry and no logs");
    struct context context = {.run = &run, .report = options.report};
    check(&run, lm_crypto_start(&error), &error);
    check(&run, lm_root_load(options.root, &root, &error), &error);
    struct lm_note_key *witnesses = load_witnesses(&run, &options.witnesses);
    lm_run_keep(&run);
    struct lm_buffer *checkpoints = read_files(&run, &options.checkpoints);
    if (options.receipts)
        lm_run_allow(&run, options.receipts, LM_SANDBOX_READ);
    if (options.claims)
        lm_run_allow(&run, options.claims, LM_SANDBOX_READ);
    if (options.verdicts)
        lm_run_allow(&run, options.verdicts, LM_SANDBOX_READ);
    lm_run_confine_to_input(&run);
    /* Its threads are confined as well. */
    struct lm_pool *pool = lm_pool_new((size_t)options.common.jobs, &error);
    if (!pool)
        lm_run_fatal(&run, &error);
    const struct lm_audit_options wanted = {.root = &root,
                                            .now_s = lm_run_now(&run),
                                            .power_max_w = options.power_max_w,
                                            .witnesses = witnesses,
                                            .witness_count = options.witnesses.count,
                                            .pool = pool,
                                            .finding = write_finding,
                                            .refuse = refuse,
                                            .context = &context};
    if (options.verdicts) {
        check_verdicts(&context, &options, &root, pool);
        free(checkpoints);
    } else {
        audit_logs(&context, &options, &wanted, checkpoints);
    }
    lm_pool_free(pool);
    free(witnesses);
    lm_list_free(&options.checkpoints);
    lm_list_free(&options.witnesses);
    lm_buffer_free(&context.line);
    return lm_run_finish(&run);
}
