#include "cmd/registry.h"
#include "cmd/run.h"
#include "lib/base/repeats.h"

struct options {
    struct lm_common common;
    struct lm_registry_options registry;
};

static const struct lm_option option_table[] = {
    LM_REGISTRY_OPTION_ROWS(struct options, registry),
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
};

struct context {
    struct lm_registry *registry;
    struct lm_repeats *repeats;
    int64_t now_s;
};

/* An item's tag: the line's place among the repeats, and whether it is a repeat itself. */
#define REPEAT_BIT ((uint64_t)1 << 63)

static void refuse_repeat(struct lm_work_item *item) {
    item->rejected = true;
    lm_fail(&item->error, LM_REPEATED, "the repeat of a line that was rejected");
}

static void look_for_repeats(void *pointer, struct lm_work_item *items, size_t count) {
    struct context *context = pointer;
    for (size_t i = 0; i < count; i++) {
        const struct lm_line *line = &items[i].input.line;
        size_t place;
        if (items[i].rejected)
            continue;
        enum lm_repeat repeat = lm_repeats_see(context->repeats, line->data, line->size, &place);
        items[i].tag = place;
        if (repeat == LM_REPEAT_REFUSED)
            refuse_repeat(&items[i]);
        if (repeat != LM_REPEAT_NEW) {
            items[i].tag |= REPEAT_BIT;
            items[i].skip = !items[i].rejected;
        }
    }
}

/* A repeat of a line of the same batch is judged once that line is. */
static void settle_repeats(void *pointer, struct lm_work_item *items, size_t count) {
    struct context *context = pointer;
    for (size_t i = 0; i < count; i++) {
        size_t place = (size_t)(items[i].tag & ~REPEAT_BIT);
        bool repeat = (items[i].tag & REPEAT_BIT) != 0;
        if (!repeat && items[i].rejected && items[i].error.reason > LM_UTF8)
            lm_repeats_refuse(context->repeats, place);
        if (repeat && items[i].skip && lm_repeats_refused(context->repeats, place)) {
            items[i].skip = false;
            refuse_repeat(&items[i]);
        }
    }
}

static void verify(void *pointer, struct lm_work_item *item) {
    const struct context *context = pointer;
    const struct lm_line *line = &item->input.line;
    struct lm_record record;
    item->rejected = lm_record_parse(line->data, line->size, &record, &item->error) < 0;
    if (item->rejected)
        return;
    int64_t at_s = record.wrapped ? record.entry_at_s : context->now_s;
    item->rejected = lm_registry_check(context->registry, &record, at_s, NULL, &item->error) < 0;
    if (!item->rejected)
        lm_buffer_bytes(&item->out, line->data, line->size);
    lm_record_free(&record);
}

int main(int argc, char **argv) {
    struct options options = {0};
    struct lm_run run;
    struct context context = {0};

    lm_run_start(&run, &program, argc, argv, &options);
    context.now_s = lm_run_now(&run);
    context.registry = lm_registry_open(&run, &options.registry);
    context.repeats = lm_repeats_new();
    if (!context.repeats) {
        struct lm_error error;
        lm_fail_memory(&error);
        lm_run_fatal(&run, &error);
    }
    lm_run_parallel(&run, &(struct lm_work){.work = verify,
                                            .before = look_for_repeats,
                                            .after = settle_repeats,
                                            .context = &context});
    lm_repeats_free(context.repeats);
    lm_registry_free(context.registry);
    lm_list_free(&options.registry.files);
    return lm_run_finish(&run);
}
