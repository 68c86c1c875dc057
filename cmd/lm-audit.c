#include "cmd/lm-audit/audit.h"
#include "lib/evidence/audit.h"

#define ROW(kind, name, argument, member, help)                                                    \
    {                                                                                              \
        0, name, LM_OPTION_##kind, argument, NULL,                                                 \
            offsetof(struct lm_audit_command_options, member), help                                \
    }

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
    .common_offset = offsetof(struct lm_audit_command_options, common),
    .operands = true,
    .exhibits = true,
};

static void check_usage(struct lm_run *run, const struct lm_audit_command_options *options) {
    if (!options->root)
        lm_run_usage(run, "--root is needed");
    if (options->verdicts &&
        (options->claims || options->receipts || options->checkpoints.count > 0))
        lm_run_usage(run, "--verdicts checks what is in its FILE, by a registry and no logs");
    if (options->claims && options->checkpoints.count == 0)
        lm_run_usage(run, "--claims needs a --checkpoint: without one, no entry can be exhibited");
}

int main(int argc, char **argv) {
    struct lm_audit_command_options options = {.power_max_w = LM_AUDIT_POWER_MAX_W};
    struct lm_run run;
    struct lm_error error;

    lm_run_start(&run, &program, argc, argv, &options);
    check_usage(&run, &options);
    struct lm_audit_task task = {.run = &run, .options = &options};
    lm_audit_check(&task, lm_crypto_start(&error), &error);
    lm_audit_check(&task, lm_root_load(options.root, &task.root, &error), &error);
    if (options.verdicts)
        lm_audit_verdicts(&task);
    else
        lm_audit_logs(&task);
    lm_pool_free(task.pool);
    lm_buffer_free(&task.line);
    lm_list_free(&options.checkpoints);
    lm_list_free(&options.witnesses);
    return lm_run_finish(&run);
}
