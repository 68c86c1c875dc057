#include "cmd/run.h"
#include "lib/evidence/audit.h"

struct options {
    struct lm_common common;
    const char *root;
};

static const struct lm_option option_table[] = {{0, "root", LM_OPTION_FILE, "FILE|KID", NULL,
                                                 offsetof(struct options, root),
                                                 "the registrar's key, or its thumbprint"},
                                                {0}};

static const struct lm_program program = {
    .name = "lm-audit",
    .purpose = "Checks a market again from its records",
    .synopsis = "--root FILE|KID [OPTION]… [FILE]…",
    .options = option_table,
    .common = lm_parallel_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

struct context {
    struct lm_run *run;
    struct lm_buffer line;
};

static int write_finding(void *pointer, const struct lm_finding *finding, struct lm_error *error) {
    struct context *context = pointer;
    (void)error;
    lm_record_write(LM_TYPE_FINDING, finding, &context->line);
    lm_run_write_buffer(context->run, &context->line);
    return 0;
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
    lm_record_write(LM_TYPE_VERDICT, &verdict, &context->line);
    lm_run_write_buffer(context->run, &context->line);
    json_decref(verdict.exhibits);
}

/* All lines, good and bad: what is refused is a finding as well. */
static void read_lines(struct lm_run *run, struct lm_audit *audit) {
    struct lm_input input;
    struct lm_error why;
    struct lm_error error;
    enum lm_lines_result result;
    while ((result = lm_run_any_line(run, &input, &why)) != LM_LINES_END) {
        const char *source = run->operands.count > 0 ? input.source : NULL;
        const struct lm_line *line = &input.line;
        struct lm_record record;
        int added;
        if (result == LM_LINES_LINE && lm_record_parse(line->data, line->size, &record, &why) < 0)
            result = LM_LINES_BAD;
        if (result == LM_LINES_BAD) {
            lm_run_reject(run, &input, &why);
            added = lm_audit_add_bad(audit, source, line->number, &why, &error);
        } else {
            run->any_object = true;
            added =
                lm_audit_add(audit, &record, source, line->number, line->data, line->size, &error);
            lm_record_free(&record);
        }
        if (added < 0)
            lm_run_fatal(run, &error);
    }
}

static void judge(struct context *context, struct lm_audit *audit, struct lm_pool *pool) {
    struct lm_error error;
    bool clean;
    if (lm_audit_finish(audit, pool, write_finding, context, &clean, &error) < 0)
        lm_run_fatal(context->run, &error);
    write_verdict(context, clean);
    if (!clean)
        lm_run_negative(context->run);
}

int main(int argc, char **argv) {
    struct options options = {0};
    struct lm_run run;
    struct lm_error error;
    struct lm_root root;
    struct lm_audit *audit;
    struct lm_pool *pool;

    lm_run_start(&run, &program, argc, argv, &options);
    if (!options.root)
        lm_run_usage(&run, "--root is needed");
    struct context context = {.run = &run};
    if (lm_crypto_start(&error) < 0 || lm_root_load(options.root, &root, &error) < 0 ||
        !(audit = lm_audit_new(&root, lm_run_now(&run), &error)))
        lm_run_fatal(&run, &error);
    read_lines(&run, audit);
    if (!(pool = lm_pool_new((size_t)options.common.jobs, &error)))
        lm_run_fatal(&run, &error);
    /* Where --strict has stopped, half of the records are no market to judge. */
    if (!run.stopped)
        judge(&context, audit, pool);
    lm_pool_free(pool);
    lm_audit_free(audit);
    lm_buffer_free(&context.line);
    return lm_run_finish(&run);
}
