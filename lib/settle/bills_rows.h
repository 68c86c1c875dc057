/*
 * What bills are made of. Private to lib/settle/bills*.c: others use lib/settle/bills.h.
 */
#ifndef LM_SETTLE_BILLS_ROWS_H
#define LM_SETTLE_BILLS_ROWS_H

#include "lib/base/groups.h"
#include "lib/settle/bills.h"
#include "lib/settle/facts.h"
#include "lib/settle/tally.h"

#define LM_DAY_S 86400

/* An item, as compact as a record's numbers allow. */
struct lm_bills_item {
    int64_t price_micro;
    int64_t energy_wh; /* with the sign of the tally */
    int item;
};

/* A settlement or adjustment. */
struct lm_bills_row {
    struct lm_place where;
    uint8_t content[32];
    struct lm_period period;
    lm_i128 amount_nano;
    lm_i128 without_nano;
    int64_t seq; /* -1 for a settlement */
    size_t items;
    uint32_t item_count;
    uint32_t user;
    uint32_t supplier;
    uint32_t currency;
};

/* A bill that was issued. */
struct lm_bills_earlier {
    uint8_t content[32];
    struct lm_month month;
    lm_i128 carry_nano;
    uint32_t supplier;
    uint32_t user;
    uint32_t currency;
};

struct lm_bills {
    const char *supplier;
    struct lm_month last;    /* that is wanted; what was billed later is not carried into any */
    struct lm_groups months; /* those wanted, by struct lm_month, and their rows */
    struct lm_facts facts;
    struct lm_bills_earlier *earlier;
    size_t earlier_count;
    size_t earlier_room;
    struct lm_bills_row *rows;
    size_t row_count;
    size_t row_room;
    struct lm_bills_item *items;
    size_t item_count;
    size_t item_room;
    struct lm_tally tally;
    uint32_t *ranks;           /* of facts.names; from here on set by running */
    uint32_t *default_tariffs; /* by supplier */
    uint8_t *zones;            /* by name: 0 not asked yet, 1 known, 2 unknown */
};

#endif
