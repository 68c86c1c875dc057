#include "lib/record/price_rule.h"

#include <string.h>

#define K_ONE 1000000

static const struct {
    const char *word;
    int64_t k_micro;
} words[] = {{"midpoint", K_ONE / 2}, {"low", 0}, {"high", K_ONE}};

bool lm_price_rule_parse(const char *text, size_t size, struct lm_price_rule *rule) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (size == strlen(words[i].word) && memcmp(text, words[i].word, size) == 0) {
            rule->k_micro = words[i].k_micro;
            return true;
        }
    }
    lm_i128 k;
    if (size < 3 || memcmp(text, "k=", 2) != 0 || !lm_decimal_parse(text + 2, size - 2, 6, &k) ||
        k < 0 || k > K_ONE)
        return false;
    rule->k_micro = (int64_t)k;
    return true;
}

void lm_price_rule_format(struct lm_price_rule rule, char text[LM_PRICE_RULE_SIZE]) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].k_micro == rule.k_micro) {
            memcpy(text, words[i].word, strlen(words[i].word) + 1);
            return;
        }
    }
    memcpy(text, "k=", 2);
    (void)lm_decimal_format(rule.k_micro, 6, text + 2);
}

int64_t lm_price_rule_apply(struct lm_price_rule rule, int64_t low_micro, int64_t high_micro) {
    /* Rounded over a common denominator with low, so that "even" is said of the price itself. */
    lm_i128 scaled =
        (lm_i128)low_micro * (K_ONE - rule.k_micro) + (lm_i128)high_micro * rule.k_micro;
    return (int64_t)lm_divide_half_even(scaled, K_ONE);
}
