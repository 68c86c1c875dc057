/*
 * Whether an order may still be let in, as far as one order and the rules of its market tell. No
 * key and no other order is needed, so that it is asked first.
 */
#ifndef LM_MARKET_GATE_H
#define LM_MARKET_GATE_H

#include "lib/registry/registry.h"

/* Orders are taken for periods that start within so many days: what a market has to remember of an
 * entity is bounded by the periods that are open. */
#define LM_GATE_DAYS 7

/*
 * Checks an order that came at AT_S against the RULES that hold when its period starts, and sets
 * *gate_s (seconds since 1970) to when its gate closes:
 *
 *   LM_PERIOD  the period's length is not that of the rules
 *   LM_LATE    the gate has closed
 *   LM_EARLY   the period starts more than LM_GATE_DAYS later
 *   LM_PRICE   the price is below the floor or above the cap; that of a withdrawal may be any
 */
int lm_gate_check(const struct lm_registered_rules *rules, const struct lm_order *order,
                  int64_t at_s, int64_t *gate_s, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
