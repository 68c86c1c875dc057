/* What of the facts a bill is made of, by its periods. */
#include <stdio.h>
#include <string.h>

#include "lib/evidence/dispute_bill.h"
#include "lib/evidence/dispute_parts.h"

const char *lm_billing_claimant(const struct lm_billing *billing) {
    return lm_dispute_claimant(billing->dispute);
}

bool lm_billing_is_settlement(const struct lm_billing *billing, const struct lm_fact *fact) {
    const struct lm_settlement *settlement = &fact->record.as.settlement;
    return (fact->record.type == LM_TYPE_SETTLEMENT || fact->record.type == LM_TYPE_ADJUSTMENT) &&
           fact->counts && !fact->repeated && fact->log &&
           strcmp(settlement->party, lm_billing_claimant(billing)) == 0 &&
           strcmp(settlement->supplier, billing->supplier) == 0;
}

bool lm_billing_is_trade(const struct lm_billing *billing, const struct lm_fact *fact) {
    return fact->record.type == LM_TYPE_TRADE && fact->counts && fact->log &&
           strcmp(fact->record.as.trade.from, lm_billing_claimant(billing)) == 0;
}

static int place_in(struct lm_groups *groups, struct lm_period period, size_t place,
                    struct lm_error *error) {
    int64_t key[2];
    lm_period_key(period, key);
    struct lm_group *group = lm_groups_enter(groups, key, sizeof key, error);
    return group ? lm_group_add(group, place, error) : -1;
}

static int sort_facts(struct lm_billing *billing, struct lm_error *error) {
    const struct lm_view *view = billing->dispute->view;
    int result = 0;
    for (size_t i = 0; i < view->count && result == 0; i++) {
        const struct lm_fact *fact = view->items[i];
        const union lm_body *body = &fact->record.as;
        if (lm_billing_is_settlement(billing, fact))
            result = place_in(&billing->settlements, body->settlement.period, i, error);
        else if (lm_billing_is_trade(billing, fact))
            result = lm_period_set_add(&billing->traded, body->trade.period, error);
        else if (fact->record.type == LM_TYPE_CLEARING && fact->counts && fact->log)
            result = place_in(&billing->cleared, body->clearing.period, i, error);
    }
    return result;
}

int lm_billing_start(struct lm_billing *billing, struct lm_error *error) {
    lm_groups_start(&billing->settlements);
    lm_groups_start(&billing->cleared);
    lm_period_set_start(&billing->traded);
    lm_period_set_start(&billing->billed);
    lm_period_set_start(&billing->made);
    return sort_facts(billing, error);
}

void lm_billing_free(struct lm_billing *billing) {
    lm_groups_free(&billing->settlements);
    lm_groups_free(&billing->cleared);
    lm_period_set_free(&billing->traded);
    lm_period_set_free(&billing->billed);
    lm_period_set_free(&billing->made);
}

const struct lm_group *lm_billing_of(const struct lm_groups *groups, struct lm_period period) {
    int64_t key[2];
    lm_period_key(period, key);
    return lm_groups_find(groups, key, sizeof key);
}

struct lm_fact *lm_billing_fact(const struct lm_billing *billing, const struct lm_group *group,
                                size_t i) {
    return billing->dispute->view->items[group->items[i]];
}

int lm_billing_compare(enum lm_type type, const void *made, const struct lm_fact *issued,
                       bool *differs, struct lm_error *error) {
    struct lm_buffer ours = {0};
    struct lm_buffer theirs = {0};
    lm_record_write(type, made, &ours);
    lm_record_write(type, &issued->record.as, &theirs);
    bool ok = lm_buffer_ok(&ours) && lm_buffer_ok(&theirs);
    *differs = ok && (ours.size != theirs.size || memcmp(ours.data, theirs.data, ours.size) != 0);
    lm_buffer_free(&ours);
    lm_buffer_free(&theirs);
    return ok ? 0 : lm_fail_memory(error);
}

void lm_billing_doubt(struct lm_billing *billing, const char *why) {
    if (billing->doubted)
        return;
    (void)snprintf(billing->why, sizeof billing->why, "%s", why);
    billing->doubted = true;
}

int lm_billing_on_reject(void *context, const char *source, uint64_t line,
                         const struct lm_error *why, struct lm_error *error) {
    (void)source;
    (void)line;
    (void)error;
    lm_billing_doubt(context, why->detail);
    return 0;
}
