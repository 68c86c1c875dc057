#include "lib/settle/settle.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/settle/period_work.h"

struct lm_settle *lm_settle_new(const struct lm_settle_options *options, struct lm_error *error) {
    struct lm_settle *settle = calloc(1, sizeof *settle);
    if (!settle) {
        lm_fail_memory(error);
        return NULL;
    }
    settle->options = *options;
    settle->only = LM_NOBODY;
    lm_facts_start(&settle->facts);
    lm_names_start(&settle->period_names);
    lm_names_start(&settle->reading_names);
    lm_names_start(&settle->clearing_names);
    if (options->supplier &&
        lm_facts_name(&settle->facts, options->supplier, &settle->only, error) < 0) {
        lm_settle_free(settle);
        return NULL;
    }
    return settle;
}

void lm_settle_free(struct lm_settle *settle) {
    if (!settle)
        return;
    lm_facts_free(&settle->facts);
    lm_names_free(&settle->period_names);
    lm_names_free(&settle->reading_names);
    lm_names_free(&settle->clearing_names);
    for (size_t i = 0; i < settle->issued_count; i++)
        lm_tally_free(&settle->issued[i].outcome.tally);
    free(settle->periods);
    free(settle->trades);
    free(settle->readings);
    free(settle->clearings);
    free(settle->issued);
    free(settle->issued_transfers);
    free(settle->ranks);
    free(settle->period_order);
    free(settle->reading_order);
    free(settle->clearing_order);
    free(settle);
}

void lm_settle_only(struct lm_settle *settle, bool (*wants)(void *context, struct lm_period period),
                    void *context) {
    settle->wants = wants;
    settle->wants_context = context;
}

/* NULL for a period of which nothing was added. */
static const struct lm_period_row *find_period(const struct lm_settle *settle,
                                               struct lm_period period) {
    int64_t key[2];
    uint32_t number;
    lm_period_key(period, key);
    return lm_names_find(&settle->period_names, key, sizeof key, &number) ? &settle->periods[number]
                                                                          : NULL;
}

bool lm_settle_is_about(const struct lm_settle *settle, struct lm_period period) {
    const struct lm_period_row *row = find_period(settle, period);
    return row && row->wanted;
}

bool lm_settle_refused(const struct lm_settle *settle, struct lm_period period) {
    const struct lm_period_row *row = find_period(settle, period);
    return row && (row->refused || row->contradicted);
}

bool lm_settle_lacks_fee(const struct lm_settle *settle, struct lm_period period) {
    const struct lm_period_row *row = find_period(settle, period);
    return row && row->fee_missing;
}

int lm_settle_period(struct lm_settle *settle, struct lm_period period, uint32_t *number,
                     struct lm_error *error) {
    int64_t key[2];
    size_t count = settle->period_names.count;
    lm_period_key(period, key);
    struct lm_period_row *periods =
        lm_array_room(settle->periods, &settle->period_room, count, sizeof *periods, error);
    if (!periods)
        return -1;
    settle->periods = periods;
    if (lm_names_add(&settle->period_names, key, sizeof key, number, error) < 0)
        return -1;
    if (*number == count)
        periods[count] = (struct lm_period_row){.period = period};
    return 0;
}

static int add_trade(struct lm_settle *settle, const struct lm_record *record,
                     const struct lm_place *where, struct lm_error *error) {
    const struct lm_trade *trade = &record->as.trade;
    bool priced = trade->price_micro != LM_ABSENT;
    struct lm_trade_row row = {.where = *where,
                               .n = trade->n == LM_ABSENT ? 0 : trade->n,
                               .energy_wh = trade->energy_wh,
                               .price_micro = priced ? trade->price_micro : 0,
                               .side = (uint8_t)trade->side};
    if (!priced && trade->energy_wh > 0)
        return lm_fail(error, LM_BAD_MEMBER, "a trade of energy without a price");
    struct lm_trade_row *trades = lm_array_room(settle->trades, &settle->trade_room,
                                                settle->trade_count, sizeof *trades, error);
    if (!trades)
        return -1;
    settle->trades = trades;
    if (lm_settle_period(settle, trade->period, &row.period, error) < 0 ||
        lm_facts_name(&settle->facts, trade->market, &row.market, error) < 0 ||
        lm_facts_name(&settle->facts, trade->from, &row.from, error) < 0 ||
        lm_facts_name(&settle->facts, trade->order, &row.order, error) < 0 ||
        lm_facts_digest(&settle->facts, record, true, row.content, error) < 0)
        return -1;
    settle->periods[row.period].wanted = true;
    trades[settle->trade_count++] = row;
    return 0;
}

/* The number of a pair, which is its place among the rows of its kind. */
static int pair_number(struct lm_names *names, uint32_t a, uint32_t b, uint32_t *number,
                       struct lm_error *error) {
    uint32_t key[2] = {a, b};
    return lm_names_add(names, key, sizeof key, number, error);
}

static int add_reading(struct lm_settle *settle, const struct lm_record *record,
                       const struct lm_place *where, struct lm_error *error) {
    const struct lm_reading *reading = &record->as.reading;
    struct lm_reading_row row = {.where = *where,
                                 .seq = reading->seq,
                                 .import_wh = reading->import_wh,
                                 .export_wh = reading->export_wh};
    uint32_t number;
    size_t count = settle->reading_names.count;
    struct lm_reading_row *readings =
        lm_array_room(settle->readings, &settle->reading_room, count, sizeof *readings, error);
    if (!readings)
        return -1;
    settle->readings = readings;
    if (lm_settle_period(settle, reading->period, &row.period, error) < 0 ||
        lm_facts_name(&settle->facts, reading->meter, &row.meter, error) < 0 ||
        lm_facts_digest(&settle->facts, record, false, row.content, error) < 0 ||
        pair_number(&settle->reading_names, row.meter, row.period, &number, error) < 0)
        return -1;
    settle->periods[row.period].wanted = true;
    struct lm_reading_row *known = &readings[number];
    if (number == count || row.seq > known->seq)
        *known = row;
    else if (row.seq == known->seq && memcmp(row.content, known->content, sizeof row.content) != 0)
        known->disagree = true;
    return 0;
}

static int add_clearing(struct lm_settle *settle, const struct lm_record *record,
                        const struct lm_place *where, struct lm_error *error) {
    const struct lm_clearing *clearing = &record->as.clearing;
    struct lm_clearing_row row = {
        .where = *where, .energy_wh = clearing->energy_wh, .price_micro = clearing->price_micro};
    uint32_t number;
    size_t count = settle->clearing_names.count;
    struct lm_clearing_row *clearings =
        lm_array_room(settle->clearings, &settle->clearing_room, count, sizeof *clearings, error);
    if (!clearings)
        return -1;
    settle->clearings = clearings;
    if (lm_settle_period(settle, clearing->period, &row.period, error) < 0 ||
        lm_facts_name(&settle->facts, clearing->market, &row.market, error) < 0 ||
        lm_facts_digest(&settle->facts, record, true, row.content, error) < 0 ||
        pair_number(&settle->clearing_names, row.market, row.period, &number, error) < 0)
        return -1;
    struct lm_clearing_row *known = &clearings[number];
    if (number == count)
        *known = row;
    else if (memcmp(row.content, known->content, sizeof row.content) != 0)
        known->conflict = true;
    return 0;
}

int lm_settle_add(struct lm_settle *settle, const struct lm_record *record, const char *source,
                  uint64_t line, struct lm_error *error) {
    struct lm_place where = {source, line};
    switch (record->type) {
    case LM_TYPE_TRADE:
        return add_trade(settle, record, &where, error);
    case LM_TYPE_READING:
        return add_reading(settle, record, &where, error);
    case LM_TYPE_CLEARING:
        return add_clearing(settle, record, &where, error);
    default:
        return lm_facts_add(&settle->facts, record, &where, error);
    }
}

const char *lm_settle_text(const struct lm_settle *settle, uint32_t name) {
    return name == LM_NOBODY ? NULL : lm_names_text(&settle->facts.names, name);
}

static int compare_ranks(const struct lm_settle *settle, uint32_t a, uint32_t b) {
    if (a == b)
        return 0;
    if (a == LM_NOBODY || b == LM_NOBODY)
        return a == LM_NOBODY ? -1 : 1;
    return settle->ranks[a] < settle->ranks[b] ? -1 : 1;
}

int lm_subject_compare(const struct lm_settle *settle, const struct lm_subject *a,
                       const struct lm_subject *b) {
    int order = compare_ranks(settle, a->supplier, b->supplier);
    if (order == 0)
        order = a->role - b->role;
    if (order == 0)
        order = compare_ranks(settle, a->party, b->party);
    return order ? order : compare_ranks(settle, a->region, b->region);
}

int lm_settle_reject(const struct lm_settle_visitor *visitor, const struct lm_place *where,
                     const struct lm_error *why, struct lm_error *error) {
    if (!visitor || !visitor->reject)
        return 0;
    return visitor->reject(visitor->context, where->source, where->line, why, error);
}

int lm_settle_write(const struct lm_settle *settle, struct lm_period period,
                    const struct lm_outcome *outcome, int64_t seq,
                    const struct lm_settle_visitor *visitor, struct lm_error *error) {
    enum lm_type type = seq < 0 ? LM_TYPE_SETTLEMENT : LM_TYPE_ADJUSTMENT;
    struct lm_settlement body;
    if (!visitor->settlement)
        return 0;
    lm_record_clear(type, &body);
    body.period = period;
    body.market = lm_settle_text(settle, outcome->market);
    body.party = lm_settle_text(settle, outcome->subject.party);
    body.role = outcome->subject.role;
    body.supplier = lm_settle_text(settle, outcome->subject.supplier);
    body.region = lm_settle_text(settle, outcome->subject.region);
    body.currency = lm_settle_text(settle, outcome->currency);
    body.amount_nano = outcome->amount_nano;
    body.without_market_nano = outcome->without_nano;
    if (outcome->subject.role == LM_ROLE_USER) {
        body.import_wh = outcome->import_wh;
        body.export_wh = outcome->export_wh;
        body.bought_wh = outcome->bought_wh;
        body.sold_wh = outcome->sold_wh;
        body.short_wh = outcome->short_wh;
        body.surplus_wh = outcome->surplus_wh;
    }
    if (seq >= 0) {
        body.seq = seq;
        body.month = settle->options.month;
    }
    body.items = lm_tally_items(&outcome->tally);
    if (!body.items)
        return lm_fail_memory(error);
    int result = visitor->settlement(visitor->context, type, &body, error);
    json_decref(body.items);
    return result;
}
