/*
 * What lib/market/inform.h holds. Private to its files.
 */
#ifndef LM_MARKET_INFORM_ROWS_H
#define LM_MARKET_INFORM_ROWS_H

#include "lib/base/names.h"
#include "lib/crypto/merkle.h"
#include "lib/market/books.h"
#include "lib/market/inform.h"
#include "lib/record/rules_since.h"

/* A record that somebody is told. */
struct lm_told {
    struct lm_period period;
    const char *market; /* "" for none */
    const char *to;
    enum lm_type type;
    size_t order; /* of what is made here; 0 for what is handed on in the input's order */
    size_t text;  /* in inform->told_texts */
    size_t size;
};

/* A clearing as it came. */
struct lm_result_row {
    uint32_t auction;
    struct lm_place place;
    uint8_t content[LM_HASH_SIZE];
};

/* One market and period. */
struct lm_auction {
    struct lm_period period;
    uint32_t market;
    bool cleared;
    bool contradicted; /* by another clearing */
    bool same_orders;  /* the orders that were added are those that entered */
    int64_t price_micro;
    int64_t energy_wh;
    int64_t orders; /* offers and bids */
    char root[LM_DIGEST_TEXT_SIZE];
    struct lm_place place;
    uint8_t content[LM_HASH_SIZE]; /* of the first clearing */
};

/* What of an order was traded: a trade, or an order that entered and may have one. */
struct lm_part {
    uint32_t auction;
    uint32_t from;
    uint32_t order;
    int64_t n; /* -1: the order itself */
    int side;
    int64_t energy_wh;
    uint8_t content[LM_HASH_SIZE];
    struct lm_place place;
};

/* A reading as it came. */
struct lm_flow {
    struct lm_period period;
    uint32_t meter;
    uint32_t to; /* UINT32_MAX for nobody */
    int64_t seq;
    int64_t import_wh;
    int64_t export_wh;
    uint8_t content[LM_HASH_SIZE]; /* without sig and to */
    size_t text;                   /* the canonical line in inform->texts, with its signature */
    size_t size;
    struct lm_place place;
};

/* A settlement, adjustment, transfer or bill as it came. */
struct lm_account {
    enum lm_type type;
    struct lm_period period; /* a bill's begins with its month and has no length */
    uint32_t market;         /* UINT32_MAX for none */
    uint32_t party;
    uint32_t supplier; /* of a bill */
    int role;          /* that the record says the party has, or -1 */
    size_t text;
    size_t size;
    struct lm_place place;
};

struct lm_group_rule {
    char *market;                /* owned */
    json_t *regions;             /* owned */
    struct lm_rules_since since; /* counts_s beside the others' once they are sorted */
    int64_t min_group;
    uint8_t content[LM_HASH_SIZE];
};

struct lm_inform {
    enum lm_stage stage;
    int by;
    const struct lm_registry *registry; /* this and the next two while it runs */
    const struct lm_inform_visitor *visitor;
    struct lm_names names;
    uint32_t *ranks; /* of names */
    struct lm_buffer texts;
    struct lm_buffer scratch;

    struct lm_names auction_names; /* the number is the place in auctions */
    struct lm_auction *auctions;
    size_t auction_count;
    size_t auction_room;
    struct lm_result_row *results;
    size_t result_count;
    size_t result_room;
    struct lm_part *parts;
    size_t part_count;
    size_t part_room;
    struct lm_books *books;
    bool orders; /* some were added */

    struct lm_flow *flows;
    size_t flow_count;
    size_t flow_room;
    struct lm_account *accounts;
    size_t account_count;
    size_t account_room;
    struct lm_group_rule *rules;
    size_t rule_count;
    size_t rule_room;

    struct lm_told *told;
    size_t told_count;
    size_t told_room;
    struct lm_buffer told_texts;
};

/* Makes room for one more item in *ARRAY, a pointer to an array's pointer. */
int lm_inform_room(void *array, size_t *room, size_t count, size_t size,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The number of an id. */
int lm_inform_name(struct lm_inform *inform, const char *text, uint32_t *name,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The digest by which records of one name are compared: of the canonical form without sig and,
 * where TO is false, without to. */
int lm_inform_content(struct lm_inform *inform, const struct lm_record *record, bool to,
                      uint8_t content[LM_HASH_SIZE],
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* True where the row is for this run: its stage and whose turn it is to tell. */
bool lm_inform_uses(const struct lm_inform *inform, const struct lm_right *right) LM_NONNULL;
/* Who ID is at an instant, where ROLE is what it must be then. */
int lm_inform_who(const struct lm_inform *inform, const char *id, int role, int64_t instant_s,
                  struct lm_registered *registered,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Tells the line in inform->scratch. MARKET may be NULL. */
int lm_inform_tell(struct lm_inform *inform, struct lm_period period, const char *market,
                   const char *to, enum lm_type type, struct lm_error *error)
    LM_NONNULL_AT(1, 4, 6) LM_MUST_CHECK;

int lm_inform_add_auction(struct lm_inform *inform, const struct lm_record *record,
                          const struct lm_place *place, const char *text, size_t size,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_inform_run_auctions(struct lm_inform *inform,
                           struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_inform_add_rules(struct lm_inform *inform, const struct lm_record *record,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* After the last rules, before the first question. */
void lm_inform_sort_rules(struct lm_inform *inform) LM_NONNULL;
/* The largest min_group of the markets that serve REGION at an instant. LM_MISSING_RECORD,
 * LM_AMBIGUOUS. */
int lm_inform_min_group(const struct lm_inform *inform, const char *region, int64_t instant_s,
                        int64_t *min_group, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_inform_add_flow(struct lm_inform *inform, const struct lm_record *record,
                       const struct lm_place *place,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_inform_run_flows(struct lm_inform *inform, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_inform_add_account(struct lm_inform *inform, const struct lm_record *record,
                          const struct lm_place *place,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_inform_run_accounts(struct lm_inform *inform,
                           struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
