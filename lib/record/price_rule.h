/*
 * Where in the interval of clearing prices the trading price lies.
 */
#ifndef LM_RECORD_PRICE_RULE_H
#define LM_RECORD_PRICE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attributes.h"
#include "lib/base/decimal.h"

/* The price lies at k_micro millionths of the way from the lowest clearing price to the highest:
 * low 0, midpoint 500000, high 1000000. */
struct lm_price_rule {
    int64_t k_micro;
};

/* Room for any rule's spelling and its NUL. */
#define LM_PRICE_RULE_SIZE (LM_DECIMAL_SIZE + 2)

/* "midpoint", "low", "high", or "k=" and a decimal from 0 to 1 of at most 6 fraction digits. */
bool lm_price_rule_parse(const char *text, size_t size,
                         struct lm_price_rule *rule) LM_NONNULL LM_MUST_CHECK;

/* The one spelling of a rule: the word where there is one ("k=0.50" is "midpoint"). */
void lm_price_rule_format(struct lm_price_rule rule, char text[LM_PRICE_RULE_SIZE]) LM_NONNULL;

/* The price in [low, high], half a micro-unit rounded to even. low <= high. */
int64_t lm_price_rule_apply(struct lm_price_rule rule, int64_t low_micro, int64_t high_micro);

#endif
