/* All periods: what was collected is put in order, then settled period by period. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/settle/period_work.h"

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int compare_trade_names(const struct lm_settle *settle, const struct lm_trade_row *a,
                               const struct lm_trade_row *b) {
    int order = compare_numbers(a->period, b->period);
    if (order == 0)
        order = compare_numbers(settle->ranks[a->from], settle->ranks[b->from]);
    if (order == 0)
        order = compare_numbers(settle->ranks[a->market], settle->ranks[b->market]);
    if (order == 0)
        order = compare_numbers(settle->ranks[a->order], settle->ranks[b->order]);
    return order ? order : compare_numbers(a->n, b->n);
}

static int compare_trades(const void *a, const void *b, void *context) {
    const struct lm_trade_row *x = a;
    const struct lm_trade_row *y = b;
    int order = compare_trade_names(context, x, y);
    return order ? order : memcmp(x->content, y->content, sizeof x->content);
}

/* Sorts the trades, drops repeats, marks contradictions, tells the periods which are theirs. */
static void seal_trades(struct lm_settle *settle) {
    struct lm_trade_row *trades = settle->trades;
    size_t kept = 0;
    if (settle->trade_count > 0)
        qsort_r(trades, settle->trade_count, sizeof *trades, compare_trades, settle);
    for (size_t i = 0; i < settle->trade_count; i++) {
        struct lm_trade_row *last = kept ? &trades[kept - 1] : NULL;
        if (last && compare_trade_names(settle, last, &trades[i]) == 0) {
            if (memcmp(last->content, trades[i].content, sizeof last->content) == 0)
                continue;
            last->conflict = true;
            trades[i].conflict = true;
        }
        trades[kept] = trades[i];
        struct lm_period_row *period = &settle->periods[trades[kept].period];
        if (period->trade_count++ == 0)
            period->trades = kept;
        kept++;
    }
    settle->trade_count = kept;
}

/* The numbers of COUNT rows sorted by their periods. NULL without memory. */
static uint32_t *by_period(size_t count, int (*compare)(const void *, const void *, void *),
                           struct lm_settle *settle) {
    uint32_t *order = calloc(count + 1, sizeof *order);
    for (size_t i = 0; order && i < count; i++)
        order[i] = (uint32_t)i;
    if (order && count > 0)
        qsort_r(order, count, sizeof *order, compare, settle);
    return order;
}

static int compare_readings(const void *a, const void *b, void *context) {
    const struct lm_settle *settle = context;
    const struct lm_reading_row *x = &settle->readings[*(const uint32_t *)a];
    const struct lm_reading_row *y = &settle->readings[*(const uint32_t *)b];
    int order = compare_numbers(x->period, y->period);
    return order ? order : compare_numbers(settle->ranks[x->meter], settle->ranks[y->meter]);
}

static int compare_clearings(const void *a, const void *b, void *context) {
    const struct lm_settle *settle = context;
    const struct lm_clearing_row *x = &settle->clearings[*(const uint32_t *)a];
    const struct lm_clearing_row *y = &settle->clearings[*(const uint32_t *)b];
    int order = compare_numbers(x->period, y->period);
    return order ? order : compare_numbers(settle->ranks[x->market], settle->ranks[y->market]);
}

static int compare_periods(const void *a, const void *b, void *context) {
    const struct lm_settle *settle = context;
    return lm_period_compare(settle->periods[*(const uint32_t *)a].period,
                             settle->periods[*(const uint32_t *)b].period);
}

static int seal(struct lm_settle *settle, const struct lm_settle_visitor *visitor,
                struct lm_error *error) {
    settle->ranks = lm_names_ranks(&settle->facts.names, error);
    if (!settle->ranks || lm_facts_seal(&settle->facts, error) < 0)
        return -1;
    seal_trades(settle);
    size_t reading_count = settle->reading_names.count;
    size_t clearing_count = settle->clearing_names.count;
    settle->period_order = by_period(settle->period_names.count, compare_periods, settle);
    settle->reading_order = by_period(reading_count, compare_readings, settle);
    settle->clearing_order = by_period(clearing_count, compare_clearings, settle);
    if (!settle->period_order || !settle->reading_order || !settle->clearing_order)
        return lm_fail_memory(error);
    for (size_t i = 0; i < reading_count; i++) {
        struct lm_period_row *period =
            &settle->periods[settle->readings[settle->reading_order[i]].period];
        if (period->reading_count++ == 0)
            period->readings = i;
    }
    for (size_t i = 0; i < clearing_count; i++) {
        struct lm_period_row *period =
            &settle->periods[settle->clearings[settle->clearing_order[i]].period];
        if (period->clearing_count++ == 0)
            period->clearings = i;
    }
    return lm_issued_seal(settle, visitor, error);
}

/* Records that were found not to count on the way. */
static int tell_refused(struct lm_settle *settle, const struct lm_settle_visitor *visitor,
                        struct lm_error *error) {
    if (lm_facts_refuse(&settle->facts, error) < 0)
        return -1;
    for (int kind = 0; kind < LM_FACTS_KINDS; kind++) {
        const struct lm_versions *versions = &settle->facts.versions[kind];
        for (size_t i = 0; i < versions->count; i++) {
            const struct lm_version *version = &versions->rows[i];
            struct lm_error why;
            if (!version->refused)
                continue;
            if (version->refused == LM_AMBIGUOUS)
                lm_fail(&why, LM_AMBIGUOUS,
                        "another record of this name begins with it and says "
                        "something else: neither counts");
            else
                lm_fail(&why, (enum lm_reason)version->refused,
                        "the fee of %s in %s, where it is no network operator",
                        lm_settle_text(settle, settle->facts.fees[version->item].by),
                        lm_settle_text(settle, settle->facts.fees[version->item].region));
            if (lm_settle_reject(visitor, &version->where, &why, error) < 0)
                return -1;
        }
    }
    return 0;
}

/* Whoever settles for one supplier and misspells it would be told otherwise that nothing is due. */
static int check_supplier(const struct lm_settle *settle, const struct lm_settle_visitor *visitor,
                          struct lm_error *error) {
    const struct lm_versions *versions = &settle->facts.versions[LM_FACTS_PARTY];
    const struct lm_place nowhere = {0};
    struct lm_error why;
    if (settle->only == LM_NOBODY)
        return 0;
    for (size_t i = 0; i < versions->count; i++) {
        const struct lm_version *version = &versions->rows[i];
        if (version->name == settle->only &&
            settle->facts.parties[version->item].role == LM_ROLE_SUPPLIER)
            return 0;
    }
    lm_fail(&why, LM_NO_IDENTITY, "nobody knows a supplier %s", settle->options.supplier);
    return lm_settle_reject(visitor, &nowhere, &why, error);
}

static bool is_settled(const struct lm_settle *settle, const struct lm_period_row *period) {
    return period->wanted && !period->contradicted &&
           (!settle->wants || settle->wants(settle->wants_context, period->period));
}

int lm_settle_run(struct lm_settle *settle, const struct lm_settle_visitor *visitor,
                  struct lm_error *error) {
    if (seal(settle, visitor, error) < 0 || check_supplier(settle, visitor, error) < 0)
        return -1;
    struct lm_period_work *work = lm_period_work_new(settle, error);
    if (!work)
        return -1;
    int result = 0;
    /* All periods are checked before the first is written. */
    for (int pass = 0; pass < 2 && result == 0; pass++) {
        for (size_t i = 0; i < settle->period_names.count && result == 0; i++) {
            struct lm_period_row *period = &settle->periods[settle->period_order[i]];
            if (is_settled(settle, period))
                result = lm_period_settle(work, period, pass ? visitor : NULL, error);
        }
    }
    lm_period_work_free(work);
    return result < 0 ? -1 : tell_refused(settle, visitor, error);
}
