/*
 * One period's work. Private to lib/settle.
 */
#ifndef LM_SETTLE_PERIOD_WORK_H
#define LM_SETTLE_PERIOD_WORK_H

#include "lib/settle/customer.h"
#include "lib/settle/settle_rows.h"
#include "lib/settle/transfers.h"

/* A user with a meter or a trade, or a supplier that traded. */
struct lm_participant {
    const struct lm_party *party;
    uint32_t supplier;
    uint32_t market; /* of her trades; LM_NOBODY where she has none of any energy */
    size_t trades;   /* the first in settle->trades, and how many */
    size_t trade_count;
    struct lm_flows flows;
    uint32_t meters;
    uint32_t unread;   /* a meter without a reading, or LM_NOBODY */
    uint32_t disputed; /* the place in settle->readings + 1 of one that disagrees, or 0 */
    bool two_markets;
    bool total;   /* an energy is above 2^53-1 Wh */
    bool crowded; /* hers are not, but with those of her supplier's other customers they are */
    bool settled;
    uint32_t currency; /* of her terms */
    struct lm_customer_terms terms;
};

/* An operator in a region that it serves. */
struct lm_operator {
    const struct lm_party *party;
    uint32_t region;
    uint32_t currency;
    int64_t price_micro;
    uint8_t reason; /* why its fee is not known, or LM_NONE */
    bool late;      /* its fee was known only later, and no other one was */
    /* What the customers of the supplier at hand metered there. */
    bool touched;
    lm_i128 import_wh;
    lm_i128 export_wh;
};

/* A market with trades in the period. */
struct lm_trading {
    uint32_t market;
    lm_i128 sold_wh;
    lm_i128 bought_wh;
    lm_i128 value_nano;                     /* sold less bought */
    struct lm_place where;                  /* of one of its trades */
    const struct lm_clearing_row *clearing; /* NULL where there is none */
    bool unknown; /* not all trades are there, so that nobody knows who transfers what */
};

/* What a supplier's group sold less what it bought in a market. */
struct lm_group_net {
    uint32_t market;
    uint32_t supplier;
    lm_i128 amount_nano;
};

struct lm_due {
    uint32_t market;
    uint32_t from;
    uint32_t to;
    lm_i128 amount_nano;
};

/* How long the periods of a market in a region are. */
struct lm_length {
    uint32_t region;
    int64_t minutes;
};

/* A tariff's retail price in the period at hand. */
struct lm_tariff_price {
    uint64_t stamp;
    int64_t price_micro;
    uint8_t reason;
};

struct lm_period_work {
    struct lm_settle *settle;
    const struct lm_settle_visitor *visitor; /* NULL: nothing is told */
    struct lm_period_row *period;
    int64_t start_s;
    char label[LM_TIME_SIZE];
    uint64_t stamp;
    bool refused;
    uint32_t currency;    /* LM_NOBODY where nothing needs one */
    uint32_t *reading_at; /* by meter: place in readings + 1; all 0 between periods */
    uint32_t *member_at;  /* by user or supplier: place in members + 1; likewise */
    uint32_t *trading_at; /* by market, likewise */
    struct lm_tariff_price *tariff_prices;
    struct lm_participant *members;
    size_t member_count;
    size_t member_room;
    struct lm_length *lengths; /* by region */
    size_t length_count;
    size_t length_room;
    struct lm_operator *operators; /* by region, role, id */
    size_t operator_count;
    size_t operator_room;
    struct lm_trading *tradings; /* by market */
    size_t trading_count;
    size_t trading_room;
    struct lm_group_net *nets; /* by market, supplier */
    size_t net_count;
    size_t net_room;
    struct lm_due *due;
    size_t due_count;
    size_t due_room;
    struct lm_net *payers; /* the nets of one market */
    size_t payer_room;
    size_t *touched; /* operators of the group at hand */
    size_t touched_count;
    size_t touched_room;
    struct lm_tally supplier_tally;
    struct lm_outcome outcome;
};

struct lm_period_work *lm_period_work_new(struct lm_settle *settle,
                                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_period_work_free(struct lm_period_work *work);

/*
 * Settles one period. With VISITOR NULL nothing is told: everything is computed and checked. -1
 * only for a defect or want of memory, or where the visitor ends it.
 */
int lm_period_settle(struct lm_period_work *work, struct lm_period_row *period,
                     const struct lm_settle_visitor *visitor, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4) LM_MUST_CHECK;

/* The steps of it, in this order. A step that refuses the period tells why, sets work->refused
 * and returns 0. */

/* Finds how long the periods of each region are. */
int lm_period_lengths(struct lm_period_work *work, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Whether the period at hand is one of a region's market: true where none is known. Else *minutes
 * is how long those are. */
bool lm_period_fits(const struct lm_period_work *work, uint32_t region,
                    int64_t *minutes) LM_NONNULL LM_MUST_CHECK;
/* Finds the operators of every region and their fees. */
int lm_period_operators(struct lm_period_work *work,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Finds who takes part, with trades and readings; fills members, tradings, nets. */
int lm_period_members(struct lm_period_work *work, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Checks that the trades of each market are all there. */
int lm_period_markets(struct lm_period_work *work, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Finds the terms of each user, and the currency. */
int lm_period_terms(struct lm_period_work *work, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Finds what suppliers are due to pay each other, into work->due. */
int lm_period_transfers(struct lm_period_work *work,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Writes it, but for what was issued. LM_CONFLICT where something else was. */
int lm_period_write_transfers(struct lm_period_work *work,
                              struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Why a user is withheld: returns false with *why filled, true where she is not. Fills her terms.
 */
bool lm_participant_judge(struct lm_period_work *work, struct lm_participant *member,
                          struct lm_error *why) LM_NONNULL LM_MUST_CHECK;
/* The first operator of a region and their number. */
size_t lm_period_region(const struct lm_period_work *work, uint32_t region,
                        size_t *first) LM_NONNULL;

/* Tells of something refused that does not end the period. */
int lm_period_reject(const struct lm_period_work *work, const struct lm_place *where,
                     const struct lm_error *why, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Tells why the period is refused, "…: nothing of PERIOD is settled". */
int lm_period_refuse(struct lm_period_work *work, const struct lm_place *where,
                     struct lm_error *why, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* A name's text. */
const char *lm_period_text(const struct lm_period_work *work, uint32_t name) LM_NONNULL;

#endif
