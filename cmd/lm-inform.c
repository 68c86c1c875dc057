#include "cmd/registry.h"
#include "lib/market/inform.h"

struct options {
    struct lm_common common;
    struct lm_registry_options registry;
    int by;
    bool settlement;
    bool policy;
};

static const struct lm_option option_table[] = {
    LM_REGISTRY_OPTION_ROWS(struct options, registry),
    {0, "settlement", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, settlement),
     "tell of readings, settlements, transfers and bills instead of auctions"},
    {0, "by", LM_OPTION_WORD, "ROLE", lm_role_words, offsetof(struct options, by),
     "tell only what this role tells"},
    {0, "policy", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, policy),
     "print who may be told what and exit"},
    {0}};

static const struct lm_program program = {
    .name = "lm-inform",
    .purpose = "Tells each party what it may know, one record a recipient",
    .synopsis = "-r FILE --root FILE|KID [--settlement] [--by ROLE] [OPTION]… [FILE]…",
    .options = option_table,
    .common = lm_filter_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

static void print_policy(struct lm_run *run) {
    struct lm_buffer text = {0};
    lm_policy_write(&text);
    lm_run_write_text(run, &text);
    lm_buffer_free(&text);
}

static void on_reject(void *context, const struct lm_place *place, const struct lm_error *why) {
    struct lm_run *run = context;
    struct lm_input input = {.source = place->source, .line = {.number = place->line}};
    if (!run->stopped)
        lm_run_reject(run, &input, why);
}

static void on_tell(void *context, const char *line, size_t size) {
    struct lm_run *run = context;
    if (!run->stopped)
        lm_run_write(run, line, size);
}

static int add(void *context, const struct lm_input *input, struct lm_record *record,
               struct lm_error *error) {
    struct lm_place place = {input->source, input->line.number};
    return lm_inform_add(context, record, &place, input->line.data, input->line.size, error);
}

int main(int argc, char **argv) {
    struct options options = {.by = LM_ANYBODY};
    struct lm_run run;
    struct lm_error error;
    struct lm_input input;
    struct lm_record record;

    lm_run_start(&run, &program, argc, argv, &options);
    if (options.policy) {
        print_policy(&run);
        return lm_run_finish(&run);
    }
    struct lm_inform *inform = lm_inform_new(
        options.settlement ? LM_STAGE_SETTLEMENT : LM_STAGE_CLEARING, options.by, &error);
    if (!inform)
        lm_run_fatal(&run, &error);
    /* The rules in the registry count like those in the input. */
    options.registry.rules = add;
    options.registry.context = inform;
    struct lm_registry *registry = lm_registry_open(&run, &options.registry);
    while (lm_run_record(&run, &input, &record)) {
        if (add(inform, &input, &record, &error) < 0)
            lm_run_fatal(&run, &error);
        lm_record_free(&record);
    }
    struct lm_inform_visitor visitor = {on_reject, on_tell, &run};
    if (!run.stopped && lm_inform_run(inform, registry, &visitor, &error) < 0)
        lm_run_fatal(&run, &error);
    lm_inform_free(inform);
    lm_registry_free(registry);
    lm_list_free(&options.registry.files);
    return lm_run_finish(&run);
}
