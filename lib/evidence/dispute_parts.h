/*
 * What the judges of the single kinds share. Private to lib/evidence/dispute*.c.
 */
#ifndef LM_EVIDENCE_DISPUTE_PARTS_H
#define LM_EVIDENCE_DISPUTE_PARTS_H

#include "lib/evidence/dispute.h"

/* These give the answer and return 0, so that a judge can end with one of them. PARTY is at fault,
 * and borrowed. */
int lm_dispute_upheld(struct lm_dispute *dispute, const char *party, const char *format,
                      ...) LM_NONNULL LM_PRINTF(3, 4);
int lm_dispute_refuted(struct lm_dispute *dispute, const char *format, ...) LM_NONNULL
    LM_PRINTF(2, 3);
int lm_dispute_undecidable(struct lm_dispute *dispute, const char *format, ...) LM_NONNULL
    LM_PRINTF(2, 3);

/* Whose claim it is. Borrowed. */
const char *lm_dispute_claimant(const struct lm_dispute *dispute) LM_NONNULL;

/* The facts of TYPE that are signed as they should be: the first one after PLACE, which moves
 * there; SIZE_MAX before the first. NULL at the end. */
struct lm_fact *lm_dispute_next(const struct lm_dispute *dispute, enum lm_type type,
                                size_t *place) LM_NONNULL LM_MUST_CHECK;
/* Whether the claim names the entry. */
bool lm_dispute_named(const struct lm_dispute *dispute, const struct lm_fact *fact) LM_NONNULL;
/* Whether the claim names any entry of TYPE. */
bool lm_dispute_names_any(const struct lm_dispute *dispute, enum lm_type type) LM_NONNULL;

/* ---- the kinds ---- */

typedef int lm_dispute_kind(struct lm_dispute *dispute, struct lm_error *error);

lm_dispute_kind lm_dispute_price;         /* dispute_price.c */
lm_dispute_kind lm_dispute_left_out;      /* dispute_left_out.c */
lm_dispute_kind lm_dispute_altered;       /* dispute_altered.c */
lm_dispute_kind lm_dispute_consumed_less; /* dispute_supply.c */
lm_dispute_kind lm_dispute_sold_more;     /* dispute_supply.c */
lm_dispute_kind lm_dispute_bill;          /* dispute_bill.c */

/* ---- dispute_terms.c ---- */

/* The term in a place of the facts, with the instant since which it counts: HELD, which borrows. A
 * fee or rules may not count at all, which is false. */
bool lm_dispute_term(const struct lm_dispute *dispute, size_t place,
                     struct lm_record *held) LM_NONNULL LM_MUST_CHECK;
/* Where JUDGE has found somebody at fault: nothing is proven against who did as the fees and rules
 * call for that she could know. *excused says that this is so; the claim is undecidable then. */
int lm_dispute_hear(struct lm_dispute *dispute, lm_dispute_kind *judge, bool *excused,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
