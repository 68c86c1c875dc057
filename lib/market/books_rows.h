/*
 * What books hold. Private to lib/market: others use lib/market/books.h.
 */
#ifndef LM_MARKET_BOOKS_ROWS_H
#define LM_MARKET_BOOKS_ROWS_H

#include "lib/base/names.h"
#include "lib/crypto/merkle.h"
#include "lib/market/books.h"

/* One received order, every version and repeat: 128 bytes. */
struct lm_order_row {
    uint8_t content[LM_HASH_SIZE]; /* leaf hash of the canonical form without sig */
    uint8_t leaf[LM_HASH_SIZE];    /* leaf hash of the canonical form */
    int64_t seq;
    int64_t energy_wh;
    int64_t price_micro;
    int64_t entry_at_s; /* LM_ABSENT where it came bare */
    uint64_t line;
    uint32_t source; /* this and the next two are names */
    uint32_t from;
    uint32_t id;
    uint32_t group;
    uint8_t side;
    uint8_t reason; /* enum lm_reason: LM_NONE until it is rejected */
};

struct lm_rules_row {
    struct lm_validity valid;
    int64_t known_s;  /* see lib/record/latest.h */
    int64_t counts_s; /* see lib/record/rules_since.h; set by lm_books_judge */
    int64_t period_minutes;
    int64_t gate_minutes;
    int64_t price_floor_micro; /* LM_ABSENT where there is none */
    int64_t price_cap_micro;
    int64_t max_orders;
    struct lm_price_rule price_rule;
    uint8_t content[LM_HASH_SIZE];
    uint64_t line;
    uint32_t source;
    uint32_t market;
    bool ambiguous;
    char *text; /* owned; NULL where it is not kept */
    size_t text_size;
};

/* One market and period. */
struct lm_group {
    struct lm_period period;
    uint32_t market;
    const struct lm_rules_row *rules; /* those that hold; NULL where none do */
    bool ambiguous;                   /* they contradict each other */
    bool received;                    /* an order passed the checks of its own */
    bool wanted;
    bool price_rule_given;
    struct lm_price_rule price_rule;
    size_t first; /* in lm_books.entered */
    size_t count;
};

/* An order's place among all: by group, from, id; then the highest seq first. */
struct lm_order_key {
    uint64_t group_from; /* the group's place and the entity's rank */
    uint32_t id;         /* its rank */
    uint32_t row;
};

struct lm_books {
    struct lm_books_options options;
    struct lm_names names;
    struct lm_names group_names; /* the number of a group is its place in groups */
    struct lm_order_row *rows;
    size_t row_count;
    size_t row_room;
    struct lm_buffer texts; /* the rows' lines one after the other, each up to its end */
    size_t *text_ends;      /* a row's; NULL where they are not kept */
    struct lm_rules_row *rules;
    size_t rules_count;
    size_t rules_room;
    struct lm_group *groups;
    size_t group_count;
    size_t group_room;
    struct lm_buffer scratch;
    uint32_t *ranks;       /* of names; from here on set by lm_books_judge */
    uint32_t *group_order; /* groups by (period, market) */
    struct lm_order_key *keys;
    size_t key_count;
    uint32_t *entered; /* keys of the orders in the auction, group by group, by (from, id) */
};

/* Finds the rules of every group, by step 1 of books.h. The groups' ranks must be known. */
int lm_books_find_rules(struct lm_books *books, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Steps 3 to 6 of books.h: fills keys and entered, and marks what is rejected. */
int lm_books_select(struct lm_books *books, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
