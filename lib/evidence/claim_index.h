/*
 * Which records claims are judged by, found by what they are about: whose they are, their period,
 * the number of their entry. What a record costs does not depend on how many claims there are.
 *
 *     lm_claim_index_start(&index);
 *     while (... a claim, opened, and the periods that it may be about ...)
 *         lm_claim_index_enter(&index, &claim, periods, count, &error);
 *     while (... a record ...)
 *         if (lm_claim_index_wants(&index, &seen, &wanted, &error) == 0 && wanted)
 *             lm_claim_index_add(&index, number, &error);
 *     lm_claim_index_collect(&index, &claim, periods, count, &numbers, &error);
 *     lm_claim_index_free(&index);
 *
 * The index is a sieve: it may say that a record is wanted which then is not.
 */
#ifndef LM_EVIDENCE_CLAIM_INDEX_H
#define LM_EVIDENCE_CLAIM_INDEX_H

#include "lib/base/groups.h"
#include "lib/evidence/claim.h"

/* The most groups that one record falls into. */
#define LM_CLAIM_KEYS_MAX 8

struct lm_claim_index {
    struct lm_groups groups;        /* by what it is about: the numbers of records */
    struct lm_group shared;         /* terms that every claim is judged by */
    bool any;                       /* claim was entered */
    size_t hits[LM_CLAIM_KEYS_MAX]; /* the groups of the record that is wanted */
    size_t hit_count;
    bool hit_shared;
    struct lm_buffer key; /* scratch */
};

/* A record where it stands. */
struct lm_claim_seen {
    const struct lm_record *record;
    enum lm_reason refused; /* why it is not signed as it should be */
    const char *log;        /* whose keeper has signed for it; NULL for no such log, then: */
    uint64_t n;
    bool last; /* of what the keeper has signed for */
};

void lm_claim_index_start(struct lm_claim_index *index) LM_NONNULL;
void lm_claim_index_free(struct lm_claim_index *index) LM_NONNULL;

/* Notes what a claim will be judged by. */
int lm_claim_index_enter(struct lm_claim_index *index, const struct lm_claim_case *claim,
                         const struct lm_period *periods, size_t count, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 5) LM_MUST_CHECK;

/* Whether some claim may be about a record. */
int lm_claim_index_wants(struct lm_claim_index *index, const struct lm_registry *registry,
                         const struct lm_claim_seen *seen, bool *wanted,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Notes the record that was asked for last as NUMBER; numbers ascend. */
int lm_claim_index_add(struct lm_claim_index *index, size_t number,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The numbers of the records that a claim may be about, ascending, each once. */
int lm_claim_index_collect(struct lm_claim_index *index, const struct lm_claim_case *claim,
                           const struct lm_period *periods, size_t count, struct lm_group *numbers,
                           struct lm_error *error) LM_NONNULL_AT(1, 2, 5, 6) LM_MUST_CHECK;

#endif
