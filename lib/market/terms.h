/*
 * The terms of a market as somebody who submits an order needs them: of the market-rules in a
 * file those that are in force, the length of its periods, and when their gates close.
 */
#ifndef LM_MARKET_TERMS_H
#define LM_MARKET_TERMS_H

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/merkle.h"
#include "lib/record/record.h"
#include "lib/record/rules_since.h"

/* What one market-rules record says of orders. */
struct lm_terms {
    char market[LM_ID_SIZE_MAX + 1];
    struct lm_rules_since since;
    int64_t period_minutes;
    int64_t gate_minutes;
    int64_t price_floor_micro; /* LM_ABSENT where there is none */
    int64_t price_cap_micro;
    uint8_t content[LM_HASH_SIZE]; /* leaf hash of the canonical form without sig */
};

struct lm_terms_list {
    struct lm_terms *items; /* owned */
    size_t count;
    size_t room;
};

/* Adds RECORD where it is market-rules; passes over any other. Fails only for want of memory. */
int lm_terms_add(struct lm_terms_list *list, const struct lm_record *record,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_terms_free(struct lm_terms_list *list) LM_NONNULL;

/* The terms of MARKET that hold at an instant: of several the ones that lib/record/latest.h says.
 * Stays the list's. NULL with LM_MISSING_RECORD where there are none, or with LM_AMBIGUOUS where
 * different ones began together. */
const struct lm_terms *lm_terms_at(const struct lm_terms_list *list, const char *market,
                                   int64_t instant_s,
                                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The one market that the list speaks of; NULL with LM_USAGE where there are none or several. */
const char *lm_terms_market(const struct lm_terms_list *list,
                            struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* When the gate of PERIOD closes: an order must come before this instant (seconds since 1970).
 * False beyond the years 1 to 9999. */
bool lm_terms_gate(struct lm_period period, int64_t gate_minutes,
                   int64_t *gate_s) LM_NONNULL LM_MUST_CHECK;
/* Whether an order for PERIOD of MARKET that came at AT_S came before the gate, by the terms in the
 * list; where there are none at all, before the period starts, which is the latest that any can
 * say. LM_LATE, LM_PERIOD, or what lm_terms_at says. */
int lm_terms_check_gate(const struct lm_terms_list *list, const char *market,
                        struct lm_period period, int64_t at_s,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The first period of the terms whose gate is open at NOW_S. False beyond the years 1 to 9999. */
bool lm_terms_next_open(const struct lm_terms *terms, int64_t now_s,
                        struct lm_period *period) LM_NONNULL LM_MUST_CHECK;

#endif
