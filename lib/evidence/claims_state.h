/*
 * What is kept of claims and of the logs that they are about. Private to lib/evidence/claims*.c:
 * others use lib/evidence/claims.h.
 */
#ifndef LM_EVIDENCE_CLAIMS_STATE_H
#define LM_EVIDENCE_CLAIMS_STATE_H

#include "lib/evidence/claims.h"
#include "lib/evidence/prover.h"

struct lm_claims_case {
    struct lm_claim_case claim;
    bool refused;
    const char *file;
    uint64_t line;
    struct lm_buffer text;
    struct lm_period *periods; /* that it may be about, ascending, each once */
    size_t period_count;
};

struct lm_claims_log {
    const struct lm_audited *audited;
    struct lm_prover prover;
    const char *checkpoint; /* borrowed */
    size_t checkpoint_size;
    int64_t signed_s;
};

/* ---- claims.c ---- */

/* The receipt that a claim brings; NULL for none. Borrowed. */
const struct lm_receipt *lm_claims_receipt(const struct lm_claims_case *item) LM_NONNULL;
/* By which a case's periods are sorted. */
int lm_claims_compare_periods(const void *a, const void *b) LM_NONNULL;

/* ---- claims_facts.c ---- */

/* What one claim is judged by. The caller frees the view. */
int lm_claims_view(struct lm_claims *claims, const struct lm_claims_case *item,
                   struct lm_view *view, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
