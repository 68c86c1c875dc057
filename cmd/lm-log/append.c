#include <stdlib.h>

#include "cmd/lm-log/log.h"
#include "cmd/rules.h"
#include "lib/evidence/intake.h"

struct context {
    struct lm_run *run;
    struct lm_intake intake;
    struct lm_work_item *items;
    struct lm_taken *taken; /* as many as items */
    size_t taken_room;
};

/* ---- before the lock: every item by itself ---- */

static void prepare(void *pointer, struct lm_work_item *items, size_t count) {
    struct context *context = pointer;
    struct lm_error error;
    context->items = items;
    if (count > context->taken_room) {
        struct lm_taken *taken = reallocarray(context->taken, count, sizeof *taken);
        if (!taken) {
            lm_fail_memory(&error);
            lm_run_fatal(context->run, &error);
        }
        context->taken = taken;
        context->taken_room = count;
    }
}

/* The canonical record into out. */
static void check(void *pointer, struct lm_work_item *item) {
    const struct context *context = pointer;
    item->rejected = lm_intake_check(&item->input.line, &context->taken[item - context->items],
                                     &item->out, &item->error) < 0;
}

/* ---- under the lock ---- */

static void tell_repair(const struct context *context, const struct lm_log_repair *repair) {
    const struct lm_input place = {.source = context->intake.path};
    struct lm_error note;
    if (repair->cut > 0) {
        lm_fail(&note, LM_NONE, "cut off a torn end of %llu bytes, for which no receipt was given",
                (unsigned long long)repair->cut);
        lm_run_note(context->run, &place, &note);
    }
    if (repair->index_renewed) {
        lm_fail(&note, LM_NONE, "its index was not this log's, and is made again");
        lm_run_note(context->run, &place, &note);
    }
}

static void lock(const struct context *context) {
    struct lm_log_repair repair;
    struct lm_error error;
    if (lm_log_lock(context->intake.log, &repair, &error) < 0)
        lm_run_fatal(context->run, &error);
    tell_repair(context, &repair);
}

static void commit(const struct context *context) {
    struct lm_error error;
    if (lm_log_commit(context->intake.log, &error) < 0)
        lm_run_fatal(context->run, &error);
}

/* Errors that are not the item's fault end the program. */
static void take_in(struct context *context, struct lm_work_item *item) {
    item->rejected =
        lm_intake_take(&context->intake, &context->taken[item - context->items], &item->input.line,
                       &item->out, lm_run_now(context->run), &item->error) < 0;
    if (item->rejected && lm_reason_exit(item->error.reason) != LM_EXIT_REJECT)
        lm_run_fatal(context->run, &item->error);
}

/* ---- after it ---- */

static void sign_receipt(void *pointer, size_t i) {
    const struct context *context = pointer;
    struct lm_work_item *item = &context->items[i];
    if (item->rejected || item->skip)
        return;
    lm_buffer_reset(&item->out);
    item->rejected =
        lm_intake_receipt(&context->intake, &context->taken[i], &item->out, &item->error) < 0;
}

static void append(void *pointer, struct lm_work_item *items, size_t count) {
    struct context *context = pointer;
    struct lm_run *run = context->run;
    bool stop = false;
    lock(context);
    for (size_t i = 0; i < count; i++) {
        struct lm_work_item *item = &items[i];
        item->skip = item->skip || stop; /* nothing is logged that comes behind a --strict end */
        if (!item->rejected && !item->skip)
            take_in(context, item);
        stop = stop || (item->rejected && run->common->strict);
        if (lm_log_waiting(context->intake.log) >= LM_LOG_BATCH_MAX)
            commit(context);
    }
    commit(context);
    lm_log_unlock(context->intake.log);
    lm_pool_run(run->pool, count, sign_receipt, context);
}

void lm_log_append_command(struct lm_run *run) {
    const struct lm_log_options *options = run->options;
    struct context context = {.run = run};
    struct lm_intake *intake = &context.intake;
    struct lm_error error;
    intake->path = lm_operand_need(run, "log");
    lm_run_key(run, &options->key, &intake->key);
    char *origin = lm_log_origin(run, options, intake->path, &intake->key);
    intake->origin = origin;
    uint8_t signed_root[LM_HASH_SIZE];
    uint64_t signed_size =
        lm_log_signed_size(run, intake->path, &intake->key, signed_root, &intake->signed_s);
    /* Before anything is read that may be hostile. */
    intake->log = lm_log_open(intake->path, &error);
    if (!intake->log)
        lm_run_fatal(run, &error);
    lm_log_promised(intake->log, signed_size);
    lock(&context);
    if (lm_intake_continues(intake, signed_size, signed_root, &error) < 0)
        lm_run_fatal(run, &error);
    lm_log_unlock(intake->log);
    for (size_t i = 0; i < options->rules.count; i++)
        lm_rules_load(run, options->rules.items[i], &intake->terms);
    lm_run_parallel(
        run,
        &(struct lm_work){.work = check, .before = prepare, .after = append, .context = &context});
    if (lm_log_index_failed(intake->log, &error))
        lm_run_error(run, &error);
    lm_log_free(intake->log);
    lm_terms_free(&intake->terms);
    lm_key_free(&intake->key);
    free(context.taken);
    free(origin);
}
