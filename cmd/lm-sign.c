#include "cmd/key_input.h"
#include "lib/registry/sign.h"

struct options {
    struct lm_common common;
    struct lm_key_options key;
    bool again;
};

static const struct lm_option option_table[] = {
    LM_KEY_OPTIONS(struct options, key, "sign with this key file"),
    {0, "again", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, again),
     "sign what is signed already, in the place of the old signature"},
    {0}};

static const struct lm_program program = {
    .name = "lm-sign",
    .purpose = "Signs records",
    .synopsis = "-k FILE [OPTION]… [FILE]…",
    .options = option_table,
    .common = lm_parallel_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
    .exhibits = true,
};

struct context {
    const struct options *options;
    struct lm_key key;
};

static void sign(void *pointer, struct lm_work_item *item) {
    const struct context *context = pointer;
    struct lm_record record;
    item->rejected =
        lm_record_parse(item->input.line.data, item->input.line.size, &record, &item->error) < 0;
    if (item->rejected)
        return;
    item->rejected = lm_record_sign(&record, &context->key, context->options->again, &item->out,
                                    &item->error) < 0;
    lm_record_free(&record);
}

int main(int argc, char **argv) {
    struct options options = {0};
    struct lm_run run;
    struct context context = {.options = &options};

    lm_crypto_guard_process();
    lm_run_start(&run, &program, argc, argv, &options);
    lm_run_key(&run, &options.key, &context.key);
    lm_run_parallel(&run, &(struct lm_work){.work = sign, .context = &context});
    lm_key_free(&context.key);
    return lm_run_finish(&run);
}
