#include "lib/market/terms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/record/latest.h"

int lm_terms_add(struct lm_terms_list *list, const struct lm_record *record,
                 struct lm_error *error) {
    if (record->type != LM_TYPE_MARKET_RULES)
        return 0;
    const struct lm_market_rules *rules = &record->as.market_rules;
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 8;
        struct lm_terms *items = reallocarray(list->items, room, sizeof *items);
        if (!items)
            return lm_fail_memory(error);
        list->items = items;
        list->room = room;
    }
    struct lm_terms *terms = &list->items[list->count];
    *terms = (struct lm_terms){
        .since = lm_rules_since(rules->valid, rules->gate_minutes, lm_known_since(record)),
        .period_minutes = rules->period_minutes,
        .gate_minutes = rules->gate_minutes,
        .price_floor_micro = rules->price_floor_micro,
        .price_cap_micro = rules->price_cap_micro,
    };
    (void)snprintf(terms->market, sizeof terms->market, "%s", rules->market);
    struct lm_buffer payload = {0};
    lm_record_payload(record, &payload);
    bool whole = lm_buffer_ok(&payload);
    if (whole)
        lm_merkle_leaf(payload.data, payload.size, terms->content);
    lm_buffer_free(&payload);
    if (!whole)
        return lm_fail_memory(error);
    for (size_t i = 0; i < list->count; i++) {
        struct lm_terms *other = &list->items[i];
        if (strcmp(other->market, terms->market) != 0)
            continue;
        lm_rules_since_beside(&terms->since, &other->since);
        lm_rules_since_beside(&other->since, &terms->since);
    }
    list->count++;
    return 0;
}

void lm_terms_free(struct lm_terms_list *list) {
    free(list->items);
    *list = (struct lm_terms_list){0};
}

const struct lm_terms *lm_terms_at(const struct lm_terms_list *list, const char *market,
                                   int64_t instant_s, struct lm_error *error) {
    struct lm_latest latest = {0};
    for (size_t i = 0; i < list->count; i++) {
        const struct lm_terms *terms = &list->items[i];
        if (strcmp(terms->market, market) == 0)
            lm_latest_consider(&latest, terms, terms->since.valid, terms->since.counts_s,
                               terms->content, instant_s);
    }
    char at[LM_TIME_SIZE];
    lm_instant_format(instant_s, at);
    if (!latest.record)
        lm_fail(error, LM_MISSING_RECORD, "no rules of market %s hold at %s", market, at);
    else if (latest.ambiguous)
        lm_fail(error, LM_AMBIGUOUS, "the rules of market %s that hold at %s contradict each other",
                market, at);
    return latest.ambiguous ? NULL : latest.record;
}

const char *lm_terms_market(const struct lm_terms_list *list, struct lm_error *error) {
    for (size_t i = 1; i < list->count; i++) {
        if (strcmp(list->items[i].market, list->items[0].market) != 0) {
            lm_fail(error, LM_USAGE, "there are rules of several markets");
            lm_hint(error, "say which with --market");
            return NULL;
        }
    }
    if (list->count == 0) {
        lm_fail(error, LM_USAGE, "there are no market-rules");
        return NULL;
    }
    return list->items[0].market;
}

bool lm_terms_gate(struct lm_period period, int64_t gate_minutes, int64_t *gate_s) {
    /* The rounding to a minute is of no account: it only asks whether the year can be written. */
    struct lm_period minute;
    int64_t before_s;
    return lm_mul_i64(gate_minutes, 60, &before_s) &&
           lm_sub_i64(period.start_s, before_s, gate_s) && lm_period_of(*gate_s, 1, &minute);
}

bool lm_terms_next_open(const struct lm_terms *terms, int64_t now_s, struct lm_period *period) {
    int64_t ahead_s;
    int64_t reach_s;
    /* The period that holds now + gate has closed; the one after it has not. */
    return lm_mul_i64(terms->gate_minutes, 60, &ahead_s) && lm_add_i64(now_s, ahead_s, &reach_s) &&
           lm_period_of(reach_s, terms->period_minutes, period) &&
           lm_period_add(*period, 1, period);
}

int lm_terms_check_gate(const struct lm_terms_list *list, const char *market,
                        struct lm_period period, int64_t at_s, struct lm_error *error) {
    char text[LM_TIME_SIZE];
    char gate[LM_TIME_SIZE];
    int64_t gate_s = period.start_s;
    lm_period_format(period, text);
    if (list->count > 0) {
        const struct lm_terms *terms = lm_terms_at(list, market, period.start_s, error);
        if (!terms)
            return -1;
        if (terms->period_minutes != period.minutes)
            return lm_fail(error, LM_PERIOD, "market %s has periods of %lld minutes, not %s",
                           market, (long long)terms->period_minutes, text);
        if (!lm_terms_gate(period, terms->gate_minutes, &gate_s))
            return lm_fail(error, LM_PERIOD, "the gate of %s lies beyond the year 1", text);
    }
    if (at_s < gate_s)
        return 0;
    lm_instant_format(gate_s, gate);
    return lm_fail(error, LM_LATE, "the gate of %s closed at %s", text, gate);
}
