#include "lib/evidence/claims.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/claims_state.h"

/* An entry that a claim may point at, as the log's name is not known yet. */
struct lm_claims_sight {
    const struct lm_audited *audited;
    struct lm_period period;
};

void lm_claims_start(struct lm_claims *claims) {
    *claims = (struct lm_claims){.exhibits_max = LM_EXHIBITS_MAX};
    lm_names_start(&claims->digests);
    lm_groups_start(&claims->sighted);
    lm_claim_index_start(&claims->index);
}

void lm_claims_free(struct lm_claims *claims) {
    for (size_t i = 0; i < claims->count; i++) {
        lm_claim_case_free(&claims->cases[i].claim);
        lm_buffer_free(&claims->cases[i].text);
        free(claims->cases[i].periods);
    }
    for (size_t i = 0; i < claims->log_count; i++)
        lm_prover_free(&claims->logs[i].prover);
    lm_facts_list_free(&claims->facts);
    lm_claim_index_free(&claims->index);
    lm_groups_free(&claims->sighted);
    lm_names_free(&claims->digests);
    free(claims->sights);
    free(claims->cases);
    free(claims->logs);
    *claims = (struct lm_claims){0};
}

static const struct lm_receipt *receipt_of(const struct lm_claims_case *item) {
    return item->claim.receipt.line ? &item->claim.receipt.as.receipt : NULL;
}

/* Entries of that number are looked at. */
static int point_at(struct lm_claims *claims, uint64_t n, struct lm_error *error) {
    return lm_groups_enter(&claims->sighted, &n, sizeof n, error) ? 0 : -1;
}

int lm_claims_add(struct lm_claims *claims, const struct lm_record *record, const char *file,
                  const struct lm_line *line, struct lm_error *error) {
    uint32_t number;
    size_t known = claims->digests.count;
    if (record->type != LM_TYPE_CLAIM)
        return 0;
    struct lm_claims_case *cases =
        lm_array_room(claims->cases, &claims->room, claims->count, sizeof *cases, error);
    if (!cases)
        return -1;
    claims->cases = cases;
    struct lm_claims_case *item = &cases[claims->count++];
    *item = (struct lm_claims_case){.file = file, .line = line->number};
    lm_buffer_bytes(&item->text, line->data, line->size);
    if (!lm_buffer_ok(&item->text))
        return lm_fail_memory(error);
    if (lm_claim_case_start(&item->claim, record, error) < 0 ||
        lm_names_add(&claims->digests, item->claim.digest, strlen(item->claim.digest), &number,
                     error) < 0)
        return -1;
    /* The same claim again is answered once. */
    item->refused = number < known;
    for (size_t i = 0; i < item->claim.references.count; i++) {
        if (point_at(claims, item->claim.references.items[i].n, error) < 0)
            return -1;
    }
    return receipt_of(item) ? point_at(claims, (uint64_t)receipt_of(item)->n, error) : 0;
}

/* ---- what they are about ---- */

int lm_claims_survey(struct lm_claims *claims, const struct lm_audited *audited,
                     const struct lm_record *record, uint64_t number, struct lm_error *error) {
    struct lm_claims_sight sight = {.audited = audited};
    const char *market = NULL;
    struct lm_month month = {0};
    uint64_t n = number - 1;
    struct lm_group *group = lm_groups_find(&claims->sighted, &n, sizeof n);
    if (!group)
        return 0;
    lm_dispute_subject(record, &market, &sight.period, &month);
    if (!sight.period.minutes)
        return 0;
    struct lm_claims_sight *sights = lm_array_room(claims->sights, &claims->sight_room,
                                                   claims->sight_count, sizeof *sights, error);
    if (!sights)
        return -1;
    claims->sights = sights;
    sights[claims->sight_count] = sight;
    return lm_group_add(group, claims->sight_count++, error);
}

static int compare_periods(const void *a, const void *b) {
    return lm_period_compare(*(const struct lm_period *)a, *(const struct lm_period *)b);
}

static int add_period(struct lm_claims_case *item, size_t *room, struct lm_period period,
                      struct lm_error *error) {
    if (!period.minutes)
        return 0;
    struct lm_period *periods =
        lm_array_room(item->periods, room, item->period_count, sizeof *periods, error);
    if (!periods)
        return -1;
    item->periods = periods;
    periods[item->period_count++] = period;
    return 0;
}

/* The periods of the entries of number N that the claim points at. */
static int add_sighted(const struct lm_claims *claims, struct lm_claims_case *item, size_t *room,
                       uint64_t n, struct lm_error *error) {
    const struct lm_group *group = lm_groups_find(&claims->sighted, &n, sizeof n);
    for (size_t i = 0; group && i < group->count; i++) {
        const struct lm_claims_sight *sight = &claims->sights[group->items[i]];
        if (sight->audited->keeper &&
            lm_dispute_refers(&item->claim.references, receipt_of(item), sight->audited->name, n) &&
            add_period(item, room, sight->period, error) < 0)
            return -1;
    }
    return 0;
}

static int find_periods(const struct lm_claims *claims, struct lm_claims_case *item,
                        struct lm_error *error) {
    const struct lm_references *references = &item->claim.references;
    const char *market;
    struct lm_month month;
    struct lm_period period = {0};
    size_t room = 0;
    size_t kept = 0;
    if (item->claim.own.line)
        lm_dispute_subject(&item->claim.own, &market, &period, &month);
    if (add_period(item, &room, item->claim.record.as.claim.period, error) < 0 ||
        add_period(item, &room, period, error) < 0)
        return -1;
    for (size_t i = 0; i < references->count; i++) {
        if ((i == 0 || references->items[i].n != references->items[i - 1].n) &&
            add_sighted(claims, item, &room, references->items[i].n, error) < 0)
            return -1;
    }
    if (receipt_of(item) &&
        add_sighted(claims, item, &room, (uint64_t)receipt_of(item)->n, error) < 0)
        return -1;
    if (item->period_count > 0)
        qsort(item->periods, item->period_count, sizeof *item->periods, compare_periods);
    for (size_t i = 0; i < item->period_count; i++) {
        if (kept == 0 || compare_periods(&item->periods[i], &item->periods[kept - 1]) != 0)
            item->periods[kept++] = item->periods[i];
    }
    item->period_count = kept;
    return 0;
}

int lm_claims_open(struct lm_claims *claims, const struct lm_registry *registry,
                   const struct lm_commitments *commitments, int64_t now_s,
                   void (*refuse)(void *context, const char *file, const struct lm_line *line,
                                  const struct lm_error *why),
                   void *context, struct lm_error *error) {
    claims->registry = registry;
    claims->commitments = commitments;
    for (size_t i = 0; i < claims->count; i++) {
        struct lm_claims_case *item = &claims->cases[i];
        if (item->refused)
            continue;
        if (lm_claim_case_open(&item->claim, registry, now_s, error) == 0) {
            if (find_periods(claims, item, error) < 0 ||
                lm_claim_index_enter(&claims->index, &item->claim, item->periods,
                                     item->period_count, error) < 0)
                return -1;
            continue;
        }
        if (lm_reason_exit(error->reason) != LM_EXIT_REJECT)
            return -1;
        const struct lm_line line = {item->text.data, item->text.size, item->line};
        item->refused = true;
        refuse(context, item->file, &line, error);
    }
    return 0;
}

/* ---- what is collected ---- */

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
                                             sizeof *item->periods, compare_periods);
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
    const struct lm_receipt *receipt = receipt_of(item);
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
            (good &&
             (wants_record(claims, item, &fact->record) ||
              (lm_dispute_refers(&item->claim.references, receipt_of(item), fact->log, fact->n) &&
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
