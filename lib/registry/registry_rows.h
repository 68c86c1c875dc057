/*
 * What a registry holds. Private to lib/registry: others use lib/registry/registry.h.
 */
#ifndef LM_REGISTRY_REGISTRY_ROWS_H
#define LM_REGISTRY_REGISTRY_ROWS_H

#include "lib/base/names.h"
#include "lib/record/latest.h"
#include "lib/registry/registry.h"

/* Where there is no text, no name, no entry. */
#define LM_NO_TEXT    SIZE_MAX
#define LM_NO_NAME    UINT32_MAX
#define LM_NOT_LOGGED LM_KNOWN_ALWAYS

/* Texts of a row: the first in lm_registry.list_offsets, and how many. */
struct lm_row_list {
    size_t first;
    size_t count;
};

/* What market-rules say of orders. */
struct lm_row_terms {
    int64_t period_minutes;
    int64_t gate_minutes;
    int64_t grace_seconds;
    int64_t price_floor_micro;
    int64_t price_cap_micro;
    int64_t max_orders;
};

/* One record that only the root signs, as it was added. Texts are offsets into the registry's. */
struct lm_registry_row {
    const char *source;
    uint64_t line;
    size_t payload; /* what the root signed */
    size_t payload_size;
    size_t protected_header; /* LM_NO_TEXT where there is no signature */
    size_t signature;
    uint8_t digest[32];
    enum lm_type type;
    enum lm_reason refused;
    bool repeat;      /* its source said the same before, so that it is in no group */
    uint32_t name;    /* number of the id, or of the market; LM_NO_NAME of firmware */
    uint32_t key;     /* number of the kid; LM_NO_NAME of rules and firmware */
    int64_t logged_s; /* the entry's at, LM_NOT_LOGGED without one */
    int64_t known_s;  /* of identities and rules, see lib/record/latest.h; set by sealing */
    int64_t counts_s; /* the same where it is asked what counts; lib/record/rules_since.h */
    struct lm_validity valid;
    struct lm_row_list regions;
    struct lm_row_list firmware; /* an identity's, and what a firmware record approves */
    /* an identity's */
    int role;
    size_t supplier; /* LM_NO_TEXT for none, as the next two */
    size_t region;
    size_t user;
    uint8_t public_key[32];
    uint8_t seal_public[32];
    /* a revocation's */
    int64_t at_s;   /* from when on it counts */
    bool bare_copy; /* what the registrar's log says, or not, counts in this one's stead */
    /* of market-rules */
    struct lm_row_terms terms;
};

/* Rows that are not refused, grouped by a number of theirs: those of n are the rows order[first[n]]
 * up to order[first[n + 1]], the latest start first. */
struct lm_row_groups {
    uint32_t *order;
    uint32_t *first;
};

struct lm_registry {
    struct lm_root root;
    struct lm_registry_row *rows;
    size_t count;
    size_t room;
    struct lm_buffer texts;
    size_t *list_offsets;
    size_t list_count;
    size_t list_room;
    const char **lists; /* by list_offsets, once nothing is added any more */
    struct lm_names ids;
    struct lm_names kids;
    struct lm_row_groups identities; /* by id */
    struct lm_row_groups keys;       /* identities and revocations, by kid */
    struct lm_row_groups rules;      /* by market */
    struct lm_row_groups firmware;   /* all in one group */
};

/* The text at an offset, NULL for LM_NO_TEXT. */
static inline const char *lm_registry_text(const struct lm_registry *registry, size_t offset) {
    return offset == LM_NO_TEXT ? NULL : registry->texts.data + offset;
}

/* The row at a place in the order of GROUPS. */
static inline struct lm_registry_row *lm_registry_row_at(const struct lm_registry *registry,
                                                         const struct lm_row_groups *groups,
                                                         uint32_t place) {
    return &registry->rows[groups->order[place]];
}

/* Whether a row stands in an entry of a LOGGED source. */
static inline bool lm_registry_row_logged(const struct lm_registry_row *row,
                                          lm_registry_logged *logged, void *context) {
    return row->logged_s != LM_NOT_LOGGED && logged(context, row->source);
}

/* Sets since when identities and rules are known: by their entries, in LOGGED sources alone where
 * LOGGED is not NULL and one of them holds such. (by_log.c) */
void lm_registry_know(struct lm_registry *registry, lm_registry_logged *logged, void *context)
    LM_NONNULL_AT(1);

/* True where some identity, valid or not, gives the key to the id. */
bool lm_registry_owns(const struct lm_registry *registry, uint32_t name,
                      uint32_t key) LM_NONNULL LM_MUST_CHECK;

#endif
