/* Work that several threads do, a batch of lines at a time. */
#include <stdlib.h>

#include "cmd/run_state.h"

/* A batch ends with so many lines, or bytes. */
#define BATCH_MAX      1024
#define BATCH_SIZE_MAX ((size_t)4 << 20)
/* What a line's buffers keep for the next batch. */
#define KEPT_SIZE 16384

static void empty(struct lm_buffer *buffer) {
    if (buffer->capacity > KEPT_SIZE)
        lm_buffer_free(buffer);
    else
        lm_buffer_reset(buffer);
}

/* Fills ITEMS until they are all used, the input ends, or reading on would have to wait. */
static size_t read_batch(struct lm_run *run, struct lm_work_item *items, size_t room) {
    size_t count = 0;
    size_t size = 0;
    while (count < room && size < BATCH_SIZE_MAX) {
        struct lm_work_item *item = &items[count];
        if (count > 0 && run->lines && lm_lines_would_wait(run->lines))
            break;
        item->skip = false;
        item->again = true;
        item->tag = 0;
        empty(&item->out);
        empty(&item->copy);
        enum lm_lines_result result = lm_run_next_line(run, true, &item->input, &item->error);
        if (result == LM_LINES_END)
            break;
        item->rejected = result == LM_LINES_BAD;
        lm_buffer_bytes(&item->copy, item->input.line.data, item->input.line.size);
        if (!lm_buffer_ok(&item->copy)) {
            lm_fail_memory(&item->error);
            lm_run_fatal(run, &item->error);
        }
        item->input.line.data = item->copy.data;
        size += item->copy.size;
        count++;
    }
    return count;
}

static void write_batch(struct lm_run *run, struct lm_work_item *items, size_t count) {
    for (size_t i = 0; i < count && !run->stopped; i++) {
        if (items[i].skip) {
            run->any_object = run->any_object || lm_run_is_object(run, &items[i].input.line);
            continue;
        }
        if (items[i].rejected) {
            lm_run_reject(run, &items[i].input, &items[i].error);
            continue;
        }
        run->any_object = true;
        if (items[i].out.size > 0 || !lm_buffer_ok(&items[i].out))
            lm_run_write_buffer(run, &items[i].out);
    }
}

struct batch {
    const struct lm_work *work;
    struct lm_work_item *items;
};

static void work_item(void *context, size_t i) {
    struct batch *batch = context;
    struct lm_work_item *item = &batch->items[i];
    bool wanted = item->again && !item->rejected && !item->skip;
    item->again = false;
    if (!wanted)
        return;
    batch->work->work(batch->work->context, item);
    /* Before anybody makes something of half a line. */
    if (!item->rejected && !lm_buffer_ok(&item->out)) {
        item->rejected = true;
        lm_fail_memory(&item->error);
    }
}

static bool any_again(const struct lm_work_item *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (items[i].again)
            return true;
    }
    return false;
}

void lm_run_parallel(struct lm_run *run, const struct lm_work *work) {
    struct lm_error error;
    lm_run_confine_to_input(run);
    struct lm_pool *pool = lm_pool_new((size_t)run->common->jobs, &error);
    struct lm_work_item *items = calloc(BATCH_MAX, sizeof *items);
    if (!pool || !items) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    run->pool = pool;
    struct batch batch = {work, items};
    size_t count;
    while ((count = read_batch(run, items, BATCH_MAX)) > 0) {
        if (work->before)
            work->before(work->context, items, count);
        do {
            lm_pool_run(pool, count, work_item, &batch);
            if (work->between)
                work->between(work->context, items, count);
        } while (any_again(items, count));
        if (work->after)
            work->after(work->context, items, count);
        write_batch(run, items, count);
    }
    for (size_t i = 0; i < BATCH_MAX; i++) {
        lm_buffer_free(&items[i].copy);
        lm_buffer_free(&items[i].out);
    }
    free(items);
    run->pool = NULL;
    lm_pool_free(pool);
}
