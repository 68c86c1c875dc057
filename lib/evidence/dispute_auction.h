/*
 * What the judges of claims about an auction share: its trades beside its orders, and receipts.
 * Private to lib/evidence/dispute*.c.
 */
#ifndef LM_EVIDENCE_DISPUTE_AUCTION_H
#define LM_EVIDENCE_DISPUTE_AUCTION_H

#include "lib/evidence/dispute_book.h"
#include "lib/evidence/dispute_parts.h"

/* The end of every answer that an order which is nowhere may have been there. */
#define LM_DISPUTE_NO_TRACE                                                                        \
    "an order that was dropped before anybody gave a receipt for it leaves no trace, so whether "  \
    "there was one cannot be told from this evidence"

/* The answer where the issued clearing is of more orders than are here. */
#define LM_DISPUTE_MORE_ORDERS                                                                     \
    "the clearing says that it was made of more orders than are here, and what they all give "     \
    "cannot be told"

/* ---- dispute_auction.c ---- */

/* Whether anything says which auction is meant; what follows is asked only where something does. */
bool lm_dispute_knows_auction(const struct lm_dispute *dispute) LM_NONNULL;

/* The claimant's trades in it: the first one after PLACE, as lm_dispute_next has it. */
struct lm_fact *lm_dispute_next_trade(const struct lm_dispute *dispute,
                                      size_t *place) LM_NONNULL LM_MUST_CHECK;

/* The order of that id that counts; NULL where there is none. */
struct lm_dispute_order *lm_dispute_order_of(const struct lm_dispute_book *book,
                                             const char *id) LM_NONNULL LM_MUST_CHECK;

/* What was issued as traded of an order, INT64_MAX where it does not fit. The answer rests on those
 * trades. */
int64_t lm_dispute_issued_wh(const struct lm_dispute *dispute,
                             const struct lm_order *order) LM_NONNULL LM_MUST_CHECK;

/* A trade by itself beside the order that it is of: NULL where they agree, else how they do not, as
 * the end of a sentence that begins with the trade. */
const char *lm_dispute_disagreement(const struct lm_trade *trade,
                                    const struct lm_order *order) LM_NONNULL LM_MUST_CHECK;

/* Whether the orders that are here are all that the issued clearing was made of. */
bool lm_dispute_is_complete(const struct lm_dispute_book *book) LM_NONNULL LM_MUST_CHECK;

/* Whether the orders that are here are as many as the issued clearing says that it was made of, or
 * more: else what they give says nothing against it, as some may have been kept back. */
bool lm_dispute_is_covered(const struct lm_dispute_book *book) LM_NONNULL LM_MUST_CHECK;

/* Whether an order that is not here was nowhere: the orders that are here are all that the clearing
 * was made of, or the logs have been read. The answer rests on that. */
bool lm_dispute_shows_absence(struct lm_dispute *dispute,
                              const struct lm_dispute_book *book) LM_NONNULL LM_MUST_CHECK;

/* Whether the notice or trade that she shows, which the market has signed, says something else than
 * its log: the claim is answered then. */
bool lm_dispute_was_told_otherwise(struct lm_dispute *dispute,
                                   const struct lm_dispute_book *book) LM_NONNULL LM_MUST_CHECK;

/* ---- dispute_receipt.c ---- */

/* Whether the claim's receipt is for an entry that its log's keeper did not keep; the claim is
 * answered then. Else *STANDS is the entry that it was given for, NULL for none that is here. */
bool lm_dispute_breaks_promise(struct lm_dispute *dispute,
                               struct lm_fact **stands) LM_NONNULL LM_MUST_CHECK;

#endif
