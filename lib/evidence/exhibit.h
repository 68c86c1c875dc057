/*
 * An exhibit by itself: an entry, and the proof that it is in the log of a checkpoint.
 */
#ifndef LM_EVIDENCE_EXHIBIT_H
#define LM_EVIDENCE_EXHIBIT_H

#include "lib/crypto/checkpoint.h"
#include "lib/crypto/merkle_proof.h"
#include "lib/evidence/facts.h"

/* Gives an exhibit that has the rest its path, which the caller owns, and its checkpoint of SIZE
 * bytes, in NOTE. */
int lm_exhibit_prove(struct lm_exhibit *exhibit, const struct lm_merkle_proof *proof,
                     const char *checkpoint, size_t size, struct lm_buffer *note,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The hashes of its path; false where these are more than any log needs. */
bool lm_exhibit_path(const struct lm_exhibit *exhibit,
                     struct lm_merkle_proof *proof) LM_NONNULL LM_MUST_CHECK;

/*
 * Reads what an exhibit shows: ENTRY, which the caller frees, the CHECKPOINT that it is under,
 * whose signatures nobody has looked at, and of FACT all but who has signed for it, which stands in
 * the log that EXHIBIT names for as long as that is there. LM_ENTRY_NUMBER, LM_WRONG_SUBJECT,
 * LM_BAD_MEMBER, LM_NOT_INCLUDED; on failure *entry holds nothing.
 */
int lm_exhibit_read(const struct lm_exhibit *exhibit, struct lm_record *entry,
                    struct lm_checkpoint *checkpoint, struct lm_fact *fact,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
