/*
 * Orders in the making: from what a person or a CSV row says to an order record, checked against
 * the terms of its market before anybody signs it.
 */
#ifndef LM_MARKET_BID_H
#define LM_MARKET_BID_H

#include "lib/base/csv.h"
#include "lib/market/terms.h"

/* What orders are made with. */
struct lm_bid_maker {
    /* For what a row does not say; the first four may be absent as in records. */
    struct lm_order defaults;
    const char *period;                /* as --period spells it; NULL where rows must say it */
    const struct lm_terms_list *terms; /* NULL: there are none to keep */
    int64_t minutes;                   /* length of a period where there are no terms */
    bool cancel;                       /* every order is a withdrawal: energy 0 */
    bool count_seq;                    /* seqs count up from next_seq, not from the clock */
    int64_t next_seq;                  /* the lowest for the next order whose seq nobody says */
};

/* An order and the room for an id that was derived. */
struct lm_bid {
    struct lm_order order;
    char id[LM_ID_SIZE_MAX + 1];
};

/* The columns of a CSV file of orders; ends with NULL. */
extern const char *const lm_bid_columns[];

/* Starts an order with what the maker knows; its time is NOW_US, microseconds since 1970. */
void lm_bid_start(const struct lm_bid_maker *maker, int64_t now_us, struct lm_bid *bid) LM_NONNULL;

/* Reads "2kWh@0.11" into the order. A withdrawal's energy is 0 whatever the text says. */
int lm_bid_quantity(const struct lm_bid_maker *maker, const char *text, struct lm_bid *bid,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Checks that a header has every column for which the maker has no default. */
int lm_bid_header(const struct lm_bid_maker *maker, const struct lm_csv_header *header,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Reads a row into the order, which then borrows its texts. PERIOD is set to the text of the
 * row's period, or the maker's. */
int lm_bid_row(const struct lm_bid_maker *maker, const struct lm_csv_header *header,
               const struct lm_csv_row *row, const char **period, struct lm_bid *bid,
               struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * Completes the order: its period from PERIOD, a text as --period takes it, in lengths of the
 * market's terms; an id like "offer-0.11" where it has none; a seq where it has none, greater than
 * those given before: the clock's microseconds NOW_US, unless the maker counts. Then checks it: -1
 * with LM_PERIOD       the period's length is not that of the terms at its start LM_LATE its gate
 * has closed; the hint names the next open period LM_PRICE        the price is below the floor or
 * above the cap, unless it is a withdrawal LM_BAD_MEMBER   the energy is 0 and it is no withdrawal
 *   LM_INTEGER_RANGE, LM_MISSING_RECORD, LM_AMBIGUOUS, LM_USAGE (not a period)
 */
int lm_bid_finish(struct lm_bid_maker *maker, const char *period, int64_t now_us,
                  struct lm_bid *bid, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
