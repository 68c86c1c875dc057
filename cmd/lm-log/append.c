#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/lm-log/log.h"
#include "cmd/rules.h"
#include "lib/base/array.h"
#include "lib/crypto/encoding.h"
#include "lib/evidence/log.h"
#include "lib/registry/sign.h"

/* What is to be known of an item until it has its receipt. */
struct pending {
    enum lm_type type;
    char market[LM_ID_SIZE_MAX + 1]; /* an order's */
    struct lm_period period;
    struct lm_receipt receipt;
    uint8_t leaf[LM_HASH_SIZE];
};

struct context {
    struct lm_run *run;
    struct lm_log *log;
    const char *path;
    const char *origin;
    struct lm_key key;
    struct lm_terms_list terms;
    struct lm_work_item *items;
    struct pending *pending; /* as many as items */
    size_t pending_room;
};

/* ---- before the lock: every item by itself ---- */

static void prepare(void *pointer, struct lm_work_item *items, size_t count) {
    struct context *context = pointer;
    struct lm_error error;
    context->items = items;
    if (count > context->pending_room) {
        struct pending *pending = reallocarray(context->pending, count, sizeof *pending);
        if (!pending) {
            lm_fail_memory(&error);
            lm_run_fatal(context->run, &error);
        }
        context->pending = pending;
        context->pending_room = count;
    }
}

/* The canonical record into out. */
static void check(void *pointer, struct lm_work_item *item) {
    const struct context *context = pointer;
    struct pending *pending = &context->pending[item - context->items];
    struct lm_record record;
    item->rejected =
        lm_record_parse(item->input.line.data, item->input.line.size, &record, &item->error) < 0;
    if (item->rejected)
        return;
    *pending = (struct pending){.type = record.type};
    if (record.type == LM_TYPE_ORDER) {
        (void)snprintf(pending->market, sizeof pending->market, "%s", record.as.order.market);
        pending->period = record.as.order.period;
    }
    if (record.signature.signature) {
        lm_record_canonical(&record, &item->out);
    } else {
        item->rejected = true;
        lm_fail(&item->error, LM_UNSIGNED, "the %s is not signed, so it is no evidence",
                lm_schema_of(record.type)->name);
        lm_hint(&item->error, "lm-verify lets pass what may be logged");
    }
    lm_record_free(&record);
}

/* ---- under the lock ---- */

/* Market-rules count from their entry on. */
static int learn(struct context *context, const struct lm_work_item *item, struct lm_error *error) {
    struct lm_record record;
    if (lm_record_parse(item->input.line.data, item->input.line.size, &record, error) < 0)
        return -1;
    int result = lm_terms_add(&context->terms, &record, error);
    lm_record_free(&record);
    return result;
}

/* Finds the item's entry or adds one. Errors that are not its fault end the program. */
static int take_in(struct context *context, struct lm_work_item *item, struct lm_error *error) {
    struct pending *pending = &context->pending[item - context->items];
    struct lm_receipt *receipt = &pending->receipt;
    uint64_t n;
    int found = lm_log_find(context->log, item->out.data, item->out.size, &n, error);
    if (found < 0)
        return -1;
    if (found > 0) {
        receipt->n = (int64_t)n;
        return lm_log_entry(context->log, n, &receipt->at_s, pending->leaf, error);
    }
    int64_t last_s = lm_log_last_at(context->log);
    receipt->at_s = lm_run_now(context->run);
    if (last_s != LM_ABSENT && last_s > receipt->at_s)
        receipt->at_s = last_s;
    if ((pending->type == LM_TYPE_ORDER &&
         lm_terms_check_gate(&context->terms, pending->market, pending->period, receipt->at_s,
                             error) < 0) ||
        lm_log_add(context->log, receipt->at_s, item->out.data, item->out.size, &n, pending->leaf,
                   error) < 0)
        return -1;
    receipt->n = (int64_t)n;
    return pending->type == LM_TYPE_MARKET_RULES ? learn(context, item, error) : 0;
}

static void tell_repair(const struct context *context, const struct lm_log_repair *repair) {
    const struct lm_input place = {.source = context->path};
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

static void commit(struct context *context) {
    struct lm_error error;
    if (lm_log_commit(context->log, &error) < 0)
        lm_run_fatal(context->run, &error);
}

/* ---- receipts ---- */

static void sign_receipt(void *pointer, size_t i) {
    struct context *context = pointer;
    struct lm_work_item *item = &context->items[i];
    struct pending *pending = &context->pending[i];
    struct lm_buffer text = {0};
    struct lm_record record = {0};
    char leaf[LM_DIGEST_TEXT_SIZE];
    if (item->rejected || item->skip)
        return;
    lm_digest_text(pending->leaf, leaf);
    pending->receipt.leaf = leaf;
    pending->receipt.log = context->origin;
    lm_buffer_reset(&item->out);
    lm_record_write(LM_TYPE_RECEIPT, &pending->receipt, &text);
    item->rejected = !lm_buffer_ok(&text) ||
                     lm_record_parse(text.data, text.size, &record, &item->error) < 0 ||
                     lm_record_sign(&record, &context->key, false, &item->out, &item->error) < 0;
    if (!lm_buffer_ok(&text))
        lm_fail_memory(&item->error);
    lm_record_free(&record);
    lm_buffer_free(&text);
}

static void append(void *pointer, struct lm_work_item *items, size_t count) {
    struct context *context = pointer;
    struct lm_run *run = context->run;
    struct lm_log_repair repair;
    struct lm_error error;
    if (lm_log_lock(context->log, &repair, &error) < 0)
        lm_run_fatal(run, &error);
    tell_repair(context, &repair);
    bool stop = false;
    for (size_t i = 0; i < count; i++) {
        struct lm_work_item *item = &items[i];
        item->skip = item->skip || stop; /* nothing is logged that comes behind a --strict end */
        if (!item->rejected && !item->skip) {
            item->rejected = take_in(context, item, &item->error) < 0;
            if (item->rejected && lm_reason_exit(item->error.reason) != LM_EXIT_REJECT)
                lm_run_fatal(run, &item->error);
        }
        stop = stop || (item->rejected && run->common->strict);
        if (lm_log_waiting(context->log) >= LM_LOG_BATCH_MAX)
            commit(context);
    }
    commit(context);
    lm_log_unlock(context->log);
    lm_pool_run(run->pool, count, sign_receipt, context);
}

/* No receipt of a log that is not the one that its last checkpoint, whose name it goes by, is of.
 */
static void need_signed(const struct context *context, uint64_t size,
                        const uint8_t root[LM_HASH_SIZE]) {
    struct lm_error error;
    if (lm_log_size(context->log) < size) {
        lm_fail(
            &error, LM_IO, "%.100s: has lost entries: it has %llu, and its last checkpoint %llu",
            context->path, (unsigned long long)lm_log_size(context->log), (unsigned long long)size);
        lm_hint(&error, "what was promised is not there: restore the log from a copy");
        lm_run_fatal(context->run, &error);
    }
    if (size == 0 || lm_log_continues(context->log, size, root, &error) == 0)
        return;
    if (error.reason == LM_FORK) {
        error.reason = LM_IO;
        lm_hint(&error, "the log was changed, or %.100s.checkpoint is another log's",
                context->path);
    }
    lm_run_fatal(context->run, &error);
}

void lm_log_append_command(struct lm_run *run) {
    const struct lm_log_options *options = run->options;
    struct context context = {.run = run};
    struct lm_error error;
    struct lm_log_repair repair;
    context.path = lm_operand_need(run, "log");
    lm_run_key(run, &options->key, &context.key);
    char *origin = lm_log_origin(run, options, context.path, &context.key);
    context.origin = origin;
    uint8_t signed_root[LM_HASH_SIZE];
    uint64_t signed_size = lm_log_signed_size(run, context.path, &context.key, signed_root);
    context.log =
        lm_log_open(context.path, &error); /* before anything is read that may be hostile */
    if (!context.log || lm_log_lock(context.log, &repair, &error) < 0)
        lm_run_fatal(run, &error);
    tell_repair(&context, &repair);
    need_signed(&context, signed_size, signed_root);
    lm_log_unlock(context.log);
    for (size_t i = 0; i < options->rules.count; i++)
        lm_rules_load(run, options->rules.items[i], &context.terms);
    lm_run_parallel(
        run,
        &(struct lm_work){.work = check, .before = prepare, .after = append, .context = &context});
    if (lm_log_index_failed(context.log, &error))
        lm_run_error(run, &error);
    lm_log_free(context.log);
    lm_terms_free(&context.terms);
    lm_key_free(&context.key);
    free(context.pending);
    free(origin);
}
