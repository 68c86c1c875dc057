#include <string.h>

#include "cmd/registry.h"
#include "lib/base/id.h"
#include "lib/registry/sealed.h"

struct options {
    struct lm_common common;
    struct lm_registry_options registry;
    struct lm_list to;
    struct lm_list orders;
};

static const struct lm_option option_table[] = {
    LM_REGISTRY_OPTION_ROWS(struct options, registry),
    {0, "to", LM_OPTION_LIST, "ID", NULL, offsetof(struct options, to),
     "seal to this addressee of the record; several times for a sealed record each"},
    {0, "orders", LM_OPTION_FILES, "FILE", NULL, offsetof(struct options, orders),
     "seal notices with the keys that the verified orders in FILE name for it"},
    {0}};

static const struct lm_program program = {
    .name = "lm-seal",
    .purpose = "Seals records, so that only whom they are meant for can read them",
    .synopsis = "-r FILE --root FILE|KID [OPTION]… [FILE]…",
    .options = option_table,
    .common = lm_parallel_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

struct context {
    struct lm_seal_keys keys;
    const struct lm_list *to;
};

/* To all of them or to none. */
static int seal_to_each(const struct context *context, const struct lm_record *record,
                        struct lm_work_item *item) {
    if (context->to->count == 0)
        return lm_record_seal(&context->keys, record, NULL, &item->out, &item->error);
    for (size_t i = 0; i < context->to->count; i++) {
        if (i > 0)
            lm_buffer_byte(&item->out, '\n');
        if (lm_record_seal(&context->keys, record, context->to->items[i], &item->out,
                           &item->error) < 0)
            return -1;
    }
    return 0;
}

static void seal(void *pointer, struct lm_work_item *item) {
    const struct context *context = pointer;
    struct lm_record record;
    item->rejected =
        lm_record_parse(item->input.line.data, item->input.line.size, &record, &item->error) < 0;
    if (item->rejected)
        return;
    item->rejected = seal_to_each(context, &record, item) < 0;
    lm_record_free(&record);
}

static int take_order(void *pointer, const struct lm_input *input, struct lm_record *record,
                      struct lm_error *error) {
    (void)input;
    return lm_notice_keys_add(pointer, record, error);
}

/* The keys that the orders name, or NULL where there are none to look at. */
static struct lm_notice_keys *load_orders(struct lm_run *run, const struct lm_list *files) {
    struct lm_error error;
    struct lm_notice_keys *keys;
    if (files->count == 0)
        return NULL;
    if (!(keys = lm_notice_keys_new(&error)))
        lm_run_fatal(run, &error);
    for (size_t i = 0; i < files->count; i++)
        lm_run_file(run, files->items[i], take_order, keys);
    return keys;
}

int main(int argc, char **argv) {
    struct options options = {0};
    struct lm_run run;
    struct context context = {.to = &options.to};

    lm_run_start(&run, &program, argc, argv, &options);
    for (size_t i = 0; i < options.to.count; i++) {
        if (!lm_id_valid(options.to.items[i], strlen(options.to.items[i])))
            lm_run_usage(&run, "--to: '%.100s' is not an id", options.to.items[i]);
    }
    struct lm_registry *registry = lm_registry_open(&run, &options.registry);
    struct lm_notice_keys *notices = load_orders(&run, &options.orders);
    context.keys = (struct lm_seal_keys){
        .registry = registry, .notices = notices, .instant_s = lm_run_now(&run)};
    lm_run_parallel(&run, &(struct lm_work){.work = seal, .context = &context});
    lm_notice_keys_free(notices);
    lm_registry_free(registry);
    lm_list_free(&options.registry.files);
    lm_list_free(&options.to);
    lm_list_free(&options.orders);
    return lm_run_finish(&run);
}
