/* The settlements of a bill, made again by readings, trades and terms. */
#include <string.h>

#include "lib/evidence/dispute_bill.h"
#include "lib/evidence/dispute_parts.h"

/* Where it was adjusted, all that was issued has to add up to what is right. */
static bool differs_adjusted(const struct lm_billing *billing, const struct lm_group *group,
                             const struct lm_settlement *made) {
    lm_i128 amount_nano = 0;
    lm_i128 without_nano = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct lm_settlement *issued =
            &lm_billing_fact(billing, group, i)->record.as.settlement;
        if (!lm_add_i128(amount_nano, issued->amount_nano, &amount_nano) ||
            !lm_add_i128(without_nano, issued->without_market_nano, &without_nano))
            return true;
    }
    return amount_nano != made->amount_nano || without_nano != made->without_market_nano;
}

/* Whether her trades of a settlement are known, where it was made of some: there are some here, or
 * the market's clearing, so that there would be. The answer rests on that clearing then. */
static bool knows_trades(const struct lm_billing *billing, const struct lm_settlement *issued) {
    bool traded = (issued->bought_wh != LM_ABSENT && issued->bought_wh > 0) ||
                  (issued->sold_wh != LM_ABSENT && issued->sold_wh > 0);
    if (!traded || lm_period_set_has(&billing->traded, issued->period))
        return true;
    const struct lm_group *group = lm_billing_of(&billing->cleared, issued->period);
    for (size_t i = 0; group && i < group->count; i++) {
        struct lm_fact *clearing = lm_billing_fact(billing, group, i);
        const char *market = clearing->record.as.clearing.market;
        if (!issued->market || strcmp(market, issued->market) != 0 || !clearing->keeper ||
            strcmp(market, clearing->keeper) != 0)
            continue;
        clearing->used = true;
        return true;
    }
    return false;
}

static int on_settlement(void *context, enum lm_type type, const struct lm_settlement *made,
                         struct lm_error *error) {
    struct lm_billing *billing = context;
    const struct lm_group *group = lm_billing_of(&billing->settlements, made->period);
    struct lm_fact *issued = NULL;
    bool adjusted = false;
    bool differs = false;
    (void)type;
    if (strcmp(made->party, lm_billing_claimant(billing)) != 0 || billing->wrong || !group)
        return 0;
    for (size_t i = 0; i < group->count; i++) {
        struct lm_fact *fact = lm_billing_fact(billing, group, i);
        adjusted = adjusted || fact->record.type == LM_TYPE_ADJUSTMENT;
        if (!issued || fact->record.type == LM_TYPE_SETTLEMENT)
            issued = fact;
    }
    if (!issued || !issued->used || !knows_trades(billing, &issued->record.as.settlement))
        return 0;
    if (adjusted)
        differs = differs_adjusted(billing, group, made);
    else if (lm_billing_compare(LM_TYPE_SETTLEMENT, made, issued, &differs, error) < 0)
        return -1;
    if (differs && lm_settle_lacks_fee(billing->settle, made->period)) {
        lm_billing_doubt(billing, "a network fee was not known when that period began");
        return 0;
    }
    if (differs)
        billing->wrong = issued;
    return lm_period_set_add(&billing->made, made->period, error);
}

static bool is_for_settlement(const struct lm_billing *billing, const struct lm_fact *fact) {
    const struct lm_record *record = &fact->record;
    const char *whose;
    if (!fact->counts)
        return false;
    switch (record->type) {
    case LM_TYPE_TRADE:
        return lm_billing_is_trade(billing, fact);
    case LM_TYPE_READING:
        return fact->log && lm_dispute_concerns(billing->dispute->registry, record,
                                                lm_billing_claimant(billing));
    default:
        return lm_fact_term_of(record, &whose) &&
               (!whose || strcmp(whose, lm_billing_claimant(billing)) == 0);
    }
}

/* Whether a settlement that is in the bill is of that period. */
static bool is_billed(void *context, struct lm_period period) {
    const struct lm_billing *billing = context;
    return lm_period_set_has(&billing->billed, period);
}

int lm_billing_settle(struct lm_billing *billing, struct lm_error *error) {
    const struct lm_settle_options options = {
        .supplier = billing->supplier, .month = billing->dispute->month, .unbalanced = true};
    const struct lm_settle_visitor visitor = {
        .settlement = on_settlement, .reject = lm_billing_on_reject, .context = billing};
    struct lm_settle *settle = lm_settle_new(&options, error);
    int result = settle ? 0 : -1;
    billing->settle = settle;
    for (size_t i = 0; i < billing->dispute->view->count && result == 0; i++) {
        struct lm_fact *fact = billing->dispute->view->items[i];
        const struct lm_record *record = &fact->record;
        struct lm_record held;
        struct lm_error why;
        if (!is_for_settlement(billing, fact) || !lm_dispute_term(billing->dispute, i, &held))
            continue;
        if (record->type == LM_TYPE_TRADE)
            fact->used = fact->used || is_billed(billing, record->as.trade.period);
        else if (record->type == LM_TYPE_READING)
            fact->used = fact->used || is_billed(billing, record->as.reading.period);
        else
            fact->used = true;
        if (lm_settle_add(settle, &held, "", i + 1, &why) == 0)
            continue;
        if (lm_reason_exit(why.reason) != LM_EXIT_REJECT) {
            *error = why;
            result = -1;
        }
    }
    if (result == 0) {
        lm_settle_only(settle, is_billed, billing);
        result = lm_settle_run(settle, &visitor, error);
    }
    lm_settle_free(settle);
    return result;
}
