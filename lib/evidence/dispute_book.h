/*
 * The auction of a dispute's market and period, held again by the orders that are there. Private to
 * lib/evidence/dispute*.c.
 */
#ifndef LM_EVIDENCE_DISPUTE_BOOK_H
#define LM_EVIDENCE_DISPUTE_BOOK_H

#include "lib/evidence/dispute.h"

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
    int64_t offers;
    int64_t bids;
    char orders_root[64];
    struct lm_fact *clearing; /* the one that was issued; NULL for none */
};

/* Judges the orders of the dispute's market and period by its rules, and, where the facts are
 * whole, holds the auction. */
int lm_dispute_book(const struct lm_dispute *dispute, struct lm_dispute_book *book,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The same as if ORDER were not there, or, where that is NULL, none of the claimant's were. */
int lm_dispute_book_without(const struct lm_dispute *dispute, const struct lm_fact *order,
                            struct lm_dispute_book *book, struct lm_error *error)
    LM_NONNULL_AT(1, 3, 4) LM_MUST_CHECK;
void lm_dispute_book_free(struct lm_dispute_book *book) LM_NONNULL;
/* The answer rests on all orders and the rules. */
void lm_dispute_use_book(struct lm_dispute *dispute) LM_NONNULL;
/* The answer rests on the claimant's own orders and the rules. */
void lm_dispute_use_own(struct lm_dispute *dispute) LM_NONNULL;

#endif
