#include "lib/evidence/dispute_auction.h"

#include <string.h>

bool lm_dispute_knows_auction(const struct lm_dispute *dispute) {
    return dispute->market && dispute->period.minutes;
}

struct lm_fact *lm_dispute_next_trade(const struct lm_dispute *dispute, size_t *place) {
    struct lm_fact *fact;
    while ((fact = lm_dispute_next(dispute, LM_TYPE_TRADE, place))) {
        const struct lm_trade *trade = &fact->record.as.trade;
        if (fact->log && strcmp(trade->from, lm_dispute_claimant(dispute)) == 0 &&
            strcmp(trade->market, dispute->market) == 0 &&
            lm_period_compare(trade->period, dispute->period) == 0)
            return fact;
    }
    return NULL;
}

struct lm_dispute_order *lm_dispute_order_of(const struct lm_dispute_book *book, const char *id) {
    for (size_t i = 0; i < book->count; i++) {
        struct lm_dispute_order *order = &book->orders[i];
        if (!order->replaced && strcmp(order->fact->record.as.order.id, id) == 0)
            return order;
    }
    return NULL;
}

int64_t lm_dispute_issued_wh(const struct lm_dispute *dispute, const struct lm_order *order) {
    size_t place = SIZE_MAX;
    struct lm_fact *fact;
    int64_t sum_wh = 0;
    while ((fact = lm_dispute_next_trade(dispute, &place))) {
        const struct lm_trade *trade = &fact->record.as.trade;
        if (strcmp(trade->order, order->id) != 0)
            continue;
        fact->used = true;
        if (__builtin_add_overflow(sum_wh, trade->energy_wh, &sum_wh))
            return INT64_MAX;
    }
    return sum_wh;
}

const char *lm_dispute_disagreement(const struct lm_trade *trade, const struct lm_order *order) {
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

bool lm_dispute_is_complete(const struct lm_dispute_book *book) {
    return book->held && book->clearing &&
           strcmp(book->clearing->record.as.clearing.orders_root, book->orders_root) == 0;
}

bool lm_dispute_is_covered(const struct lm_dispute_book *book) {
    return book->held && book->clearing &&
           book->offers >= book->clearing->record.as.clearing.offers &&
           book->bids >= book->clearing->record.as.clearing.bids;
}

bool lm_dispute_shows_absence(struct lm_dispute *dispute, const struct lm_dispute_book *book) {
    if (dispute->shown && !lm_dispute_is_complete(book))
        return false;
    lm_dispute_use_book(dispute);
    if (book->clearing)
        book->clearing->used = true;
    return true;
}

/* ---- what the market has told her ---- */

static bool is_of_auction(const struct lm_dispute *dispute, const char *market,
                          struct lm_period period) {
    return strcmp(market, dispute->market) == 0 && lm_period_compare(period, dispute->period) == 0;
}

/* The trade of that order and number in the log; NULL for none. */
static struct lm_fact *logged_trade(const struct lm_dispute *dispute, const char *order,
                                    const struct lm_trade *own) {
    size_t place = SIZE_MAX;
    struct lm_fact *fact;
    while ((fact = lm_dispute_next_trade(dispute, &place))) {
        const struct lm_trade *trade = &fact->record.as.trade;
        if (strcmp(trade->order, order) == 0 && (!own || trade->n == own->n))
            return fact;
    }
    return NULL;
}

static const char *compare_trade(const struct lm_dispute *dispute, const struct lm_trade *own) {
    struct lm_fact *fact = logged_trade(dispute, own->order, own);
    if (!fact)
        return NULL;
    const struct lm_trade *trade = &fact->record.as.trade;
    if (trade->side == own->side && trade->energy_wh == own->energy_wh &&
        trade->price_micro == own->price_micro)
        return NULL;
    fact->used = true;
    return "another trade than is in its log";
}

static const char *compare_notice(const struct lm_dispute *dispute,
                                  const struct lm_dispute_book *book, const struct lm_notice *own) {
    if (book->clearing && book->clearing->record.as.clearing.price_micro != own->price_micro) {
        book->clearing->used = true;
        return "another price than that of the clearing";
    }
    for (size_t i = 0; i < json_array_size(own->orders); i++) {
        const json_t *told = json_array_get(own->orders, i);
        const char *id = json_string_value(json_object_get(told, "id"));
        const struct lm_order order = {.id = id};
        if (!logged_trade(dispute, id, NULL) ||
            lm_dispute_issued_wh(dispute, &order) ==
                json_integer_value(json_object_get(told, "energy_wh")))
            continue;
        return "another energy than that of the trade in its log";
    }
    return NULL;
}

bool lm_dispute_was_told_otherwise(struct lm_dispute *dispute, const struct lm_dispute_book *book) {
    const struct lm_record *own = dispute->own;
    const char *what = NULL;
    if (own && own->type == LM_TYPE_TRADE &&
        is_of_auction(dispute, own->as.trade.market, own->as.trade.period))
        what = compare_trade(dispute, &own->as.trade);
    if (own && own->type == LM_TYPE_NOTICE &&
        is_of_auction(dispute, own->as.notice.market, own->as.notice.period))
        what = compare_notice(dispute, book, &own->as.notice);
    if (what)
        lm_dispute_upheld(dispute, dispute->market, "%s has signed, for %s, %s", dispute->market,
                          lm_dispute_claimant(dispute), what);
    return what;
}
