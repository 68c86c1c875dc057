/* Claims about an auction: the price, an order that was left out, an order that was altered. */
#include <stdio.h>
#include <string.h>

#include "lib/evidence/dispute_parts.h"

#define NO_TRACE                                                                                   \
    "an order that was dropped before anybody gave a receipt for it leaves no trace, so whether "  \
    "there was one cannot be told from this evidence"

/* ---- what all three ask ---- */

static const char *claimant_of(const struct lm_dispute *dispute) {
    return dispute->claim->claimant;
}

static int undecidable(struct lm_dispute *dispute, const char *why) {
    return lm_dispute_answer(dispute, LM_RESULT_UNDECIDABLE, NULL, "%s", why);
}

static bool is_subject_known(const struct lm_dispute *dispute) {
    return dispute->market && dispute->period.minutes;
}

static struct lm_fact *next_trade(const struct lm_dispute *dispute, size_t *place) {
    struct lm_fact *fact;
    while ((fact = lm_dispute_next(dispute, LM_TYPE_TRADE, place))) {
        const struct lm_trade *trade = &fact->record.as.trade;
        if (fact->log && strcmp(trade->from, claimant_of(dispute)) == 0 &&
            strcmp(trade->market, dispute->market) == 0 &&
            lm_period_compare(trade->period, dispute->period) == 0)
            return fact;
    }
    return NULL;
}

/* The order of that id that counts; NULL where there is none. */
static struct lm_dispute_order *order_of(const struct lm_dispute_book *book, const char *id) {
    for (size_t i = 0; i < book->count; i++) {
        struct lm_dispute_order *order = &book->orders[i];
        if (!order->replaced && strcmp(order->fact->record.as.order.id, id) == 0)
            return order;
    }
    return NULL;
}

/* What was issued as traded of an order, which is used with it. */
static int64_t issued_wh(const struct lm_dispute *dispute, const struct lm_order *order) {
    size_t place = SIZE_MAX;
    struct lm_fact *fact;
    int64_t sum_wh = 0;
    while ((fact = next_trade(dispute, &place))) {
        const struct lm_trade *trade = &fact->record.as.trade;
        if (strcmp(trade->order, order->id) != 0)
            continue;
        fact->used = true;
        if (__builtin_add_overflow(sum_wh, trade->energy_wh, &sum_wh))
            return INT64_MAX;
    }
    return sum_wh;
}

/* A trade by itself beside the order that it is of: NULL where they agree. */
static const char *disagreement(const struct lm_trade *trade, const struct lm_order *order) {
    bool sells = order->side == LM_SIDE_OFFER;
    if (trade->side != order->side)
        return "is of the other side than her order";
    if (order->energy_wh == 0 && trade->energy_wh > 0)
        return "is of an order that she has withdrawn";
    if (trade->energy_wh > order->energy_wh)
        return "is of more energy than her order";
    if (trade->energy_wh > 0 &&
        (sells ? trade->price_micro < order->price_micro : trade->price_micro > order->price_micro))
        return "is at a price that her order, as she signed it, does not allow";
    return NULL;
}

/* Whether an order that is not here was nowhere: the orders that are here are all that the clearing
 * was made of, or the logs have been read. The answer rests on that. */
static bool is_absence_shown(struct lm_dispute *dispute, const struct lm_dispute_book *book) {
    bool complete = book->held && book->clearing &&
                    strcmp(book->clearing->record.as.clearing.orders_root, book->orders_root) == 0;
    if (dispute->shown && !complete)
        return false;
    lm_dispute_use_book(dispute);
    if (book->clearing)
        book->clearing->used = true;
    return true;
}

/* ---- receipts ---- */

enum standing {
    PROVES_NOTHING, /* no receipt that its log's keeper has signed */
    NOT_HERE,       /* that entry is under no checkpoint that is here */
    DENIED,         /* the keeper has signed later that there is no such entry */
    DIFFERS,        /* something else is there */
    STANDS,
};

static enum standing stand(const struct lm_dispute *dispute, struct lm_fact **found) {
    const struct lm_receipt *receipt = dispute->receipt;
    char leaf[LM_DIGEST_TEXT_SIZE];
    enum standing standing = NOT_HERE;
    if (!receipt)
        return PROVES_NOTHING;
    for (size_t i = 0; i < dispute->view->count; i++) {
        struct lm_fact *fact = dispute->view->items[i];
        if (!fact->log || strcmp(fact->log, receipt->log) != 0)
            continue;
        if (!fact->keeper || strcmp(fact->keeper, dispute->receipt_by) != 0)
            return PROVES_NOTHING;
        if (fact->n == (uint64_t)receipt->n) {
            lm_digest_text(fact->leaf, leaf);
            *found = fact;
            return strcmp(leaf, receipt->leaf) == 0 ? STANDS : DIFFERS;
        }
        if (fact->log_size <= (uint64_t)receipt->n && fact->signed_s > receipt->at_s &&
            fact->n + 1 == fact->log_size) {
            *found = fact;
            standing = DENIED;
        }
    }
    return standing;
}

/* A receipt that does not hold settles the claim: true where the answer is given. */
static bool is_promise_broken(struct lm_dispute *dispute, struct lm_fact **stands) {
    struct lm_fact *fact = NULL;
    *stands = NULL;
    switch (stand(dispute, &fact)) {
    case DIFFERS:
        fact->used = true;
        lm_dispute_answer(dispute, LM_RESULT_UPHELD, fact->keeper,
                          "%s has signed a receipt for entry %llu of %.200s, and another entry is "
                          "in its place",
                          fact->keeper, (unsigned long long)fact->n, fact->log);
        return true;
    case DENIED:
        fact->used = true;
        lm_dispute_answer(dispute, LM_RESULT_UPHELD, fact->keeper,
                          "%s has signed a receipt for entry %lld of %.200s, and later that the "
                          "log has %llu entries",
                          fact->keeper, (long long)dispute->receipt->n, fact->log,
                          (unsigned long long)fact->log_size);
        return true;
    case STANDS:
        *stands = fact;
        return false;
    default:
        return false;
    }
}

/* ---- "I never agreed to that price" ---- */

/* One trade: true where it settles the claim. */
static bool judge_price(struct lm_dispute *dispute, const struct lm_dispute_book *book,
                        struct lm_fact *fact) {
    const struct lm_trade *trade = &fact->record.as.trade;
    const struct lm_dispute_order *order = order_of(book, trade->order);
    const char *wrong = order ? disagreement(trade, &order->fact->record.as.order) : NULL;
    fact->used = true;
    if (!order && !is_absence_shown(dispute, book)) {
        (void)undecidable(dispute, "the order of the trade is not among what is here");
        return true;
    }
    if (!order) {
        lm_dispute_answer(dispute, LM_RESULT_UPHELD, trade->market,
                          "%s traded order %s, which %s never signed", trade->market, trade->order,
                          trade->from);
        return true;
    }
    lm_dispute_use_own(dispute);
    if (wrong || order->refused != LM_NONE) {
        lm_dispute_answer(
            dispute, LM_RESULT_UPHELD, trade->market, "the trade of order %s %s%s", trade->order,
            wrong ? wrong : "is of one that had to be refused: ", wrong ? "" : order->why);
        return true;
    }
    if (!book->clearing) {
        lm_dispute_answer(dispute, LM_RESULT_UNDECIDABLE, NULL,
                          "no clearing of that auction is under a checkpoint");
        return true;
    }
    book->clearing->used = true;
    if (trade->energy_wh > 0 &&
        trade->price_micro != book->clearing->record.as.clearing.price_micro) {
        lm_dispute_answer(dispute, LM_RESULT_UPHELD, trade->market,
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
    if (!is_subject_known(dispute))
        return undecidable(dispute, "nothing under a checkpoint says which auction is meant: name "
                                    "the period, or the entry of the trade");
    if (lm_dispute_book(dispute, NULL, &book, error) < 0)
        return -1;
    bool named = lm_dispute_names_any(dispute, LM_TYPE_TRADE);
    while (!settled && (fact = next_trade(dispute, &place))) {
        if (named && !lm_dispute_named(dispute, fact))
            continue;
        any = true;
        settled = judge_price(dispute, &book, fact);
    }
    if (!settled && !any) {
        (void)undecidable(dispute, "no trade of the claimant's in that auction is under a "
                                   "checkpoint, so no price was asked of her there");
    } else if (!settled && book.held &&
               book.price_micro != book.clearing->record.as.clearing.price_micro) {
        lm_dispute_use_book(dispute);
        lm_dispute_answer(dispute, LM_RESULT_UPHELD, dispute->market,
                          "the price of the clearing is not the one that the orders give");
    } else if (!settled) {
        lm_dispute_answer(dispute, LM_RESULT_REFUTED, NULL,
                          "%s has signed an order that allows this price, and it is the price of "
                          "the clearing",
                          claimant_of(dispute));
    }
    lm_dispute_book_free(&book);
    return 0;
}

/* ---- "my order was left out" ---- */

static bool strictly_better(const struct lm_order *order, int64_t price_micro) {
    return price_micro != LM_ABSENT &&
           (order->side == LM_SIDE_OFFER ? order->price_micro < price_micro
                                         : order->price_micro > price_micro);
}

/* The auction was held again, and is not the one that was issued: with that order left out, is it?
 */
static int judge_without(struct lm_dispute *dispute, const struct lm_dispute_order *order,
                         const char *issued_root, int64_t traded_wh, struct lm_error *error) {
    struct lm_dispute_book without = {0};
    const char *id = order->fact->record.as.order.id;
    if (lm_dispute_book(dispute, order->fact, &without, error) < 0)
        return -1;
    bool left_out = strcmp(without.orders_root, issued_root) == 0;
    lm_dispute_book_free(&without);
    if (left_out) {
        lm_dispute_use_book(dispute);
        return lm_dispute_answer(dispute, LM_RESULT_UPHELD, dispute->market,
                                 "order %s is in the log, nothing speaks against it, and the "
                                 "clearing was made without it: its orders_root is that of the "
                                 "other orders",
                                 id);
    }
    if (traded_wh > 0)
        return lm_dispute_answer(dispute, LM_RESULT_REFUTED, NULL,
                                 "order %s was not left out: %lld Wh of it were traded", id,
                                 (long long)traded_wh);
    return lm_dispute_answer(dispute, LM_RESULT_UNDECIDABLE, NULL,
                             "the clearing is not the one that the orders in the log give, but "
                             "which of them were left out cannot be told from its orders_root");
}

static int judge_entered(struct lm_dispute *dispute, const struct lm_dispute_book *book,
                         const struct lm_dispute_order *order, struct lm_error *error) {
    const struct lm_order *body = &order->fact->record.as.order;
    lm_dispute_use_own(dispute);
    if (order->replaced)
        return lm_dispute_answer(dispute, LM_RESULT_REFUTED, NULL,
                                 "%s has replaced order %s of seq %lld by a later one", body->from,
                                 body->id, (long long)body->seq);
    if (body->energy_wh == 0)
        return lm_dispute_answer(dispute, LM_RESULT_REFUTED, NULL, "%s has withdrawn order %s",
                                 body->from, body->id);
    if (order->refused != LM_NONE)
        return lm_dispute_answer(dispute, LM_RESULT_REFUTED, NULL,
                                 "order %s had to be refused (%s): %s", body->id,
                                 lm_reason_word(order->refused), order->why);
    if (!book->clearing)
        return undecidable(dispute, "the order is in the log, and no clearing of its auction is "
                                    "under a checkpoint");
    const struct lm_clearing *clearing = &book->clearing->record.as.clearing;
    int64_t traded_wh = issued_wh(dispute, body);
    book->clearing->used = true;
    if (book->held && strcmp(clearing->orders_root, book->orders_root) != 0)
        return judge_without(dispute, order, clearing->orders_root, traded_wh, error);
    if (book->held && order->energy_wh > 0 && traded_wh == 0) {
        lm_dispute_use_book(dispute);
        return lm_dispute_answer(dispute, LM_RESULT_UPHELD, dispute->market,
                                 "by the orders of the clearing %lld Wh of order %s are traded, "
                                 "and no such trade was issued",
                                 (long long)order->energy_wh, body->id);
    }
    if (traded_wh > 0)
        return lm_dispute_answer(dispute, LM_RESULT_REFUTED, NULL,
                                 "order %s was in the auction: %lld Wh of it were traded", body->id,
                                 (long long)traded_wh);
    if (!book->held && strictly_better(body, clearing->price_micro))
        return undecidable(dispute, "the order is better than the price, and its trade is not "
                                    "among what is here");
    return lm_dispute_answer(dispute, LM_RESULT_REFUTED, NULL,
                             "order %s was in the auction, and at its price nothing was left to "
                             "be traded",
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
        return undecidable(dispute, "no such order is in the log, and there is no receipt for it "
                                    "that proves anything: " NO_TRACE);
    if (!pointed)
        return undecidable(dispute, "the orders of the claimant that are in the log were in the "
                                    "auction, or had to be refused; of another one: " NO_TRACE);
    return 0;
}

int lm_dispute_left_out(struct lm_dispute *dispute, struct lm_error *error) {
    struct lm_dispute_book book = {0};
    struct lm_fact *receipted;
    if (is_promise_broken(dispute, &receipted))
        return 0;
    if (receipted && (receipted->record.type != LM_TYPE_ORDER ||
                      strcmp(receipted->record.as.order.from, claimant_of(dispute)) != 0))
        return lm_dispute_answer(dispute, LM_RESULT_UNDECIDABLE, NULL,
                                 "what the receipt was given for is in the log, and is no order of "
                                 "the claimant's");
    if (dispute->receipt && !receipted)
        return undecidable(dispute, "the receipt is for an entry that is under no checkpoint here, "
                                    "or by somebody who does not keep that log");
    if (!is_subject_known(dispute))
        return undecidable(dispute, "no order of the claimant's is in the log, and there is no "
                                    "receipt for one that proves anything: " NO_TRACE);
    if (lm_dispute_book(dispute, NULL, &book, error) < 0)
        return -1;
    int result = judge_left_out(dispute, &book, receipted, error);
    lm_dispute_book_free(&book);
    return result;
}

/* ---- "my order was altered" ---- */

/* An order in the claimant's name that her key has not signed as it is there. */
static bool is_forged_in_log(struct lm_dispute *dispute) {
    for (size_t i = 0; i < dispute->view->count; i++) {
        struct lm_fact *fact = dispute->view->items[i];
        const struct lm_order *order = &fact->record.as.order;
        if (fact->record.type != LM_TYPE_ORDER || !lm_fact_is_foreign(fact->refused) ||
            !fact->keeper || strcmp(order->from, claimant_of(dispute)) != 0 ||
            (dispute->period.minutes && lm_period_compare(order->period, dispute->period) != 0))
            continue;
        fact->used = true;
        lm_dispute_answer(
            dispute, LM_RESULT_UPHELD, fact->keeper,
            "order %s of %s in entry %llu of %.200s is not as that user's key signed it, "
            "and %s took it in",
            order->id, order->from, (unsigned long long)fact->n, fact->log, fact->keeper);
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
        lm_dispute_answer(dispute, LM_RESULT_REFUTED, NULL,
                          "%s has signed both: the order that is in the log, and the one that she "
                          "shows, under one seq",
                          own->from);
        return true;
    }
    if (!met)
        (void)undecidable(dispute,
                          "the order that the claimant shows is not in the log, nor "
                          "another one of its id and seq, and there is no receipt: " NO_TRACE);
    return !met;
}

static bool judge_traded(struct lm_dispute *dispute, const struct lm_dispute_book *book) {
    size_t place = SIZE_MAX;
    struct lm_fact *fact;
    while ((fact = next_trade(dispute, &place))) {
        const struct lm_trade *trade = &fact->record.as.trade;
        const struct lm_dispute_order *order = order_of(book, trade->order);
        fact->used = true;
        if (!order && !is_absence_shown(dispute, book)) {
            (void)undecidable(dispute, "the order of a trade is not among what is here");
            return true;
        }
        const char *wrong = order ? disagreement(trade, &order->fact->record.as.order)
                                  : "is of an order that she never signed";
        if (!wrong && book->held && book->clearing && order->refused == LM_NONE &&
            strcmp(book->clearing->record.as.clearing.orders_root, book->orders_root) == 0 &&
            issued_wh(dispute, &order->fact->record.as.order) != order->energy_wh) {
            book->clearing->used = true;
            lm_dispute_use_book(dispute);
            wrong = "is not of the energy that the orders give";
        }
        if (!wrong)
            continue;
        lm_dispute_use_own(dispute);
        lm_dispute_answer(dispute, LM_RESULT_UPHELD, trade->market, "the trade of order %s %s",
                          trade->order, wrong);
        return true;
    }
    return false;
}

int lm_dispute_altered(struct lm_dispute *dispute, struct lm_error *error) {
    struct lm_dispute_book book = {0};
    struct lm_fact *receipted;
    if (is_promise_broken(dispute, &receipted) || is_forged_in_log(dispute))
        return 0;
    if (!is_subject_known(dispute))
        return undecidable(dispute, "no order of the claimant's is in the log: " NO_TRACE);
    if (lm_dispute_book(dispute, NULL, &book, error) < 0)
        return -1;
    bool own = dispute->own && dispute->own->type == LM_TYPE_ORDER;
    if (book.count == 0 && !own)
        (void)undecidable(dispute, "no order of the claimant's is in the log: " NO_TRACE);
    else if (!(own && judge_copy(dispute, &book)) && !judge_traded(dispute, &book)) {
        lm_dispute_use_own(dispute);
        lm_dispute_answer(dispute, LM_RESULT_REFUTED, NULL,
                          "%s has signed every order in that name as it is in the log, and nothing "
                          "else was traded",
                          claimant_of(dispute));
    }
    lm_dispute_book_free(&book);
    return 0;
}
