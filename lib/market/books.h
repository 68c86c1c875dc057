/*
 * Order books: all the orders of a stream, for any number of markets and periods, each of which
 * clears by itself. Records are added one by one, in any order; then the books are judged, which
 * tells the orders that do not count, and cleared, which tells the results. Nothing of either
 * depends on the order in which the records came.
 *
 *     struct lm_books *books = lm_books_new(&options, &error);
 *     while (... a record ...)
 *         lm_books_add(books, &record, &place, text, size, &error);
 *     lm_books_judge(books, on_reject, context, &error);
 *     lm_books_clear(books, &visitor, &error);
 *     lm_books_free(books);
 *
 * What counts, in this order, each step as if what an earlier one rejected had never come:
 *
 * 1. Of a market's rules that hold at a period's start those count that lib/record/latest.h says:
 *    the latest valid.start, and none that were logged only afterwards. Where two different ones
 *    begin together, all of these and the orders that they would rule are rejected (LM_AMBIGUOUS)
 *    and nothing is cleared there. Where no rules hold, 2 and 4 do not apply.
 * 2. Each order by itself: its period has the rules' length (LM_PERIOD); it was logged, where it
 *    comes in an entry, before period start less gate_minutes (LM_LATE); its price lies within
 *    floor and cap (LM_PRICE; a withdrawal's price does not matter).
 * 3. Of the orders of one (market, period, from, id) the highest seq counts. Equal content is one
 *    order, however often and under whatever signatures it comes. Two different contents of the
 *    highest seq void the order: all of that seq are rejected (LM_CONFLICT) and none of a lower
 *    seq comes back. Energy 0 withdraws the order.
 * 4. Of an entity's orders in one market and period, by id in byte order, those beyond max_orders
 *    are rejected (LM_QUOTA).
 * 5. An entity whose highest bid reaches its lowest offer loses all its orders of that market and
 *    period (LM_SELF_TRADE).
 * 6. Where a side's energy exceeds 2^53-1 Wh, its largest orders are rejected until it fits
 *    (LM_TOTAL), of equal ones the first by (from, id).
 *
 * A market and period is cleared where an order passes step 2, or where lm_books_want names it.
 */
#ifndef LM_MARKET_BOOKS_H
#define LM_MARKET_BOOKS_H

#include "lib/base/lines.h"
#include "lib/record/price_rule.h"
#include "lib/record/record.h"

struct lm_books;

struct lm_books_options {
    const char *market;      /* only this market; NULL: all of them */
    struct lm_period period; /* only this period; minutes 0: all of them */
    /* The price rule where no market-rules hold; rules that say another are LM_USAGE. Without it
     * the midpoint. */
    bool price_rule_given;
    struct lm_price_rule price_rule;
    bool keep_text; /* keep the orders' lines, for lm_books_reject */
};

/* Empty books. The texts of OPTIONS must outlive them. NULL with *error. */
struct lm_books *lm_books_new(const struct lm_books_options *options,
                              struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_books_free(struct lm_books *books);

/* Sets the period of the options, before the first order is added. */
void lm_books_only(struct lm_books *books, struct lm_period period) LM_NONNULL;

/* Adds an order or market-rules, bare or out of an entry; passes over other types, markets and
 * periods. TEXT is the line. Nothing of the arguments is kept by reference. Fails only for want
 * of memory. */
int lm_books_add(struct lm_books *books, const struct lm_record *record,
                 const struct lm_place *place, const char *text, size_t size,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Wants a clearing even of an empty book, and by RULE (may be NULL) where no market-rules hold; of
 * several the one with the lowest price. */
int lm_books_want(struct lm_books *books, const char *market, struct lm_period period,
                  const struct lm_price_rule *rule, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 5) LM_MUST_CHECK;

/* After judging: whether the rules of a market and period were known only later, and no others
 * were. */
bool lm_books_late(const struct lm_books *books, const char *market,
                   struct lm_period period) LM_NONNULL LM_MUST_CHECK;

/* A rejected record. */
struct lm_books_rejected {
    struct lm_place place;
    const char *text; /* its line; NULL where it was not kept */
    size_t size;
    struct lm_error why;
    const char *market;
    struct lm_period period; /* this and the next two are an order's; NULL for rules */
    const char *from;
    const char *id;
};

/* Told of the rejected records: rules first, then orders, both as they were added. Returns 0, or
 * -1 with *error to go no further. */
typedef int lm_books_reject(void *context, const struct lm_books_rejected *rejected,
                            struct lm_error *error);

/* Decides what counts, once, after the last record. LM_USAGE, before anything is told, where the
 * options contradict the rules. */
int lm_books_judge(struct lm_books *books, lm_books_reject *reject, void *context,
                   struct lm_error *error) LM_NONNULL_AT(1, 2, 4) LM_MUST_CHECK;

/* Told of the results by (period, market): the clearing, its trades by (from, id), its curves:
 * supply by ascending, demand by descending price. Any may be NULL. All zero-energy trades come,
 * too. The records' texts stay until the call returns. */
struct lm_books_visitor {
    int (*clearing)(void *context, const struct lm_clearing *clearing, struct lm_error *error);
    int (*trade)(void *context, const struct lm_trade *trade, struct lm_error *error);
    int (*curve)(void *context, const struct lm_curve *curve, struct lm_error *error);
    void *context;
};

/* Clears what lm_books_judge left. */
int lm_books_clear(struct lm_books *books, const struct lm_books_visitor *visitor,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
