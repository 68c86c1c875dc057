#include <stdlib.h>

#include "cmd/key_input.h"
#include "lib/registry/sealed.h"

struct options {
    struct lm_common common;
    struct lm_list keys;
    const char *passphrase_file;
};

static const struct lm_option option_table[] = {
    {'k', "key", LM_OPTION_FILES, "FILE", NULL, offsetof(struct options, keys),
     "open with this key file; several times if need be"},
    LM_PASSPHRASE_FILE_OPTION(struct options, passphrase_file),
    {0}};

static const struct lm_program program = {
    .name = "lm-open",
    .purpose = "Opens sealed records",
    .synopsis = "-k FILE [OPTION]… [FILE]…",
    .options = option_table,
    .common = lm_parallel_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

struct context {
    struct lm_key *keys;
    size_t key_count;
    uint64_t not_sealed;
};

/* An item's tag, where it is not sealed. */
#define NOT_SEALED 1

static void open_sealed(void *pointer, struct lm_work_item *item) {
    const struct context *context = pointer;
    struct lm_record record;
    item->rejected =
        lm_record_parse(item->input.line.data, item->input.line.size, &record, &item->error) < 0;
    if (item->rejected)
        return;
    if (record.type == LM_TYPE_SEALED) {
        item->rejected = lm_record_open(&record, context->keys, context->key_count, &item->out,
                                        &item->error) < 0;
    } else {
        item->skip = true;
        item->tag = NOT_SEALED;
    }
    lm_record_free(&record);
}

static void count_others(void *pointer, struct lm_work_item *items, size_t count) {
    struct context *context = pointer;
    for (size_t i = 0; i < count; i++)
        context->not_sealed += items[i].tag == NOT_SEALED;
}

static void load_keys(struct lm_run *run, const struct options *options, struct context *context) {
    context->keys = calloc(options->keys.count, sizeof *context->keys);
    if (!context->keys) {
        struct lm_error error;
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    for (size_t i = 0; i < options->keys.count; i++)
        lm_run_key_file(run, options->keys.items[i], options->passphrase_file, &context->keys[i]);
    context->key_count = options->keys.count;
}

/* They are no rejects: one stream may mix types. But nothing is left out without a word. */
static void tell_of_others(struct lm_run *run, const struct context *context) {
    const struct lm_input none = {0};
    struct lm_error note;
    if (context->not_sealed == 0)
        return;
    lm_fail(&note, LM_NONE, "%llu records that are not sealed are passed over",
            (unsigned long long)context->not_sealed);
    lm_run_note(run, &none, &note);
}

int main(int argc, char **argv) {
    struct options options = {0};
    struct lm_run run;
    struct context context = {0};

    lm_crypto_guard_process();
    lm_run_start(&run, &program, argc, argv, &options);
    if (options.keys.count == 0)
        lm_run_usage(&run, "--key is needed");
    load_keys(&run, &options, &context);
    lm_run_parallel(
        &run, &(struct lm_work){.work = open_sealed, .after = count_others, .context = &context});
    tell_of_others(&run, &context);
    for (size_t i = 0; i < context.key_count; i++)
        lm_key_free(&context.keys[i]);
    free(context.keys);
    lm_list_free(&options.keys);
    return lm_run_finish(&run);
}
