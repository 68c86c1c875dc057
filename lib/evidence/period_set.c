#include "lib/evidence/period_set.h"

void lm_period_set_start(struct lm_period_set *set) {
    lm_names_start(&set->names);
}

void lm_period_set_free(struct lm_period_set *set) {
    lm_names_free(&set->names);
}

int lm_period_set_add(struct lm_period_set *set, struct lm_period period, struct lm_error *error) {
    int64_t key[2];
    uint32_t number;
    lm_period_key(period, key);
    return lm_names_add(&set->names, key, sizeof key, &number, error);
}

bool lm_period_set_has(const struct lm_period_set *set, struct lm_period period) {
    int64_t key[2];
    uint32_t number;
    lm_period_key(period, key);
    return lm_names_find(&set->names, key, sizeof key, &number);
}
