/*
 * What a settlement holds. Private to lib/settle: others use lib/settle/settle.h.
 */
#ifndef LM_SETTLE_SETTLE_ROWS_H
#define LM_SETTLE_SETTLE_ROWS_H

#include "lib/settle/facts.h"
#include "lib/settle/settle.h"
#include "lib/settle/tally.h"

struct lm_trade_row {
    struct lm_place where;
    uint8_t content[32];
    int64_t n;
    int64_t energy_wh;
    int64_t price_micro; /* 0 where there is none, and then no energy */
    uint32_t period;
    uint32_t market;
    uint32_t from;
    uint32_t order;
    uint8_t side;
    bool conflict; /* another one of its name says something else */
};

/* The reading that counts of a meter and period. */
struct lm_reading_row {
    struct lm_place where;
    uint8_t content[32]; /* without to */
    int64_t seq;
    int64_t import_wh;
    int64_t export_wh;
    uint32_t meter;
    uint32_t period;
    bool disagree; /* two different ones have that seq */
};

struct lm_clearing_row {
    struct lm_place where;
    uint8_t content[32];
    int64_t energy_wh;
    int64_t price_micro; /* LM_ABSENT without a crossing */
    uint32_t market;
    uint32_t period;
    bool conflict;
};

/* Who is settled by whom: what names a settlement within its period. */
struct lm_subject {
    uint32_t supplier;
    uint32_t party;
    uint32_t region; /* LM_NOBODY for a supplier */
    int role;
};

/* What a settlement says, beside its period. */
struct lm_outcome {
    struct lm_subject subject;
    uint32_t market; /* LM_NOBODY for none */
    uint32_t currency;
    int64_t import_wh; /* these six of a user */
    int64_t export_wh;
    int64_t bought_wh;
    int64_t sold_wh;
    int64_t short_wh;
    int64_t surplus_wh;
    lm_i128 amount_nano;
    lm_i128 without_nano;
    struct lm_tally tally; /* merged */
};

/* A settlement or adjustment that was issued. */
struct lm_issued_row {
    struct lm_place where;
    uint8_t content[32];
    struct lm_outcome outcome;
    int64_t seq; /* -1 for the settlement itself */
    uint32_t period;
};

struct lm_issued_transfer {
    struct lm_place where;
    lm_i128 amount_nano;
    uint32_t period;
    uint32_t market;
    uint32_t from;
    uint32_t to;
    uint32_t currency;
};

struct lm_period_row {
    bool refused;     /* nothing of it was settled */
    bool fee_missing; /* of somebody's region an operator had no fee in force that was known */
    struct lm_period period;
    bool wanted;       /* has a trade or a reading */
    bool contradicted; /* what was issued of it contradicts itself */
    size_t trades;     /* the first in the sorted trades, and how many; so for the others */
    size_t trade_count;
    size_t readings;
    size_t reading_count;
    size_t clearings;
    size_t clearing_count;
    size_t issued;
    size_t issued_count;
    size_t issued_transfers;
    size_t issued_transfer_count;
};

struct lm_settle {
    struct lm_settle_options options;
    uint32_t only;                                         /* options.supplier, or LM_NOBODY */
    bool (*wants)(void *context, struct lm_period period); /* NULL: all periods */
    void *wants_context;
    struct lm_facts facts;
    struct lm_names period_names;
    struct lm_period_row *periods;
    size_t period_room;
    struct lm_trade_row *trades;
    size_t trade_count;
    size_t trade_room;
    struct lm_names reading_names; /* (meter, period); a number is the place in readings */
    struct lm_reading_row *readings;
    size_t reading_room;
    struct lm_names clearing_names; /* (market, period), likewise */
    struct lm_clearing_row *clearings;
    size_t clearing_room;
    struct lm_issued_row *issued;
    size_t issued_count;
    size_t issued_room;
    struct lm_issued_transfer *issued_transfers;
    size_t issued_transfer_count;
    size_t issued_transfer_room;
    uint32_t *ranks;         /* of terms.names, in byte order; from here on set by running */
    uint32_t *period_order;  /* periods by start and length */
    uint32_t *reading_order; /* readings by period */
    uint32_t *clearing_order;
};

/* The number of a period. */
int lm_settle_period(struct lm_settle *settle, struct lm_period period, uint32_t *number,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* By supplier, role, party, region. */
int lm_subject_compare(const struct lm_settle *settle, const struct lm_subject *a,
                       const struct lm_subject *b) LM_NONNULL;

/* The text of a name, NULL for LM_NOBODY. */
const char *lm_settle_text(const struct lm_settle *settle, uint32_t name) LM_NONNULL;

/* Tells the visitor why something at WHERE is refused. Nothing where VISITOR is NULL. */
int lm_settle_reject(const struct lm_settle_visitor *visitor, const struct lm_place *where,
                     const struct lm_error *why, struct lm_error *error)
    LM_NONNULL_AT(2, 3, 4) LM_MUST_CHECK;

/* Writes an outcome as a settlement, or, with a SEQ of at least 0, as an adjustment. */
int lm_settle_write(const struct lm_settle *settle, struct lm_period period,
                    const struct lm_outcome *outcome, int64_t seq,
                    const struct lm_settle_visitor *visitor,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * Turns outcomes, given in the order of lm_subject_compare, into settlements, or, where something
 * of the period was issued, into adjustments. With VISITOR NULL it only checks.
 */
struct lm_issue {
    struct lm_settle *settle;
    const struct lm_period_row *period;
    const struct lm_settle_visitor *visitor;
    size_t next; /* in settle->issued */
    struct lm_tally difference;
    uint32_t supplier; /* the group whose adjustments sum up to: */
    lm_i128 amount_nano;
    lm_i128 without_nano;
};
void lm_issue_start(struct lm_issue *issue, struct lm_settle *settle,
                    const struct lm_period_row *period, const struct lm_settle_visitor *visitor);
void lm_issue_free(struct lm_issue *issue) LM_NONNULL;
int lm_issue_outcome(struct lm_issue *issue, const struct lm_outcome *outcome,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* After the last outcome: what was issued to others goes back. */
int lm_issue_end(struct lm_issue *issue, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Sorts what was issued and merges repeats and adjustments. Tells of contradictions and leaves
 * their periods refused. */
int lm_issued_seal(struct lm_settle *settle, const struct lm_settle_visitor *visitor,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
