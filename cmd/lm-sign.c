#include <poll.h>
#include <unistd.h>

#include "cmd/run.h"
#include "lib/registry/sign.h"

struct options {
    struct lm_common common;
    const char *key;
    bool again;
};

static const struct lm_option option_table[] = {
    {'k', "key", LM_OPTION_FILE, "FILE", NULL, offsetof(struct options, key),
     "sign with this key file"},
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

/* In `lm-keygen … | lm-sign -k FILE` the registrar signs itself with a key that is being made: it
 * is there when the first line arrives. */
static int load_key(const struct options *options, struct lm_run *run, struct lm_key *key,
                    struct lm_error *error) {
    if (lm_key_load(options->key, key, error) == 0)
        return 0;
    if (error->reason != LM_NO_INPUT || run->operands.count > 0)
        return -1;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    (void)poll(&input, 1, -1);
    return lm_key_load(options->key, key, error);
}

int main(int argc, char **argv) {
    struct options options = {0};
    struct lm_run run;
    struct lm_error error;
    struct context context = {.options = &options};

    lm_crypto_guard_process();
    lm_run_start(&run, &program, argc, argv, &options);
    if (!options.key)
        lm_run_usage(&run, "--key is needed");
    if (lm_crypto_start(&error) < 0 || load_key(&options, &run, &context.key, &error) < 0)
        lm_run_fatal(&run, &error);
    lm_run_parallel(&run, &(struct lm_work){.work = sign, .context = &context});
    lm_key_free(&context.key);
    return lm_run_finish(&run);
}
