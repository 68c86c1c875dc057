#include <string.h>

#include "cmd/run.h"
#include "lib/evidence/audit.h"
#include "lib/evidence/report.h"

struct options {
    struct lm_common common;
    const char *root;
    int64_t power_max_w;
    bool report;
};

#define ROW(kind, name, argument, member, help)                                                    \
    { 0, name, LM_OPTION_##kind, argument, NULL, offsetof(struct options, member), help }

static const struct lm_option option_table[] = {
    ROW(FILE, "root", "FILE|KID", root, "the registrar's key, or its thumbprint"),
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
    bool report;
    uint64_t findings;
    struct lm_buffer line;
};

static void check(struct lm_run *run, int result, const struct lm_error *error) {
    if (result < 0)
        lm_run_fatal(run, error);
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

static void judge(struct context *context, struct lm_audit *audit) {
    struct lm_error error;
    bool clean;
    check(context->run, lm_audit_finish(audit, &clean, &error), &error);
    write_verdict(context, clean);
    if (!clean)
        lm_run_negative(context->run);
}

int main(int argc, char **argv) {
    struct options options = {.power_max_w = LM_AUDIT_POWER_MAX_W};
    struct lm_run run;
    struct lm_error error;
    struct lm_root root;
    struct lm_audit_options wanted;
    struct lm_audit *audit;

    lm_run_start(&run, &program, argc, argv, &options);
    if (!options.root)
        lm_run_usage(&run, "--root is needed");
    struct context context = {.run = &run, .report = options.report};
    wanted = (struct lm_audit_options){.root = &root,
                                       .now_s = lm_run_now(&run),
                                       .power_max_w = options.power_max_w,
                                       .finding = write_finding,
                                       .refuse = refuse,
                                       .context = &context};
    if (lm_crypto_start(&error) < 0 || lm_root_load(options.root, &root, &error) < 0)
        lm_run_fatal(&run, &error);
    lm_run_keep(&run);
    lm_run_confine_to_input(&run);
    if (!(wanted.pool = lm_pool_new((size_t)options.common.jobs, &error)) ||
        !(audit = lm_audit_new(&wanted, &error)))
        lm_run_fatal(&run, &error);
    read_lines(&run, audit);
    /* Where --strict has stopped, half of the records are no market to judge. */
    if (!run.stopped) {
        lm_run_again(&run);
        read_lines(&run, audit);
        judge(&context, audit);
    }
    lm_audit_free(audit);
    lm_pool_free(wanted.pool);
    lm_buffer_free(&context.line);
    return lm_run_finish(&run);
}
