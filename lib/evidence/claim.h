/*
 * A claim as it came: what of it is signed as it should be.
 */
#ifndef LM_EVIDENCE_CLAIM_H
#define LM_EVIDENCE_CLAIM_H

#include "lib/crypto/encoding.h"
#include "lib/evidence/dispute.h"

struct lm_claim_case {
    struct lm_record record;  /* the claim */
    struct lm_record receipt; /* in it, the next one likewise; line NULL where there is none that
                               * proves anything */
    struct lm_record own;
    char receipt_by[65];
    struct lm_references references;  /* what it points at */
    char digest[LM_DIGEST_TEXT_SIZE]; /* of the claim, signature included */
};

/* Takes a claim in: RECORD is shared with it. Nothing is checked yet. */
int lm_claim_case_start(struct lm_claim_case *claim, const struct lm_record *record,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_claim_case_free(struct lm_claim_case *claim) LM_NONNULL;

/* Checks it by a sealed registry, at NOW_S or its entry's instant: -1 with why it is none. What it
 * holds and is not signed as it should be is dropped, as it proves nothing. */
int lm_claim_case_open(struct lm_claim_case *claim, const struct lm_registry *registry,
                       int64_t now_s, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* What is put before the judge; WHOLE and facts are the caller's to fill in. */
void lm_claim_case_dispute(const struct lm_claim_case *claim, const struct lm_registry *registry,
                           struct lm_dispute *dispute) LM_NONNULL;

/* The digest of a record in canonical form, with or without its signature. */
int lm_record_digest(const struct lm_record *record, bool with_signature,
                     char digest[LM_DIGEST_TEXT_SIZE],
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
