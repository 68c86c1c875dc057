#include <stdlib.h>

#include "cmd/lm-verify/verify.h"

#define NO_PLACE SIZE_MAX

/* A line of the batch; its place there is its item's tag. */
struct line {
    struct lm_admission_item admission;
    size_t place; /* among the repeats; NO_PLACE of what could be no record */
    bool repeat;
};

struct context {
    const struct lm_verify_task *task;
    struct line *lines;
    struct lm_admission_item **items; /* of the lines that are looked at */
    size_t room;
    int64_t now_s;
};

static void make_room(struct context *context, size_t count) {
    struct lm_error error;
    if (count <= context->room)
        return;
    struct line *lines = reallocarray(context->lines, count, sizeof *lines);
    if (lines)
        context->lines = lines;
    struct lm_admission_item **items = reallocarray(context->items, count, sizeof(void *));
    if (items)
        context->items = items;
    if (!lines || !items) {
        lm_fail_memory(&error);
        lm_run_fatal(context->task->run, &error);
    }
    for (; context->room < count; context->room++)
        lines[context->room] = (struct line){0};
}

static void refuse_repeat(struct lm_work_item *item) {
    item->rejected = true;
    lm_fail(&item->error, LM_REPEATED, "the repeat of a line that was rejected");
}

/* Repeats are dropped before anything is done with them. */
static void before(void *pointer, struct lm_work_item *items, size_t count) {
    struct context *context = pointer;
    make_room(context, count);
    context->now_s = lm_run_now(context->task->run);
    for (size_t i = 0; i < count; i++) {
        const struct lm_line *text = &items[i].input.line;
        struct line *line = &context->lines[i];
        items[i].tag = i;
        line->repeat = false;
        line->place = NO_PLACE;
        lm_admission_start(&line->admission);
        if (items[i].rejected)
            continue;
        enum lm_repeat repeat =
            lm_repeats_see(context->task->repeats, text->data, text->size, &line->place);
        line->repeat = repeat == LM_REPEAT_ACCEPTED || repeat == LM_REPEAT_REFUSED;
        items[i].skip = repeat == LM_REPEAT_ACCEPTED;
        if (repeat == LM_REPEAT_REFUSED)
            refuse_repeat(&items[i]);
        /* Judged anew, and then the first of the batch to be so. */
        if (repeat == LM_REPEAT_DEFERRED)
            lm_repeats_mark(context->task->repeats, line->place, LM_REPEAT_ACCEPTED);
    }
}

static void work(void *pointer, struct lm_work_item *item) {
    const struct context *context = pointer;
    struct lm_admission_item *admission = &context->lines[item->tag].admission;
    if (admission->state == LM_ADMISSION_VERIFIES)
        lm_admission_verify(admission);
    else
        lm_admission_look(context->task->admission, admission, item->input.line.data,
                          item->input.line.size, context->now_s);
}

static void between(void *pointer, struct lm_work_item *items, size_t count) {
    struct context *context = pointer;
    struct lm_error error;
    size_t looked_at = 0;
    for (size_t i = 0; i < count; i++) {
        if (!items[i].rejected && !items[i].skip)
            context->items[looked_at++] = &context->lines[i].admission;
    }
    if (lm_admission_decide(context->task->admission, context->items, looked_at, &error) < 0)
        lm_run_fatal(context->task->run, &error);
    for (size_t i = 0; i < count; i++)
        items[i].again = context->lines[i].admission.state == LM_ADMISSION_VERIFIES;
}

static void take_decision(struct lm_work_item *item, const struct lm_admission_item *admission) {
    item->rejected = admission->state == LM_ADMISSION_REFUSED;
    item->skip = admission->state == LM_ADMISSION_DROPPED;
    if (item->rejected)
        item->error = admission->error;
    if (admission->state == LM_ADMISSION_PASSED)
        lm_buffer_bytes(&item->out, item->input.line.data, item->input.line.size);
}

/* What was too early may come again. */
static bool passes_with_time(enum lm_reason reason) {
    return reason == LM_EARLY || reason == LM_NOT_YET_VALID;
}

static void mark(struct context *context, const struct lm_work_item *item,
                 const struct line *line) {
    enum lm_repeat as = !item->rejected                        ? LM_REPEAT_ACCEPTED
                        : passes_with_time(item->error.reason) ? LM_REPEAT_DEFERRED
                                                               : LM_REPEAT_REFUSED;
    if (line->place != NO_PLACE)
        lm_repeats_mark(context->task->repeats, line->place, as);
}

/* A repeat of a line of the same batch is judged once that line is. */
static void settle_repeat(struct context *context, struct lm_work_item *items, size_t i) {
    const struct line *line = &context->lines[i];
    size_t first = i;
    if (!items[i].skip)
        return;
    enum lm_repeat repeat = lm_repeats_mark_of(context->task->repeats, line->place);
    items[i].skip = repeat == LM_REPEAT_ACCEPTED;
    if (repeat == LM_REPEAT_REFUSED)
        refuse_repeat(&items[i]);
    if (repeat != LM_REPEAT_DEFERRED)
        return;
    while (first > 0 &&
           (context->lines[first].repeat || context->lines[first].place != line->place))
        first--;
    items[i].rejected = true;
    items[i].error = items[first].error;
}

static void after(void *pointer, struct lm_work_item *items, size_t count) {
    struct context *context = pointer;
    for (size_t i = 0; i < count; i++) {
        const struct line *line = &context->lines[i];
        struct lm_error error;
        if (!items[i].rejected && !items[i].skip)
            take_decision(&items[i], &line->admission);
        if (line->repeat)
            settle_repeat(context, items, i);
        else
            mark(context, &items[i], line);
        const struct lm_alarm_line seen = {
            .rejected = items[i].rejected,
            .reason = items[i].error.reason,
            .from = line->admission.from,
            .number = line->admission.number,
            .refused = line->admission.refused,
        };
        if (lm_alarm_see(context->task->alarm, &seen, context->now_s, &error) < 0)
            lm_run_fatal(context->task->run, &error);
    }
}

void lm_verify_work(const struct lm_verify_task *task) {
    struct context context = {.task = task};
    lm_run_parallel(task->run, &(struct lm_work){.work = work,
                                                 .before = before,
                                                 .between = between,
                                                 .after = after,
                                                 .context = &context});
    for (size_t i = 0; i < context.room; i++)
        lm_admission_item_free(&context.lines[i].admission);
    free(context.lines);
    free(context.items);
}
