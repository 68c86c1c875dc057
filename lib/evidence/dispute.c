#include "lib/evidence/dispute.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/dispute_parts.h"

/* What each kind of claim is judged by, and who judges it. */
static const struct {
    bool book;   /* orders, clearing and trades of the period */
    bool supply; /* readings, settlements, and the claimant's trades */
    lm_dispute_kind *judge;
} kinds[] = {
    [LM_CLAIM_CONSUMED_LESS] = {false, true, lm_dispute_consumed_less},
    [LM_CLAIM_SOLD_MORE] = {true, true, lm_dispute_sold_more},
    [LM_CLAIM_PRICE] = {true, false, lm_dispute_price},
    [LM_CLAIM_LEFT_OUT] = {true, false, lm_dispute_left_out},
    [LM_CLAIM_ALTERED] = {true, false, lm_dispute_altered},
    [LM_CLAIM_BILL] = {false, true, lm_dispute_bill},
};

bool lm_dispute_needs_book(enum lm_claim_kind kind) {
    return kinds[kind].book;
}

bool lm_dispute_needs_supply(enum lm_claim_kind kind) {
    return kinds[kind].supply;
}

LM_PRINTF(4, 0)
static int answer(struct lm_dispute *dispute, enum lm_result result, const char *party,
                  const char *format, va_list arguments) {
    dispute->result = result;
    dispute->party = party;
    (void)vsnprintf(dispute->text, sizeof dispute->text, format, arguments);
    return 0;
}

int lm_dispute_upheld(struct lm_dispute *dispute, const char *party, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int result = answer(dispute, LM_RESULT_UPHELD, party, format, arguments);
    va_end(arguments);
    return result;
}

int lm_dispute_refuted(struct lm_dispute *dispute, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int result = answer(dispute, LM_RESULT_REFUTED, NULL, format, arguments);
    va_end(arguments);
    return result;
}

int lm_dispute_undecidable(struct lm_dispute *dispute, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int result = answer(dispute, LM_RESULT_UNDECIDABLE, NULL, format, arguments);
    va_end(arguments);
    return result;
}

const char *lm_dispute_claimant(const struct lm_dispute *dispute) {
    return dispute->claim->claimant;
}

static int compare_references(const void *a, const void *b) {
    const struct lm_reference *x = a;
    const struct lm_reference *y = b;
    return (x->n > y->n) - (x->n < y->n);
}

int lm_references_read(const struct lm_claim *claim, struct lm_references *references,
                       struct lm_error *error) {
    size_t count = json_array_size(claim->entries);
    *references = (struct lm_references){.items = calloc(count + 1, sizeof *references->items)};
    if (!references->items)
        return lm_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(claim->entries, i);
        references->items[references->count++] =
            (struct lm_reference){.n = (uint64_t)json_integer_value(json_object_get(entry, "n")),
                                  .log = json_string_value(json_object_get(entry, "log"))};
    }
    qsort(references->items, count, sizeof *references->items, compare_references);
    return 0;
}

void lm_references_free(struct lm_references *references) {
    free(references->items);
    *references = (struct lm_references){0};
}

static bool is_before(const void *reference, const void *n) {
    return ((const struct lm_reference *)reference)->n < *(const uint64_t *)n;
}

bool lm_dispute_refers(const struct lm_references *references, const struct lm_receipt *receipt,
                       const char *log, uint64_t n) {
    size_t i = lm_array_lower_bound(references->items, references->count, sizeof *references->items,
                                    &n, is_before);
    for (; i < references->count && references->items[i].n == n; i++) {
        const char *named = references->items[i].log;
        if (!named || strcmp(named, log) == 0)
            return true;
    }
    return receipt && (uint64_t)receipt->n == n && strcmp(receipt->log, log) == 0;
}

bool lm_dispute_named(const struct lm_dispute *dispute, const struct lm_fact *fact) {
    return fact->log && lm_dispute_refers(dispute->references, NULL, fact->log, fact->n);
}

bool lm_dispute_names_any(const struct lm_dispute *dispute, enum lm_type type) {
    size_t place = SIZE_MAX;
    struct lm_fact *fact;
    while ((fact = lm_dispute_next(dispute, type, &place))) {
        if (lm_dispute_named(dispute, fact))
            return true;
    }
    return false;
}

void lm_dispute_subject(const struct lm_record *record, const char **market,
                        struct lm_period *period, struct lm_month *month) {
    const union lm_body *body = &record->as;
    switch (record->type) {
    case LM_TYPE_ORDER:
        *market = body->order.market;
        *period = body->order.period;
        return;
    case LM_TYPE_CLEARING:
        *market = body->clearing.market;
        *period = body->clearing.period;
        return;
    case LM_TYPE_TRADE:
        *market = body->trade.market;
        *period = body->trade.period;
        return;
    case LM_TYPE_NOTICE:
        *market = body->notice.market;
        *period = body->notice.period;
        return;
    case LM_TYPE_READING:
        *period = body->reading.period;
        return;
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        *period = body->settlement.period;
        return;
    case LM_TYPE_BILL:
        *month = body->bill.month;
        return;
    default:
        return;
    }
}

const char *lm_dispute_owner(const struct lm_registry *registry, const struct lm_record *record) {
    const union lm_body *body = &record->as;
    struct lm_registered meter;
    struct lm_error ignored;
    switch (record->type) {
    case LM_TYPE_ORDER:
        return body->order.from;
    case LM_TYPE_TRADE:
        return body->trade.from;
    case LM_TYPE_NOTICE:
        return body->notice.to;
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        return body->settlement.party;
    case LM_TYPE_BILL:
        return body->bill.user;
    case LM_TYPE_READING:
        return lm_registry_by_id(registry, body->reading.meter, body->reading.period.start_s,
                                 &meter, &ignored) == 0
                   ? meter.user
                   : NULL;
    default:
        return NULL;
    }
}

bool lm_dispute_concerns(const struct lm_registry *registry, const struct lm_record *record,
                         const char *claimant) {
    if (record->type == LM_TYPE_CLEARING)
        return true;
    const char *owner = lm_dispute_owner(registry, record);
    return owner && strcmp(owner, claimant) == 0;
}

struct lm_fact *lm_dispute_next(const struct lm_dispute *dispute, enum lm_type type,
                                size_t *place) {
    for (size_t i = *place + 1; i < dispute->view->count; i++) {
        struct lm_fact *fact = dispute->view->items[i];
        if (fact->record.type == type && fact->counts && !fact->repeated) {
            *place = i;
            return fact;
        }
    }
    return NULL;
}

/* What the claim itself says first, then what it holds, then what it points at. */
static void find_subject(struct lm_dispute *dispute) {
    const struct lm_claim *claim = dispute->claim;
    const char *market = NULL;
    struct lm_period period = {0};
    struct lm_month month = {0};
    for (size_t i = 0; i < dispute->view->count; i++) {
        struct lm_fact *fact = dispute->view->items[i];
        if (!fact->log ||
            !lm_dispute_refers(dispute->references, dispute->receipt, fact->log, fact->n) ||
            !lm_dispute_concerns(dispute->registry, &fact->record, claim->claimant))
            continue;
        fact->used = true;
        lm_dispute_subject(&fact->record, &market, &period, &month);
    }
    if (dispute->own)
        lm_dispute_subject(dispute->own, &market, &period, &month);
    dispute->market = market;
    dispute->period = claim->period.minutes ? claim->period : period;
    dispute->month = claim->month.year ? claim->month : month;
}

/* A market that nothing names is the one that the claimant has an order or a trade in. */
static void find_market(struct lm_dispute *dispute) {
    const char *claimant = dispute->claim->claimant;
    for (size_t i = 0; i < dispute->view->count && !dispute->market; i++) {
        const struct lm_fact *fact = dispute->view->items[i];
        const struct lm_record *record = &fact->record;
        if (record->type == LM_TYPE_ORDER && strcmp(record->as.order.from, claimant) == 0 &&
            lm_period_compare(record->as.order.period, dispute->period) == 0)
            dispute->market = record->as.order.market;
        if (record->type == LM_TYPE_TRADE && strcmp(record->as.trade.from, claimant) == 0 &&
            lm_period_compare(record->as.trade.period, dispute->period) == 0)
            dispute->market = record->as.trade.market;
    }
}

static int judge(struct lm_dispute *dispute, bool *excused, struct lm_error *error) {
    lm_dispute_kind *by_kind = kinds[dispute->claim->kind].judge;
    *excused = false;
    find_subject(dispute);
    find_market(dispute);
    if (by_kind(dispute, error) < 0)
        return -1;
    return dispute->result == LM_RESULT_UPHELD && dispute->party
               ? lm_dispute_hear(dispute, by_kind, excused, error)
               : 0;
}

/* Where the market has an excuse, what is left to be answered is what the claimant may see. */
int lm_dispute_judge(struct lm_dispute *dispute, struct lm_error *error) {
    bool excused;
    if (judge(dispute, &excused, error) < 0)
        return -1;
    if (!excused || !dispute->whole ||
        !lm_dispute_needs_book((enum lm_claim_kind)dispute->claim->kind))
        return 0;
    dispute->whole = false;
    dispute->used_book = false;
    dispute->used_own = false;
    return lm_view_prepare(dispute->view, error) < 0 ? -1 : judge(dispute, &excused, error);
}
