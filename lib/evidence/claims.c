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

const struct lm_receipt *lm_claims_receipt(const struct lm_claims_case *item) {
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
    const struct lm_receipt *receipt = lm_claims_receipt(item);
    return receipt ? point_at(claims, (uint64_t)receipt->n, error) : 0;
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

int lm_claims_compare_periods(const void *a, const void *b) {
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
            lm_dispute_refers(&item->claim.references, lm_claims_receipt(item),
                              sight->audited->name, n) &&
            add_period(item, room, sight->period, error) < 0)
            return -1;
    }
    return 0;
}

static int find_periods(const struct lm_claims *claims, struct lm_claims_case *item,
                        struct lm_error *error) {
    const struct lm_references *references = &item->claim.references;
    const struct lm_receipt *receipt = lm_claims_receipt(item);
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
    if (receipt && add_sighted(claims, item, &room, (uint64_t)receipt->n, error) < 0)
        return -1;
    if (item->period_count > 0)
        qsort(item->periods, item->period_count, sizeof *item->periods, lm_claims_compare_periods);
    for (size_t i = 0; i < item->period_count; i++) {
        if (kept == 0 ||
            lm_claims_compare_periods(&item->periods[i], &item->periods[kept - 1]) != 0)
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
