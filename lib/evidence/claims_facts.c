/* What is collected for claims while the logs are read, and what of it each is judged by. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/claims_state.h"

/* The log that an input is; its number where its keeper has signed for it, else SIZE_MAX. */
static int find_log(struct lm_claims *claims, const struct lm_audited *audited, size_t *number,
                    struct lm_error *error) {
    struct lm_claims_log log = {.audited = audited};
    *number = SIZE_MAX;
    if (!audited->log || !audited->keeper)
        return 0;
    for (size_t i = 0; i < claims->log_count; i++) {
        if (claims->logs[i].audited == audited)
            *number = i;
    }
    if (*number != SIZE_MAX || !lm_commitments_newest(claims->commitments, audited, &log.checkpoint,
                                                      &log.checkpoint_size, &log.signed_s))
        return 0;
    struct lm_claims_log *logs =
        lm_array_room(claims->logs, &claims->log_room, claims->log_count, sizeof *logs, error);
    if (!logs)
        return -1;
    claims->logs = logs;
    lm_prover_start(&log.prover, audited->committed);
    *number = claims->log_count;
    logs[claims->log_count++] = log;
    return 0;
}

int lm_claims_see(struct lm_claims *claims, const struct lm_audited *audited, uint64_t number,
                  const struct lm_record *record, enum lm_reason refused,
                  const uint8_t leaf[LM_HASH_SIZE], struct lm_error *error) {
    size_t place;
    bool wanted = false;
    if (claims->count == 0)
        return 0;
    if (find_log(claims, audited, &place, error) < 0)
        return -1;
    struct lm_claims_log *log = place == SIZE_MAX ? NULL : &claims->logs[place];
    bool committed = log && number <= audited->committed && record && record->wrapped;
    struct lm_fact fact = {.n = number - 1, .refused = refused, .source = SIZE_MAX};
    const struct lm_claim_seen seen = {.record = record,
                                       .refused = refused,
                                       .log = committed ? audited->name : NULL,
                                       .n = fact.n,
                                       .last = number == audited->committed};
    if (record && lm_claim_index_wants(&claims->index, claims->registry, &seen, &wanted, error) < 0)
        return -1;
    if (wanted) {
        if (committed) {
            fact.log = audited->name;
            fact.keeper = audited->keeper;
            fact.log_size = audited->committed;
            fact.signed_s = log->signed_s;
            fact.source = place;
            memcpy(fact.leaf, leaf, sizeof fact.leaf);
            if (lm_prover_want(&log->prover, &fact.number, error) < 0)
                return -1;
        }
        if (lm_claim_index_add(&claims->index, claims->facts.count, error) < 0 ||
            lm_facts_list_add(&claims->facts, claims->registry, record, &fact, error) < 0 ||
            lm_fact_know(claims->facts.items[claims->facts.count - 1], claims->registry, error) < 0)
            return -1;
    }
    if (log)
        lm_prover_add(&log->prover, leaf);
    return 0;
}

/* ---- the facts of one claim ---- */

static bool is_about(const struct lm_claims_case *item, struct lm_period period) {
    return item->period_count > 0 && bsearch(&period, item->periods, item->period_count,
                                             sizeof *item->periods, lm_claims_compare_periods);
}

/* What the claimant's kind of claim is judged by, see the table in dispute.c. */
static bool wants_record(const struct lm_claims *claims, const struct lm_claims_case *item,
                         const struct lm_record *record) {
    const struct lm_claim *claim = &item->claim.record.as.claim;
    bool book = lm_dispute_needs_book((enum lm_claim_kind)claim->kind);
    bool supply = lm_dispute_needs_supply((enum lm_claim_kind)claim->kind);
    bool bill = claim->kind == LM_CLAIM_BILL;
    const char *market;
    struct lm_period period = {0};
    struct lm_month month;
    lm_dispute_subject(record, &market, &period, &month);
    if (record->type == LM_TYPE_ORDER || record->type == LM_TYPE_CLEARING)
        return (book && is_about(item, period)) || (bill && record->type == LM_TYPE_CLEARING);
    if (!lm_dispute_concerns(claims->registry, record, claim->claimant))
        return false;
    switch (record->type) {
    case LM_TYPE_TRADE:
        return bill || is_about(item, period);
    case LM_TYPE_READING:
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        return supply && (bill || is_about(item, period));
    case LM_TYPE_BILL:
        return bill;
    default:
        return false;
    }
}

/* A receipt for what is not there, or for an order that its keeper says was never there. */
static bool wants_entry(const struct lm_claims_case *item, const struct lm_fact *fact) {
    const struct lm_claim *claim = &item->claim.record.as.claim;
    const struct lm_receipt *receipt = lm_claims_receipt(item);
    if (receipt && strcmp(receipt->log, fact->log) == 0 &&
        (fact->n == (uint64_t)receipt->n ||
         ((uint64_t)receipt->n >= fact->log_size && fact->n + 1 == fact->log_size)))
        return true;
    return lm_fact_is_foreign(fact->refused) && fact->record.type == LM_TYPE_ORDER &&
           claim->kind == LM_CLAIM_ALTERED &&
           strcmp(fact->record.as.order.from, claim->claimant) == 0;
}

static bool wants(const struct lm_claims *claims, const struct lm_claims_case *item,
                  const struct lm_fact *fact) {
    const char *claimant = item->claim.record.as.claim.claimant;
    const char *whose;
    bool good = fact->refused == LM_NONE;
    if (good && lm_fact_term_of(&fact->record, &whose) && (!whose || strcmp(whose, claimant) == 0))
        return true;
    return fact->log &&
           (wants_entry(item, fact) ||
            (good && (wants_record(claims, item, &fact->record) ||
                      (lm_dispute_refers(&item->claim.references, lm_claims_receipt(item),
                                         fact->log, fact->n) &&
                       lm_dispute_concerns(claims->registry, &fact->record, claimant)))));
}

int lm_claims_view(struct lm_claims *claims, const struct lm_claims_case *item,
                   struct lm_view *view, struct lm_error *error) {
    struct lm_group numbers = {0};
    int result = lm_claim_index_collect(&claims->index, &item->claim, item->periods,
                                        item->period_count, &numbers, error);
    for (size_t i = 0; i < numbers.count && result == 0; i++) {
        struct lm_fact *fact = claims->facts.items[numbers.items[i]];
        if (wants(claims, item, fact))
            result = lm_view_add(view, fact, error);
    }
    lm_group_free(&numbers);
    return result < 0 ? -1 : lm_view_prepare(view, error);
}
