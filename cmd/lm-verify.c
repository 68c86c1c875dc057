#include "cmd/lm-verify/verify.h"
#include "cmd/registry.h"

struct options {
    struct lm_common common;
    struct lm_registry_options registry;
    const char *alerts;
    bool bare;
    bool quiet;
};

static const struct lm_option option_table[] = {
    LM_REGISTRY_OPTION_ROWS(struct options, registry),
    {0, "alerts", LM_OPTION_FILE, "FILE", NULL, offsetof(struct options, alerts),
     "write alert records to FILE: floods, forgeries, junk"},
    {0, "bare", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, bare),
     "refuse what comes in an entry: for what strangers send"},
    {'q', "quiet", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, quiet),
     "count rejected lines by reason instead of telling each"},
    {0},
};

static const struct lm_program program = {
    .name = "lm-verify",
    .purpose = "Passes on records whose signature, signer and authorisation are right",
    .synopsis = "-r FILE --root FILE|KID [OPTION]… [FILE]…",
    .options = option_table,
    .common = lm_parallel_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
    .exhibits = true,
};

static int tell(void *pointer, struct lm_alert *alert, struct lm_error *error) {
    (void)error;
    lm_run_alert(pointer, alert);
    return 0;
}

int main(int argc, char **argv) {
    struct options options = {0};
    struct lm_run run;
    struct lm_error error;
    struct lm_verify_task task = {.run = &run};

    lm_run_start(&run, &program, argc, argv, &options);
    if (options.alerts)
        lm_run_open_alerts(&run, options.alerts);
    struct lm_registry *registry = lm_registry_open(&run, &options.registry);
    run.quiet = options.quiet;
    task.repeats = lm_repeats_new();
    if (!task.repeats)
        lm_fail_memory(&error);
    if (!task.repeats || !(task.admission = lm_admission_new(registry, options.bare, &error)) ||
        !(task.alarm = lm_alarm_new(lm_registry_ids(registry), tell, &run, &error)))
        lm_run_fatal(&run, &error);
    lm_verify_work(&task);
    if (lm_alarm_finish(task.alarm, lm_run_now(&run), &error) < 0)
        lm_run_fatal(&run, &error);
    lm_repeats_free(task.repeats);
    lm_alarm_free(task.alarm);
    lm_admission_free(task.admission);
    lm_registry_free(registry);
    lm_list_free(&options.registry.files);
    return lm_run_finish(&run);
}
