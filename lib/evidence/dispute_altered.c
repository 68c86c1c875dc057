/* "My order was altered": what is in the log in her name, and what was traded of it. */
#include <string.h>

#include "lib/evidence/dispute_auction.h"

/* An order in the claimant's name that her key has not signed as it is there. */
static bool is_forged_in_log(struct lm_dispute *dispute) {
    for (size_t i = 0; i < dispute->view->count; i++) {
        struct lm_fact *fact = dispute->view->items[i];
        const struct lm_order *order = &fact->record.as.order;
        if (fact->record.type != LM_TYPE_ORDER || !lm_fact_is_foreign(fact->refused) ||
            !fact->keeper || strcmp(order->from, lm_dispute_claimant(dispute)) != 0 ||
            (dispute->period.minutes && lm_period_compare(order->period, dispute->period) != 0))
            continue;
        fact->used = true;
        lm_dispute_upheld(dispute, fact->keeper,
                          "order %s of %s in entry %llu of %.200s is not as that user's key signed "
                          "it, and %s took it in",
                          order->id, order->from, (unsigned long long)fact->n, fact->log,
                          fact->keeper);
        return true;
    }
    return false;
}

/* Her own copy beside what is in the log under its name and seq. */
static bool judge_copy(struct lm_dispute *dispute, const struct lm_dispute_book *book) {
    const struct lm_order *own = &dispute->own->as.order;
    bool met = false;
    for (size_t i = 0; i < book->count; i++) {
        const struct lm_order *order = &book->orders[i].fact->record.as.order;
        if (strcmp(order->id, own->id) != 0 || order->seq != own->seq)
            continue;
        met = true;
        if (order->energy_wh == own->energy_wh && order->price_micro == own->price_micro &&
            order->side == own->side)
            continue;
        lm_dispute_use_own(dispute);
        lm_dispute_refuted(dispute,
                           "%s has signed both: the order that is in the log, and the one that she "
                           "shows, under one seq",
                           own->from);
        return true;
    }
    if (!met)
        lm_dispute_undecidable(
            dispute, "the order that the claimant shows is not in the log, nor another one of its "
                     "id and seq, and there is no receipt: " LM_DISPUTE_NO_TRACE);
    return !met;
}

static bool judge_traded(struct lm_dispute *dispute, const struct lm_dispute_book *book) {
    size_t place = SIZE_MAX;
    struct lm_fact *fact;
    while ((fact = lm_dispute_next_trade(dispute, &place))) {
        const struct lm_trade *trade = &fact->record.as.trade;
        const struct lm_dispute_order *order = lm_dispute_order_of(book, trade->order);
        fact->used = true;
        if (!order && !lm_dispute_shows_absence(dispute, book)) {
            lm_dispute_undecidable(dispute, "the order of a trade is not among what is here");
            return true;
        }
        const char *wrong = order ? lm_dispute_disagreement(trade, &order->fact->record.as.order)
                                  : "is of an order that she never signed";
        if (!wrong && order->refused == LM_NONE && lm_dispute_is_complete(book) &&
            lm_dispute_issued_wh(dispute, &order->fact->record.as.order) != order->energy_wh) {
            book->clearing->used = true;
            lm_dispute_use_book(dispute);
            wrong = "is not of the energy that the orders give";
        }
        if (!wrong)
            continue;
        lm_dispute_use_own(dispute);
        lm_dispute_upheld(dispute, trade->market, "the trade of order %s %s", trade->order, wrong);
        return true;
    }
    return false;
}

int lm_dispute_altered(struct lm_dispute *dispute, struct lm_error *error) {
    struct lm_dispute_book book = {0};
    struct lm_fact *receipted;
    if (lm_dispute_breaks_promise(dispute, &receipted) || is_forged_in_log(dispute))
        return 0;
    if (!lm_dispute_knows_auction(dispute))
        return lm_dispute_undecidable(
            dispute, "no order of the claimant's is in the log: " LM_DISPUTE_NO_TRACE);
    if (lm_dispute_book(dispute, &book, error) < 0)
        return -1;
    bool own = dispute->own && dispute->own->type == LM_TYPE_ORDER;
    if (lm_dispute_was_told_otherwise(dispute, &book)) {
        lm_dispute_book_free(&book);
        return 0;
    }
    if (book.count == 0 && !own)
        lm_dispute_undecidable(dispute,
                               "no order of the claimant's is in the log: " LM_DISPUTE_NO_TRACE);
    else if (!(own && judge_copy(dispute, &book)) && !judge_traded(dispute, &book)) {
        lm_dispute_use_own(dispute);
        lm_dispute_refuted(dispute,
                           "%s has signed every order in that name as it is in the log, and "
                           "nothing else was traded",
                           lm_dispute_claimant(dispute));
    }
    lm_dispute_book_free(&book);
    return 0;
}
