/* The auction of a dispute's market and period, by the orders that are there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/evidence/dispute_parts.h"
#include "lib/market/books.h"

struct visit {
    const struct lm_dispute *dispute;
    struct lm_dispute_book *book;
};

static bool is_of_book(const struct lm_dispute *dispute, const struct lm_fact *fact) {
    const struct lm_record *record = &fact->record;
    if (!lm_fact_counts(dispute->registry, fact))
        return false;
    if (record->type == LM_TYPE_MARKET_RULES)
        return strcmp(record->as.market_rules.market, dispute->market) == 0;
    return record->type == LM_TYPE_ORDER && fact->log &&
           strcmp(record->as.order.market, dispute->market) == 0 &&
           lm_same_period(record->as.order.period, dispute->period);
}

static bool is_own(const struct lm_dispute *dispute, const struct lm_fact *fact) {
    return fact->record.type == LM_TYPE_ORDER &&
           strcmp(fact->record.as.order.from, dispute->claim->claimant) == 0;
}

void lm_dispute_use_book(const struct lm_dispute *dispute) {
    for (size_t i = 0; i < dispute->facts->count; i++) {
        if (is_of_book(dispute, &dispute->facts->items[i]))
            dispute->facts->items[i].used = true;
    }
}

void lm_dispute_use_own(const struct lm_dispute *dispute) {
    for (size_t i = 0; i < dispute->facts->count; i++) {
        struct lm_fact *fact = &dispute->facts->items[i];
        if (is_of_book(dispute, fact) &&
            (fact->record.type == LM_TYPE_MARKET_RULES || is_own(dispute, fact)))
            fact->used = true;
    }
}

/* Orders are told apart by where they are among the facts, which is their line. */
static int on_reject(void *context, const struct lm_books_rejected *rejected,
                     struct lm_error *error) {
    struct visit *visit = context;
    (void)error;
    if (!rejected->from)
        return 0;
    for (size_t i = 0; i < visit->book->count; i++) {
        struct lm_dispute_order *order = &visit->book->orders[i];
        if ((uint64_t)(order->fact - visit->dispute->facts->items) + 1 != rejected->place.line)
            continue;
        order->refused = rejected->why.reason;
        (void)snprintf(order->why, sizeof order->why, "%s", rejected->why.detail);
    }
    return 0;
}

static int on_clearing(void *context, const struct lm_clearing *clearing, struct lm_error *error) {
    struct visit *visit = context;
    (void)error;
    visit->book->held = true;
    visit->book->price_micro = clearing->price_micro;
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

static int collect_own(const struct lm_dispute *dispute, struct lm_dispute_book *book,
                       struct lm_error *error) {
    book->orders = calloc(dispute->facts->count + 1, sizeof *book->orders);
    if (!book->orders)
        return lm_fail_memory(error);
    for (size_t i = 0; i < dispute->facts->count; i++) {
        struct lm_fact *fact = &dispute->facts->items[i];
        if (is_of_book(dispute, fact) && is_own(dispute, fact))
            book->orders[book->count++].fact = fact;
    }
    for (size_t i = 0; i < book->count; i++) {
        const struct lm_order *order = &book->orders[i].fact->record.as.order;
        for (size_t j = 0; j < book->count; j++) {
            const struct lm_order *other = &book->orders[j].fact->record.as.order;
            if (strcmp(order->id, other->id) == 0 && other->seq > order->seq)
                book->orders[i].replaced = true;
        }
    }
    return 0;
}

static int hold(struct visit *visit, struct lm_books *books, const struct lm_fact *left_out,
                struct lm_error *error) {
    const struct lm_dispute *dispute = visit->dispute;
    const struct lm_books_visitor visitor = {
        .clearing = on_clearing, .trade = on_trade, .context = visit};
    struct lm_price_rule rule;
    for (size_t i = 0; i < dispute->facts->count; i++) {
        const struct lm_fact *fact = &dispute->facts->items[i];
        const struct lm_place place = {fact->log ? fact->log : "", i + 1};
        if (is_of_book(dispute, fact) && fact != left_out &&
            (dispute->whole || fact->record.type == LM_TYPE_MARKET_RULES ||
             is_own(dispute, fact)) &&
            lm_books_add(books, &fact->record, &place, "", 0, error) < 0)
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

int lm_dispute_book(const struct lm_dispute *dispute, const struct lm_fact *left_out,
                    struct lm_dispute_book *book, struct lm_error *error) {
    struct lm_books_options options = {.market = dispute->market, .period = dispute->period};
    struct visit visit = {.dispute = dispute};
    size_t place = SIZE_MAX;
    struct lm_fact *fact;
    *book = (struct lm_dispute_book){0};
    visit.book = book;
    while ((fact = lm_dispute_next(dispute, LM_TYPE_CLEARING, &place))) {
        const struct lm_clearing *clearing = &fact->record.as.clearing;
        if (!book->clearing && strcmp(clearing->market, dispute->market) == 0 &&
            lm_same_period(clearing->period, dispute->period))
            book->clearing = fact;
    }
    if (collect_own(dispute, book, error) < 0)
        return -1;
    struct lm_books *books = lm_books_new(&options, error);
    int result = books ? hold(&visit, books, left_out, error) : -1;
    lm_books_free(books);
    if (result < 0)
        lm_dispute_book_free(book);
    return result;
}

void lm_dispute_book_free(struct lm_dispute_book *book) {
    free(book->orders);
    *book = (struct lm_dispute_book){0};
}
