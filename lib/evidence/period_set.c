#include "lib/evidence/period_set.h"

#include <stdlib.h>
#include <string.h>

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

static int compare_starts(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int lm_period_set_starts(const struct lm_period_set *set, int64_t **starts_s,
                         struct lm_error *error) {
    size_t count = set->names.count;
    *starts_s = calloc(count + 1, sizeof **starts_s);
    if (!*starts_s)
        return lm_fail_memory(error);
    for (uint32_t i = 0; i < count; i++) {
        int64_t key[2];
        memcpy(key, lm_names_text(&set->names, i), sizeof key);
        (*starts_s)[i] = key[0];
    }
    if (count > 0)
        qsort(*starts_s, count, sizeof **starts_s, compare_starts);
    return 0;
}
