/* Claims about what flowed: less was consumed, more was sold, than was settled. */
#include <stdlib.h>
#include <string.h>

#include "lib/evidence/dispute_auction.h"
#include "lib/evidence/dispute_parts.h"
#include "lib/record/latest.h"

/* What was settled with the claimant for the period, adjustments included. */
struct settled {
    struct lm_fact *settlement; /* NULL for none */
    const struct lm_settlement *latest;
};

static bool is_of_period(const struct lm_dispute *dispute, const struct lm_fact *fact) {
    const struct lm_settlement *settlement = &fact->record.as.settlement;
    return fact->log && strcmp(settlement->party, lm_dispute_claimant(dispute)) == 0 &&
           settlement->role == LM_ROLE_USER &&
           lm_period_compare(settlement->period, dispute->period) == 0;
}

/* Of two settlements of a period, which wrongs her more. */
typedef bool is_worse(const struct lm_settlement *a, const struct lm_settlement *b);

static bool has_consumed_more(const struct lm_settlement *a, const struct lm_settlement *b) {
    return a->import_wh > b->import_wh;
}

static bool has_sold_less(const struct lm_settlement *a, const struct lm_settlement *b) {
    return a->sold_wh < b->sold_wh;
}

static bool has_fed_in_less(const struct lm_settlement *a, const struct lm_settlement *b) {
    return a->export_wh < b->export_wh;
}

/* Of several settlements, which there should not be, the worst for her; of adjustments the latest
 * says what flowed. */
static void find_settled(const struct lm_dispute *dispute, is_worse *worse,
                         struct settled *settled) {
    struct lm_fact *fact;
    size_t place = SIZE_MAX;
    *settled = (struct settled){0};
    while ((fact = lm_dispute_next(dispute, LM_TYPE_SETTLEMENT, &place))) {
        if (!is_of_period(dispute, fact))
            continue;
        fact->used = true;
        if (settled->settlement && !worse(&fact->record.as.settlement, settled->latest))
            continue;
        settled->settlement = fact;
        settled->latest = &fact->record.as.settlement;
    }
    const struct lm_settlement *adjusted = NULL;
    for (place = SIZE_MAX; (fact = lm_dispute_next(dispute, LM_TYPE_ADJUSTMENT, &place));) {
        const struct lm_settlement *adjustment = &fact->record.as.settlement;
        if (!is_of_period(dispute, fact))
            continue;
        fact->used = true;
        if (!settled->settlement)
            settled->settlement = fact;
        if (!adjusted || adjustment->seq > adjusted->seq)
            adjusted = adjustment;
    }
    if (adjusted)
        settled->latest = adjusted;
}

/* What her meters say of the period. */
struct flow {
    size_t meters;     /* that have a reading */
    bool disagree;     /* a meter has signed two of one seq */
    bool lacks;        /* a meter has signed none */
    const char *meter; /* that one */
    int64_t import_wh;
    int64_t export_wh;
};

static bool is_reading_of(const struct lm_dispute *dispute, const struct lm_fact *fact) {
    return fact->log && lm_period_compare(fact->record.as.reading.period, dispute->period) == 0 &&
           lm_dispute_concerns(dispute->registry, &fact->record, lm_dispute_claimant(dispute));
}

/* By meter, the highest seq first. */
static int compare_readings(const void *a, const void *b) {
    const struct lm_reading *x = &(*(struct lm_fact *const *)a)->record.as.reading;
    const struct lm_reading *y = &(*(struct lm_fact *const *)b)->record.as.reading;
    int order = strcmp(x->meter, y->meter);
    return order ? order : (x->seq < y->seq) - (x->seq > y->seq);
}

static int collect_readings(const struct lm_dispute *dispute, struct lm_view *readings,
                            struct lm_error *error) {
    struct lm_fact *fact;
    for (size_t place = SIZE_MAX; (fact = lm_dispute_next(dispute, LM_TYPE_READING, &place));) {
        if (!is_reading_of(dispute, fact))
            continue;
        fact->used = true;
        if (lm_view_add(readings, fact, error) < 0)
            return -1;
    }
    if (readings->count > 0)
        qsort(readings->items, readings->count, sizeof *readings->items, compare_readings);
    return 0;
}

static bool is_read(const struct lm_view *readings, const char *meter) {
    for (size_t i = 0; i < readings->count; i++) {
        if (strcmp(readings->items[i]->record.as.reading.meter, meter) == 0)
            return true;
    }
    return false;
}

/* Her meters are known by their identities, since when these are known. */
static void find_unread(const struct lm_dispute *dispute, const struct lm_view *readings,
                        struct flow *flow) {
    struct lm_registered meter;
    struct lm_error ignored;
    int64_t start_s = dispute->period.start_s;
    const struct lm_fact *fact;
    for (size_t place = SIZE_MAX;
         !flow->lacks && (fact = lm_dispute_next(dispute, LM_TYPE_IDENTITY, &place));) {
        const struct lm_identity *identity = &fact->record.as.identity;
        if (identity->role != LM_ROLE_METER || lm_known_since(&fact->record) > start_s ||
            lm_registry_by_id(dispute->registry, identity->id, start_s, &meter, &ignored) < 0 ||
            !meter.user || strcmp(meter.user, lm_dispute_claimant(dispute)) != 0 ||
            is_read(readings, identity->id))
            continue;
        flow->lacks = true;
        flow->meter = identity->id;
    }
}

/* Of each meter the reading of the highest seq counts; two of it have to say the same. */
static int find_flow(const struct lm_dispute *dispute, struct flow *flow, struct lm_error *error) {
    struct lm_view readings = {0};
    const struct lm_reading *latest = NULL;
    *flow = (struct flow){0};
    int result = collect_readings(dispute, &readings, error);
    for (size_t i = 0; i < readings.count && result == 0; i++) {
        const struct lm_reading *reading = &readings.items[i]->record.as.reading;
        if (latest && strcmp(latest->meter, reading->meter) == 0) {
            if (reading->seq == latest->seq && (reading->import_wh != latest->import_wh ||
                                                reading->export_wh != latest->export_wh)) {
                flow->disagree = true;
                flow->meter = reading->meter;
            }
            continue;
        }
        latest = reading;
        flow->meters++;
        if (__builtin_add_overflow(flow->import_wh, reading->import_wh, &flow->import_wh) ||
            __builtin_add_overflow(flow->export_wh, reading->export_wh, &flow->export_wh))
            flow->disagree = true;
    }
    if (result == 0)
        find_unread(dispute, &readings, flow);
    lm_view_free(&readings);
    return result;
}

/* *unsettled, with the answer, where nothing can be said of the period as nothing was settled, or
 * nothing read. */
static int find_unsettled(struct lm_dispute *dispute, is_worse *worse, struct settled *settled,
                          struct flow *flow, bool *unsettled, struct lm_error *error) {
    *unsettled = true;
    if (!dispute->period.minutes)
        return lm_dispute_undecidable(dispute,
                                      "nothing under a checkpoint says which period is meant: name "
                                      "the period, or the entry of the settlement");
    find_settled(dispute, worse, settled);
    if (!settled->settlement)
        return lm_dispute_undecidable(dispute,
                                      "no settlement of that period with %s is under a checkpoint",
                                      lm_dispute_claimant(dispute));
    if (find_flow(dispute, flow, error) < 0)
        return -1;
    if (flow->disagree)
        return lm_dispute_undecidable(dispute,
                                      "meter %s has signed two different readings of that period, "
                                      "and which of them is right this evidence does not tell",
                                      flow->meter ? flow->meter : "?");
    if (flow->meters == 0)
        return lm_dispute_undecidable(
            dispute,
            "no reading of that period by a meter of %s is under a checkpoint: %s has settled by "
            "something that is not here, and what flowed cannot be told",
            lm_dispute_claimant(dispute), settled->latest->supplier);
    if (flow->lacks)
        return lm_dispute_undecidable(dispute,
                                      "no reading of that period by meter %s, which is one of "
                                      "several of %s, is under a checkpoint, and what flowed "
                                      "cannot be told",
                                      flow->meter, lm_dispute_claimant(dispute));
    *unsettled = false;
    return 0;
}

#define METERS_WORD                                                                                \
    "; whether the meter itself counts right, evidence cannot tell: that is for a calibration"

int lm_dispute_consumed_less(struct lm_dispute *dispute, struct lm_error *error) {
    struct settled settled;
    struct flow flow;
    bool unsettled;
    if (find_unsettled(dispute, has_consumed_more, &settled, &flow, &unsettled, error) < 0)
        return -1;
    if (unsettled)
        return 0;
    if (settled.latest->import_wh > flow.import_wh)
        return lm_dispute_upheld(
            dispute, settled.latest->supplier,
            "%s has settled %lld Wh consumed, and the meters of %s signed for %lld Wh",
            settled.latest->supplier, (long long)settled.latest->import_wh,
            lm_dispute_claimant(dispute), (long long)flow.import_wh);
    return lm_dispute_refuted(
        dispute,
        "%lld Wh consumed were settled, and the meters of %s signed for %lld Wh" METERS_WORD,
        (long long)settled.latest->import_wh, lm_dispute_claimant(dispute),
        (long long)flow.import_wh);
}

/* What was traded in her name as the market signed it; false where it does not fit. */
static bool sum_sold(const struct lm_dispute *dispute, int64_t *sold_wh) {
    struct lm_fact *fact;
    *sold_wh = 0;
    for (size_t place = SIZE_MAX; (fact = lm_dispute_next(dispute, LM_TYPE_TRADE, &place));) {
        const struct lm_trade *trade = &fact->record.as.trade;
        if (!fact->log || strcmp(trade->from, lm_dispute_claimant(dispute)) != 0 ||
            lm_period_compare(trade->period, dispute->period) != 0 || trade->side != LM_SIDE_OFFER)
            continue;
        fact->used = true;
        if (__builtin_add_overflow(*sold_wh, trade->energy_wh, sold_wh))
            return false;
    }
    return true;
}

/* What her offers sell by the auction that was held again; INT64_MAX where it does not fit. */
static int64_t sum_due(const struct lm_dispute_book *book) {
    int64_t due_wh = 0;
    for (size_t i = 0; i < book->count; i++) {
        const struct lm_dispute_order *order = &book->orders[i];
        if (order->fact->record.as.order.side == LM_SIDE_OFFER && order->traded &&
            __builtin_add_overflow(due_wh, order->energy_wh, &due_wh))
            return INT64_MAX;
    }
    return due_wh;
}

/* *decided, with the answer, where the market traded less of her offers than their auction gives.
 */
static int judge_market(struct lm_dispute *dispute, int64_t sold_wh, bool *decided,
                        struct lm_error *error) {
    struct lm_dispute_book book = {0};
    *decided = false;
    if (!dispute->market || !dispute->whole)
        return 0;
    if (lm_dispute_book(dispute, &book, error) < 0)
        return -1;
    int64_t due_wh = sum_due(&book);
    *decided = book.clearing && sold_wh < due_wh;
    if (*decided && !lm_dispute_is_covered(&book)) {
        lm_dispute_undecidable(dispute, LM_DISPUTE_MORE_ORDERS);
    } else if (*decided) {
        book.clearing->used = true;
        lm_dispute_use_book(dispute);
        lm_dispute_upheld(dispute, dispute->market,
                          "by the orders %s sells %lld Wh, and %s has issued trades of %lld Wh",
                          lm_dispute_claimant(dispute), (long long)due_wh, dispute->market,
                          (long long)sold_wh);
    }
    lm_dispute_book_free(&book);
    return 0;
}

int lm_dispute_sold_more(struct lm_dispute *dispute, struct lm_error *error) {
    struct settled settled;
    struct flow flow;
    int64_t sold_wh;
    bool decided;
    bool unsettled;
    if (!sum_sold(dispute, &sold_wh))
        return lm_dispute_undecidable(dispute, "the trades do not fit a sum");
    if (judge_market(dispute, sold_wh, &decided, error) < 0)
        return -1;
    if (decided)
        return 0;
    if (find_unsettled(dispute, has_sold_less, &settled, &flow, &unsettled, error) < 0)
        return -1;
    if (unsettled)
        return 0;
    const char *supplier = settled.latest->supplier;
    if (settled.latest->sold_wh < sold_wh)
        return lm_dispute_upheld(dispute, supplier,
                                 "%s has settled %lld Wh sold, and the market traded %lld Wh",
                                 supplier, (long long)settled.latest->sold_wh, (long long)sold_wh);
    find_settled(dispute, has_fed_in_less, &settled);
    supplier = settled.latest->supplier;
    if (settled.latest->export_wh < flow.export_wh)
        return lm_dispute_upheld(
            dispute, supplier,
            "%s has settled %lld Wh fed in, and the meters of %s signed for %lld Wh", supplier,
            (long long)settled.latest->export_wh, lm_dispute_claimant(dispute),
            (long long)flow.export_wh);
    return lm_dispute_refuted(dispute,
                              "%lld Wh were traded for %s and settled, and %lld Wh fed in as her "
                              "meters signed" METERS_WORD,
                              (long long)sold_wh, lm_dispute_claimant(dispute),
                              (long long)flow.export_wh);
}
