/*
 * What the judges of the single kinds share. Private to lib/evidence/dispute*.c.
 */
#ifndef LM_EVIDENCE_DISPUTE_PARTS_H
#define LM_EVIDENCE_DISPUTE_PARTS_H

#include "lib/evidence/dispute.h"

/* Gives the answer; returns 0, so that a judge can end with it. */
int lm_dispute_answer(struct lm_dispute *dispute, enum lm_result result, const char *party,
                      const char *format, ...) LM_NONNULL_AT(1, 4) LM_PRINTF(4, 5);

/* The facts of TYPE that are signed as they should be: the first one after PLACE, which moves
 * there; SIZE_MAX before the first. NULL at the end. */
struct lm_fact *lm_dispute_next(const struct lm_dispute *dispute, enum lm_type type,
                                size_t *place) LM_NONNULL LM_MUST_CHECK;
/* Whether the claim names the entry. */
bool lm_dispute_named(const struct lm_dispute *dispute, const struct lm_fact *fact) LM_NONNULL;
/* Whether the claim names any entry of TYPE. */
bool lm_dispute_names_any(const struct lm_dispute *dispute, enum lm_type type) LM_NONNULL;

/* ---- dispute_book.c: the auction again ---- */

/* What becomes of one order of the claimant's. */
struct lm_dispute_order {
    struct lm_fact *fact;
    size_t place;           /* among the dispute's facts */
    enum lm_reason refused; /* why the market has to refuse it; LM_NONE where it has not */
    char why[256];
    bool replaced; /* a higher seq counts */
    bool traded;   /* the auction was held again, and its trade is: */
    int64_t energy_wh;
    int64_t price_micro;
};

struct lm_dispute_book {
    struct lm_dispute_order *orders; /* the claimant's, in the order of the facts; owned */
    size_t count;
    bool held; /* the auction was held again, and its clearing is: */
    int64_t price_micro;
    char orders_root[64];
    struct lm_fact *clearing; /* the one that was issued; NULL for none */
};

/* Judges the orders of the dispute's market and period by its rules, and, where the facts are
 * whole, holds the auction; LEFT_OUT (may be NULL) as if that order were not there. */
int lm_dispute_book(const struct lm_dispute *dispute, const struct lm_fact *left_out,
                    struct lm_dispute_book *book, struct lm_error *error)
    LM_NONNULL_AT(1, 3, 4) LM_MUST_CHECK;
void lm_dispute_book_free(struct lm_dispute_book *book) LM_NONNULL;
/* The answer rests on all orders and the rules. */
void lm_dispute_use_book(struct lm_dispute *dispute) LM_NONNULL;
/* The answer rests on the claimant's own orders and the rules. */
void lm_dispute_use_own(struct lm_dispute *dispute) LM_NONNULL;

/* ---- the kinds ---- */

typedef int lm_dispute_kind(struct lm_dispute *dispute, struct lm_error *error);

lm_dispute_kind lm_dispute_price;         /* dispute_market.c */
lm_dispute_kind lm_dispute_left_out;      /* dispute_market.c */
lm_dispute_kind lm_dispute_altered;       /* dispute_market.c */
lm_dispute_kind lm_dispute_consumed_less; /* dispute_supply.c */
lm_dispute_kind lm_dispute_sold_more;     /* dispute_supply.c */
lm_dispute_kind lm_dispute_bill;          /* dispute_bill.c */

#endif
