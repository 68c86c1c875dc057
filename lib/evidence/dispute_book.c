#include "lib/evidence/dispute_book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/groups.h"
#include "lib/evidence/dispute_parts.h"
#include "lib/market/books.h"

struct visit {
    const struct lm_dispute *dispute;
    struct lm_dispute_book *book;
    const struct lm_fact *left_out; /* as if that order were not there; may be NULL */
    bool none_of_hers;              /* as if none of the claimant's were */
};

static bool is_of_book(const struct lm_dispute *dispute, const struct lm_fact *fact) {
    const struct lm_record *record = &fact->record;
    if (!fact->counts)
        return false;
    if (record->type == LM_TYPE_MARKET_RULES)
        return strcmp(record->as.market_rules.market, dispute->market) == 0;
    return record->type == LM_TYPE_ORDER && fact->log &&
           strcmp(record->as.order.market, dispute->market) == 0 &&
           lm_period_compare(record->as.order.period, dispute->period) == 0;
}

static bool is_own(const struct lm_dispute *dispute, const struct lm_fact *fact) {
    return fact->record.type == LM_TYPE_ORDER &&
           strcmp(fact->record.as.order.from, dispute->claim->claimant) == 0;
}

void lm_dispute_use_book(struct lm_dispute *dispute) {
    for (size_t i = 0; i < dispute->view->count && !dispute->used_book; i++) {
        if (is_of_book(dispute, dispute->view->items[i]))
            dispute->view->items[i]->used = true;
    }
    dispute->used_book = true;
}

void lm_dispute_use_own(struct lm_dispute *dispute) {
    for (size_t i = 0; i < dispute->view->count && !dispute->used_own; i++) {
        struct lm_fact *fact = dispute->view->items[i];
        if (is_of_book(dispute, fact) &&
            (fact->record.type == LM_TYPE_MARKET_RULES || is_own(dispute, fact)))
            fact->used = true;
    }
    dispute->used_own = true;
}

static int compare_places(const void *a, const void *b) {
    const struct lm_dispute_order *x = a;
    const struct lm_dispute_order *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

/* Orders are told apart by where they are among the facts, which is their line. */
static int on_reject(void *context, const struct lm_books_rejected *rejected,
                     struct lm_error *error) {
    struct visit *visit = context;
    (void)error;
    if (!rejected->from)
        return 0;
    const struct lm_dispute_order wanted = {.place = (size_t)rejected->place.line - 1};
    struct lm_dispute_order *order = bsearch(&wanted, visit->book->orders, visit->book->count,
                                             sizeof *visit->book->orders, compare_places);
    if (!order)
        return 0;
    order->refused = rejected->why.reason;
    (void)snprintf(order->why, sizeof order->why, "%s", rejected->why.detail);
    return 0;
}

static int on_clearing(void *context, const struct lm_clearing *clearing, struct lm_error *error) {
    struct visit *visit = context;
    (void)error;
    visit->book->held = true;
    visit->book->price_micro = clearing->price_micro;
    visit->book->offers = clearing->offers;
    visit->book->bids = clearing->bids;
    (void)snprintf(visit->book->orders_root, sizeof visit->book->orders_root, "%s",
                   clearing->orders_root);
    return 0;
}

static int on_trade(void *context, const struct lm_trade *trade, struct lm_error *error) {
    struct visit *visit = context;
    (void)error;
    if (strcmp(trade->from, visit->dispute->claim->claimant) != 0)
        return 0;
    for (size_t i = 0; i < visit->book->count; i++) {
        struct lm_dispute_order *order = &visit->book->orders[i];
        if (order->replaced || strcmp(order->fact->record.as.order.id, trade->order) != 0)
            continue;
        order->traded = true;
        order->energy_wh += trade->energy_wh;
        order->price_micro = trade->price_micro;
    }
    return 0;
}

/* Of the orders of one id those of the highest seq are not replaced. */
static int find_replaced(struct lm_dispute_book *book, struct lm_error *error) {
    struct lm_groups by_id;
    int result = 0;
    lm_groups_start(&by_id);
    for (size_t i = 0; i < book->count && result == 0; i++) {
        const char *id = book->orders[i].fact->record.as.order.id;
        struct lm_group *group = lm_groups_enter(&by_id, id, strlen(id), error);
        result = group ? lm_group_add(group, i, error) : -1;
    }
    for (size_t i = 0; i < by_id.names.count && result == 0; i++) {
        const struct lm_group *group = &by_id.items[i];
        int64_t highest = 0;
        for (size_t k = 0; k < group->count; k++) {
            int64_t seq = book->orders[group->items[k]].fact->record.as.order.seq;
            highest = seq > highest ? seq : highest;
        }
        for (size_t k = 0; k < group->count; k++) {
            struct lm_dispute_order *order = &book->orders[group->items[k]];
            order->replaced = order->fact->record.as.order.seq < highest;
        }
    }
    lm_groups_free(&by_id);
    return result;
}

static int collect_own(const struct lm_dispute *dispute, struct lm_dispute_book *book,
                       struct lm_error *error) {
    size_t room = 0;
    for (size_t i = 0; i < dispute->view->count; i++) {
        struct lm_fact *fact = dispute->view->items[i];
        if (!is_of_book(dispute, fact) || !is_own(dispute, fact))
            continue;
        struct lm_dispute_order *orders =
            lm_array_room(book->orders, &room, book->count, sizeof *orders, error);
        if (!orders)
            return -1;
        book->orders = orders;
        orders[book->count++] = (struct lm_dispute_order){.fact = fact, .place = i};
    }
    return find_replaced(book, error);
}

static bool is_left_out(const struct visit *visit, const struct lm_fact *fact) {
    return fact == visit->left_out || (visit->none_of_hers && is_own(visit->dispute, fact));
}

static int hold(struct visit *visit, struct lm_books *books, struct lm_error *error) {
    const struct lm_dispute *dispute = visit->dispute;
    const struct lm_books_visitor visitor = {
        .clearing = on_clearing, .trade = on_trade, .context = visit};
    struct lm_price_rule rule;
    for (size_t i = 0; i < dispute->view->count; i++) {
        const struct lm_fact *fact = dispute->view->items[i];
        const struct lm_place place = {fact->log ? fact->log : "", i + 1};
        struct lm_record held;
        if (is_of_book(dispute, fact) && !is_left_out(visit, fact) &&
            (dispute->whole || fact->record.type == LM_TYPE_MARKET_RULES ||
             is_own(dispute, fact)) &&
            lm_dispute_term(dispute, i, &held) &&
            lm_books_add(books, &held, &place, "", 0, error) < 0)
            return -1;
    }
    const struct lm_fact *clearing = visit->book->clearing;
    if (clearing) {
        const char *text = clearing->record.as.clearing.price_rule;
        bool known = lm_price_rule_parse(text, strlen(text), &rule);
        if (lm_books_want(books, dispute->market, dispute->period, known ? &rule : NULL, error) < 0)
            return -1;
    }
    if (lm_books_judge(books, on_reject, visit, error) < 0)
        return -1;
    return dispute->whole ? lm_books_clear(books, &visitor, error) : 0;
}

static int make_book(struct visit *visit, struct lm_error *error) {
    const struct lm_dispute *dispute = visit->dispute;
    struct lm_dispute_book *book = visit->book;
    struct lm_books_options options = {.market = dispute->market, .period = dispute->period};
    size_t place = SIZE_MAX;
    struct lm_fact *fact;
    *book = (struct lm_dispute_book){0};
    while ((fact = lm_dispute_next(dispute, LM_TYPE_CLEARING, &place))) {
        const struct lm_clearing *clearing = &fact->record.as.clearing;
        if (!book->clearing && strcmp(clearing->market, dispute->market) == 0 &&
            lm_period_compare(clearing->period, dispute->period) == 0)
            book->clearing = fact;
    }
    struct lm_books *books = NULL;
    if (collect_own(dispute, book, error) == 0)
        books = lm_books_new(&options, error);
    int result = books ? hold(visit, books, error) : -1;
    lm_books_free(books);
    if (result < 0)
        lm_dispute_book_free(book);
    return result;
}

int lm_dispute_book(const struct lm_dispute *dispute, struct lm_dispute_book *book,
                    struct lm_error *error) {
    struct visit visit = {.dispute = dispute, .book = book};
    return make_book(&visit, error);
}

int lm_dispute_book_without(const struct lm_dispute *dispute, const struct lm_fact *order,
                            struct lm_dispute_book *book, struct lm_error *error) {
    struct visit visit = {
        .dispute = dispute, .book = book, .left_out = order, .none_of_hers = !order};
    return make_book(&visit, error);
}

void lm_dispute_book_free(struct lm_dispute_book *book) {
    free(book->orders);
    *book = (struct lm_dispute_book){0};
}
