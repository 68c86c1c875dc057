/* "I never agreed to that price": the trades by the orders, and by the price of the clearing. */
#include <string.h>

#include "lib/evidence/dispute_auction.h"

/* One trade: true where it settles the claim. */
static bool judge_price(struct lm_dispute *dispute, const struct lm_dispute_book *book,
                        struct lm_fact *fact) {
    const struct lm_trade *trade = &fact->record.as.trade;
    const struct lm_dispute_order *order = lm_dispute_order_of(book, trade->order);
    const char *wrong =
        order ? lm_dispute_disagreement(trade, &order->fact->record.as.order) : NULL;
    fact->used = true;
    if (!order && !lm_dispute_shows_absence(dispute, book)) {
        lm_dispute_undecidable(dispute, "the order of the trade is not among what is here");
        return true;
    }
    if (!order) {
        lm_dispute_upheld(dispute, trade->market, "%s traded order %s, which %s never signed",
                          trade->market, trade->order, trade->from);
        return true;
    }
    lm_dispute_use_own(dispute);
    if (wrong || order->refused != LM_NONE) {
        lm_dispute_upheld(
            dispute, trade->market, "the trade of order %s %s%s", trade->order,
            wrong ? wrong : "is of one that had to be refused: ", wrong ? "" : order->why);
        return true;
    }
    if (!book->clearing) {
        lm_dispute_undecidable(dispute, "no clearing of that auction is under a checkpoint");
        return true;
    }
    book->clearing->used = true;
    if (trade->energy_wh > 0 &&
        trade->price_micro != book->clearing->record.as.clearing.price_micro) {
        lm_dispute_upheld(dispute, trade->market,
                          "the trade of order %s is not at the price of the clearing",
                          trade->order);
        return true;
    }
    return false;
}

int lm_dispute_price(struct lm_dispute *dispute, struct lm_error *error) {
    struct lm_dispute_book book = {0};
    size_t place = SIZE_MAX;
    struct lm_fact *fact;
    bool any = false;
    bool settled = false;
    if (!lm_dispute_knows_auction(dispute))
        return lm_dispute_undecidable(dispute, "nothing under a checkpoint says which auction is "
                                               "meant: name the period, or the entry of the trade");
    if (lm_dispute_book(dispute, &book, error) < 0)
        return -1;
    bool named = lm_dispute_names_any(dispute, LM_TYPE_TRADE);
    settled = lm_dispute_was_told_otherwise(dispute, &book);
    while (!settled && (fact = lm_dispute_next_trade(dispute, &place))) {
        if (named && !lm_dispute_named(dispute, fact))
            continue;
        any = true;
        settled = judge_price(dispute, &book, fact);
    }
    if (!settled && !any) {
        lm_dispute_undecidable(dispute, "no trade of the claimant's in that auction is under a "
                                        "checkpoint, so no price was asked of her there");
    } else if (!settled && book.held && !lm_dispute_is_covered(&book)) {
        lm_dispute_undecidable(dispute, LM_DISPUTE_MORE_ORDERS);
    } else if (!settled && book.held &&
               book.price_micro != book.clearing->record.as.clearing.price_micro) {
        lm_dispute_use_book(dispute);
        lm_dispute_upheld(dispute, dispute->market,
                          "the price of the clearing is not the one that the orders give");
    } else if (!settled) {
        lm_dispute_refuted(
            dispute,
            "%s has signed an order that allows this price, and it is the price of the clearing",
            lm_dispute_claimant(dispute));
    }
    lm_dispute_book_free(&book);
    return 0;
}
