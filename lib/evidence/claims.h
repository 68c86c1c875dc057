/*
 * Claims beside an audit: while the logs are read, what each of them is about is collected, with
 * what it takes to prove that it is there; then each is answered by a verdict and the exhibits that
 * it rests on. Of the logs only that is kept.
 *
 * Only what a log's keeper has signed a checkpoint for is evidence. Terms and identities count
 * wherever they stand.
 */
#ifndef LM_EVIDENCE_CLAIMS_H
#define LM_EVIDENCE_CLAIMS_H

#include "lib/evidence/audited.h"
#include "lib/evidence/claim.h"
#include "lib/evidence/claim_index.h"
#include "lib/evidence/commitments.h"

/* A verdict names no more exhibits, so that it stays a record; an answer that rests on more of them
 * comes in several verdicts, each a part with its own. */
#define LM_EXHIBITS_MAX 1200

struct lm_claims_case;
struct lm_claims_log;
struct lm_claims_sight;

struct lm_claims {
    struct lm_claims_case *cases;
    size_t count;
    size_t room;
    struct lm_claims_log *logs;
    size_t log_count;
    size_t log_room;
    struct lm_names digests;  /* of the claims */
    struct lm_groups sighted; /* by an entry's number that is pointed at: places in sights */
    struct lm_claims_sight *sights;
    size_t sight_count;
    size_t sight_room;
    struct lm_claim_index index;
    struct lm_facts facts;
    size_t exhibits_max; /* LM_EXHIBITS_MAX, if it is not set lower */
    const struct lm_registry *registry;
    const struct lm_commitments *commitments;
};

void lm_claims_start(struct lm_claims *claims) LM_NONNULL;
void lm_claims_free(struct lm_claims *claims) LM_NONNULL;

/* Adds a claim, before the first line of any log; passes over other types. FILE (may be NULL) must
 * outlive the claims. */
int lm_claims_add(struct lm_claims *claims, const struct lm_record *record, const char *file,
                  const struct lm_line *line, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4, 5) LM_MUST_CHECK;

/* The first time that the logs are read: line NUMBER of a log. */
int lm_claims_survey(struct lm_claims *claims, const struct lm_audited *audited,
                     const struct lm_record *record, uint64_t number,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Between the two, once the registry is sealed and the commitments are matched, both of which must
 * outlive the claims: REFUSE is told of claims that nobody has to answer. */
int lm_claims_open(struct lm_claims *claims, const struct lm_registry *registry,
                   const struct lm_commitments *commitments, int64_t now_s,
                   void (*refuse)(void *context, const char *file, const struct lm_line *line,
                                  const struct lm_error *why),
                   void *context, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 3, 5, 7) LM_MUST_CHECK;

/* The second time: line NUMBER of an input; RECORD is NULL where it is none, REFUSED says why it is
 * not signed as it should be. LEAF is a log's. */
int lm_claims_see(struct lm_claims *claims, const struct lm_audited *audited, uint64_t number,
                  const struct lm_record *record, enum lm_reason refused,
                  const uint8_t leaf[LM_HASH_SIZE], struct lm_error *error)
    LM_NONNULL_AT(1, 2, 6, 7) LM_MUST_CHECK;

/* Answers the claims in their order: TELL gets each claim, its verdict, then the exhibits; of a
 * verdict in parts each part, then the exhibits of that. With BLAME false nobody is named. *upheld
 * says whether any claim was. */
int lm_claims_answer(struct lm_claims *claims, bool blame,
                     int (*tell)(void *context, enum lm_type type, const union lm_body *body,
                                 struct lm_error *error),
                     void *context, bool *upheld, struct lm_error *error)
    LM_NONNULL_AT(1, 3, 5, 6) LM_MUST_CHECK;

#endif
