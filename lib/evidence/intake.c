#include "lib/evidence/intake.h"

#include <stdio.h>

#include "lib/registry/sign.h"

int lm_intake_continues(const struct lm_intake *intake, uint64_t size,
                        const uint8_t root[LM_HASH_SIZE], struct lm_error *error) {
    if (lm_log_size(intake->log) < size) {
        lm_fail(error, LM_IO, "%.100s: has lost entries: it has %llu, and its last checkpoint %llu",
                intake->path, (unsigned long long)lm_log_size(intake->log),
                (unsigned long long)size);
        return lm_hint(error, "what was promised is not there: restore the log from a copy");
    }
    if (size == 0 || lm_log_continues(intake->log, size, root, error) == 0)
        return 0;
    if (error->reason != LM_FORK)
        return -1;
    error->reason = LM_IO;
    return lm_hint(error, "the log was changed, or %.100s.checkpoint is another log's",
                   intake->path);
}

int lm_intake_check(const struct lm_line *line, struct lm_taken *taken, struct lm_buffer *canonical,
                    struct lm_error *error) {
    struct lm_record record;
    if (lm_record_parse(line->data, line->size, &record, error) < 0)
        return -1;
    *taken = (struct lm_taken){.type = record.type};
    if (record.type == LM_TYPE_ORDER) {
        (void)snprintf(taken->market, sizeof taken->market, "%s", record.as.order.market);
        taken->period = record.as.order.period;
    }
    int result = 0;
    if (record.signature.signature) {
        lm_record_canonical(&record, canonical);
        result = lm_buffer_ok(canonical) ? 0 : lm_fail_memory(error);
    } else {
        lm_fail(error, LM_UNSIGNED, "the %s is not signed, so it is no evidence",
                lm_schema_of(record.type)->name);
        result = lm_hint(error, "lm-verify lets pass what may be logged");
    }
    lm_record_free(&record);
    return result;
}

/* Market-rules count from their entry on. */
static int learn(struct lm_intake *intake, const struct lm_line *line, struct lm_error *error) {
    struct lm_record record;
    if (lm_record_parse(line->data, line->size, &record, error) < 0)
        return -1;
    int result = lm_terms_add(&intake->terms, &record, error);
    lm_record_free(&record);
    return result;
}

/* LM_ABSENT is before all instants. */
static int64_t later(int64_t a_s, int64_t b_s) {
    return a_s > b_s ? a_s : b_s;
}

int lm_intake_take(struct lm_intake *intake, struct lm_taken *taken, const struct lm_line *line,
                   const struct lm_buffer *record, int64_t now_s, struct lm_error *error) {
    int found = lm_log_find(intake->log, record->data, record->size, &taken->n, error);
    if (found < 0)
        return -1;
    if (found > 0)
        return lm_log_entry(intake->log, taken->n, &taken->at_s, taken->leaf, error);
    taken->at_s = later(later(now_s, lm_log_last_at(intake->log)), intake->signed_s);
    if ((taken->type == LM_TYPE_ORDER &&
         lm_terms_check_gate(&intake->terms, taken->market, taken->period, taken->at_s, error) <
             0) ||
        lm_log_add(intake->log, taken->at_s, record->data, record->size, &taken->n, taken->leaf,
                   error) < 0)
        return -1;
    return taken->type == LM_TYPE_MARKET_RULES ? learn(intake, line, error) : 0;
}

int lm_intake_receipt(const struct lm_intake *intake, const struct lm_taken *taken,
                      struct lm_buffer *out, struct lm_error *error) {
    char leaf[LM_DIGEST_TEXT_SIZE];
    struct lm_buffer text = {0};
    struct lm_record record;
    const struct lm_receipt receipt = {
        .at_s = taken->at_s, .leaf = leaf, .log = intake->origin, .n = (int64_t)taken->n};
    lm_digest_text(taken->leaf, leaf);
    lm_record_write(LM_TYPE_RECEIPT, &receipt, &text);
    int result = lm_buffer_ok(&text) ? lm_record_parse(text.data, text.size, &record, error)
                                     : lm_fail_memory(error);
    if (result == 0) {
        result = lm_record_sign(&record, &intake->key, false, out, error);
        lm_record_free(&record);
    }
    lm_buffer_free(&text);
    return result;
}
