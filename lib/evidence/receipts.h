/*
 * Receipts, each of which promises that an entry is in a log. A receipt holds where any log that
 * is here has that leaf in that place. Where none has, whoever signed it has broken the promise;
 * who only forged one has not.
 */
#ifndef LM_EVIDENCE_RECEIPTS_H
#define LM_EVIDENCE_RECEIPTS_H

#include "lib/base/names.h"
#include "lib/evidence/audited.h"

struct lm_receipts_row;

struct lm_receipts {
    struct lm_names texts; /* logs and signers */
    struct lm_receipts_row *rows;
    size_t count;
    size_t room;
    bool sorted;
};

void lm_receipts_start(struct lm_receipts *receipts) LM_NONNULL;
void lm_receipts_free(struct lm_receipts *receipts) LM_NONNULL;

/* Adds a receipt that SIGNER has signed; where REFUSED is not LM_NONE it proves nothing, and SIGNER
 * is who has forged it, or NULL. */
int lm_receipts_add(struct lm_receipts *receipts, const struct lm_receipt *receipt,
                    const char *signer, enum lm_reason refused, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 5) LM_MUST_CHECK;

/* Notes that a log that is here has LEAF in place N. */
void lm_receipts_see(struct lm_receipts *receipts, uint64_t n,
                     const uint8_t leaf[LM_HASH_SIZE]) LM_NONNULL;

/* Tells of the receipts that do not hold, once all logs have been seen. */
int lm_receipts_finish(struct lm_receipts *receipts, struct lm_audited *const *inputs, size_t count,
                       struct lm_findings *findings, struct lm_error *error)
    LM_NONNULL_AT(1, 4, 5) LM_MUST_CHECK;

#endif
