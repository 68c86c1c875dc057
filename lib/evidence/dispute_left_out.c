/* "My order was left out": whether it is in the log, and in the auction that was cleared. */
#include <string.h>

#include "lib/evidence/dispute_auction.h"

static bool strictly_better(const struct lm_order *order, int64_t price_micro) {
    return price_micro != LM_ABSENT &&
           (order->side == LM_SIDE_OFFER ? order->price_micro < price_micro
                                         : order->price_micro > price_micro);
}

/* *ANSWER is whether the issued clearing is that of the auction without ORDER, or, where that is
 * NULL, without any of the claimant's. */
static int gives_without(const struct lm_dispute *dispute, const struct lm_fact *order,
                         const char *issued_root, bool *answer, struct lm_error *error) {
    struct lm_dispute_book without = {0};
    if (lm_dispute_book_without(dispute, order, &without, error) < 0)
        return -1;
    *answer = strcmp(without.orders_root, issued_root) == 0;
    lm_dispute_book_free(&without);
    return 0;
}

/* The auction was held again, and is not the one that was issued: is it without that order, or
 * without all of hers? Where more was left out, the trade that is missing tells. */
static int judge_without(struct lm_dispute *dispute, const struct lm_dispute_book *book,
                         const struct lm_dispute_order *order, int64_t traded_wh,
                         struct lm_error *error) {
    const char *issued_root = book->clearing->record.as.clearing.orders_root;
    const char *id = order->fact->record.as.order.id;
    bool alone = false;
    bool with_hers = false;
    if (gives_without(dispute, order->fact, issued_root, &alone, error) < 0 ||
        (!alone && gives_without(dispute, NULL, issued_root, &with_hers, error) < 0))
        return -1;
    if (alone || with_hers) {
        lm_dispute_use_book(dispute);
        return lm_dispute_upheld(
            dispute, dispute->market,
            "order %s is in the log, nothing speaks against it, and the clearing was made without "
            "%s: its orders_root is that of the other orders",
            id, alone ? "it" : "any of hers");
    }
    if (traded_wh > 0)
        return lm_dispute_refuted(dispute, "order %s was not left out: %lld Wh of it were traded",
                                  id, (long long)traded_wh);
    if (lm_dispute_is_covered(book) && order->energy_wh > 0) {
        lm_dispute_use_book(dispute);
        return lm_dispute_upheld(
            dispute, dispute->market,
            "order %s is in the log, by whose orders %lld Wh of it are traded, and the clearing "
            "was made of others, without a trade of it",
            id, (long long)order->energy_wh);
    }
    return lm_dispute_undecidable(
        dispute, "the clearing is not the one that the orders in the log give, but which of them "
                 "were left out cannot be told from its orders_root");
}

static int judge_entered(struct lm_dispute *dispute, const struct lm_dispute_book *book,
                         const struct lm_dispute_order *order, struct lm_error *error) {
    const struct lm_order *body = &order->fact->record.as.order;
    lm_dispute_use_own(dispute);
    if (order->replaced)
        return lm_dispute_refuted(dispute, "%s has replaced order %s of seq %lld by a later one",
                                  body->from, body->id, (long long)body->seq);
    if (body->energy_wh == 0)
        return lm_dispute_refuted(dispute, "%s has withdrawn order %s", body->from, body->id);
    if (order->refused != LM_NONE)
        return lm_dispute_refuted(dispute, "order %s had to be refused (%s): %s", body->id,
                                  lm_reason_word(order->refused), order->why);
    if (!book->clearing)
        return lm_dispute_undecidable(
            dispute,
            "the order is in the log, and no clearing of its auction is under a checkpoint");
    const struct lm_clearing *clearing = &book->clearing->record.as.clearing;
    int64_t traded_wh = lm_dispute_issued_wh(dispute, body);
    book->clearing->used = true;
    if (book->held && !lm_dispute_is_complete(book))
        return judge_without(dispute, book, order, traded_wh, error);
    if (book->held && order->energy_wh > 0 && traded_wh == 0) {
        lm_dispute_use_book(dispute);
        return lm_dispute_upheld(dispute, dispute->market,
                                 "by the orders of the clearing %lld Wh of order %s are traded, "
                                 "and no such trade was issued",
                                 (long long)order->energy_wh, body->id);
    }
    if (traded_wh > 0)
        return lm_dispute_refuted(dispute, "order %s was in the auction: %lld Wh of it were traded",
                                  body->id, (long long)traded_wh);
    if (!book->held && strictly_better(body, clearing->price_micro))
        return lm_dispute_undecidable(
            dispute, "the order is better than the price, and its trade is not among what is here");
    return lm_dispute_refuted(
        dispute, "order %s was in the auction, and at its price nothing was left to be traded",
        body->id);
}

/* The order of the log that the claim means: by a receipt, by itself, by its entry. */
static bool is_meant(const struct lm_dispute *dispute, const struct lm_fact *fact,
                     const struct lm_fact *receipted, bool named) {
    if (receipted)
        return fact == receipted;
    if (dispute->own)
        return json_equal(fact->record.json, dispute->own->json) != 0;
    return !named || lm_dispute_named(dispute, fact);
}

static int judge_left_out(struct lm_dispute *dispute, const struct lm_dispute_book *book,
                          const struct lm_fact *receipted, struct lm_error *error) {
    bool named = lm_dispute_names_any(dispute, LM_TYPE_ORDER);
    bool pointed = receipted || dispute->own || named;
    size_t met = 0;
    for (size_t i = 0; i < book->count; i++) {
        if (!is_meant(dispute, book->orders[i].fact, receipted, named))
            continue;
        met++;
        if (judge_entered(dispute, book, &book->orders[i], error) < 0)
            return -1;
        if (dispute->result != LM_RESULT_REFUTED)
            return 0;
    }
    if (met == 0)
        return lm_dispute_undecidable(dispute,
                                      "no such order is in the log, and there is no receipt for it "
                                      "that proves anything: " LM_DISPUTE_NO_TRACE);
    if (!pointed)
        return lm_dispute_undecidable(
            dispute, "the orders of the claimant that are in the log were in the auction, or had "
                     "to be refused; of another one: " LM_DISPUTE_NO_TRACE);
    return 0;
}

int lm_dispute_left_out(struct lm_dispute *dispute, struct lm_error *error) {
    struct lm_dispute_book book = {0};
    struct lm_fact *receipted;
    if (lm_dispute_breaks_promise(dispute, &receipted))
        return 0;
    if (receipted && (receipted->record.type != LM_TYPE_ORDER ||
                      strcmp(receipted->record.as.order.from, lm_dispute_claimant(dispute)) != 0))
        return lm_dispute_undecidable(
            dispute,
            "what the receipt was given for is in the log, and is no order of the claimant's");
    if (dispute->receipt && !receipted)
        return lm_dispute_undecidable(dispute,
                                      "the receipt is for an entry that is under no checkpoint "
                                      "here, or by somebody who does not keep that log");
    if (!lm_dispute_knows_auction(dispute))
        return lm_dispute_undecidable(dispute,
                                      "no order of the claimant's is in the log, and there is no "
                                      "receipt for one that proves anything: " LM_DISPUTE_NO_TRACE);
    if (lm_dispute_book(dispute, &book, error) < 0)
        return -1;
    int result = judge_left_out(dispute, &book, receipted, error);
    lm_dispute_book_free(&book);
    return result;
}
