/*
 * What is known of each checkpoint of an audit. Private to lib/evidence/commitments*.c: others use
 * lib/evidence/commitments.h.
 */
#ifndef LM_EVIDENCE_COMMITMENTS_STATE_H
#define LM_EVIDENCE_COMMITMENTS_STATE_H

#include "lib/evidence/commitments.h"

struct lm_keeper_key {
    uint32_t id;
    int role;
    char kid[LM_DIGEST_TEXT_SIZE];
    uint8_t public_key[32];
};

struct lm_commitment {
    const char *file;
    char *bytes; /* owned; the checkpoint borrows from them */
    size_t size;
    bool readable;
    struct lm_checkpoint checkpoint;
    const char *keeper;         /* whose registered key has signed; NULL for nobody's */
    int role;                   /* enum lm_role, of whose key it is */
    int64_t signed_s;           /* when the keeper says that was; 0 where it does not */
    int64_t first_witnessed_s;  /* when the first of the witnesses had signed; LM_ABSENT for none */
    int64_t witnessed_s;        /* when the last had signed; LM_ABSENT where one has not */
    struct lm_audited *audited; /* the log that it is of; NULL for none that is here */
    bool matches;               /* has that root */
    bool early;                 /* a witness signed it before its entries were taken in */
    struct lm_error why;        /* why it is not readable, or has no keeper */
};

/* ---- commitments.c ---- */

/* The log's tree at a checkpoint's size; NULL where it does not get there. */
const struct lm_audited_root *
lm_commitments_root_at(const struct lm_commitments *commitments, const struct lm_audited *audited,
                       const struct lm_checkpoint *checkpoint) LM_NONNULL LM_MUST_CHECK;

/* Whether that tree has the checkpoint's root. */
bool lm_commitments_has_root(const struct lm_commitments *commitments,
                             const struct lm_audited *audited,
                             const struct lm_checkpoint *checkpoint) LM_NONNULL LM_MUST_CHECK;

/* ---- commitments_signed.c ---- */

/* Who of those whose keys count has signed: keeper, role, signed_s; or why. Fails only for
 * want of memory. */
int lm_commitments_find_keeper(const struct lm_commitments *commitments, struct lm_commitment *item,
                               struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* When the witnesses signed, into first_witnessed_s and witnessed_s. A cosignature in a witness's
 * name that does not count is told to FINDINGS (may be NULL). */
int lm_commitments_find_witnesses(const struct lm_commitments *commitments,
                                  struct lm_commitment *item, struct lm_findings *findings,
                                  struct lm_error *error) LM_NONNULL_AT(1, 2, 4) LM_MUST_CHECK;

/* ---- commitments_judged.c ---- */

/* Tells what is wrong with a checkpoint, once its log is known. */
int lm_commitments_judge_item(const struct lm_commitments *commitments,
                              const struct lm_commitment *item, struct lm_findings *findings,
                              struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Tells what a log lacks of a signed and witnessed checkpoint. */
int lm_commitments_judge_log(const struct lm_commitments *commitments,
                             const struct lm_audited *audited, struct lm_findings *findings,
                             struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
