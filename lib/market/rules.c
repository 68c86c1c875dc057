#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/market/books_rows.h"
#include "lib/record/latest.h"

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

/* By market, then content. */
static int compare_rules(const void *a, const void *b, void *context) {
    const struct lm_books *books = context;
    const struct lm_rules_row *x = &books->rules[*(const uint32_t *)a];
    const struct lm_rules_row *y = &books->rules[*(const uint32_t *)b];
    int order = compare_numbers(x->market, y->market);
    if (order == 0)
        order = memcmp(x->content, y->content, sizeof x->content);
    return order ? order : compare_numbers(*(const uint32_t *)a, *(const uint32_t *)b);
}

static bool is_repeat(const struct lm_rules_row *a, const struct lm_rules_row *b) {
    return a->market == b->market && memcmp(a->content, b->content, sizeof a->content) == 0;
}

/* Repeats, which lie together, are known since the same instant. */
static void know_together(struct lm_books *books, const uint32_t *sorted) {
    for (size_t i = 0; i < books->rules_count;) {
        const struct lm_rules_row *first = &books->rules[sorted[i]];
        int64_t known_s = first->known_s;
        size_t end = i;
        for (; end < books->rules_count && is_repeat(&books->rules[sorted[end]], first); end++)
            known_s = lm_known_together(known_s, books->rules[sorted[end]].known_s);
        for (; i < end; i++)
            books->rules[sorted[i]].known_s = known_s;
    }
}

struct market_key {
    const struct lm_rules_row *rules;
    uint32_t market;
};

static bool is_before(const void *place, const void *key) {
    const struct market_key *wanted = key;
    return wanted->rules[*(const uint32_t *)place].market < wanted->market;
}

/* The first rules of a market, or where they would stand. */
static size_t find_market(const struct lm_books *books, const uint32_t *sorted, uint32_t market) {
    const struct market_key key = {books->rules, market};
    return lm_array_lower_bound(sorted, books->rules_count, sizeof *sorted, &key, is_before);
}

static void look_up(struct lm_books *books, const uint32_t *sorted, struct lm_group *group) {
    size_t first = find_market(books, sorted, group->market);
    size_t end = first;
    int64_t start_s = group->period.start_s;
    struct lm_latest latest = {0};
    for (; end < books->rules_count && books->rules[sorted[end]].market == group->market; end++) {
        const struct lm_rules_row *rules = &books->rules[sorted[end]];
        lm_latest_consider(&latest, rules, rules->valid, rules->known_s, rules->content, start_s);
    }
    group->rules = latest.record;
    group->ambiguous = latest.ambiguous;
    for (size_t i = first; group->ambiguous && i < end; i++) {
        struct lm_rules_row *rules = &books->rules[sorted[i]];
        rules->ambiguous =
            rules->ambiguous || lm_latest_is(&latest, rules->valid, rules->known_s, start_s);
    }
}

int lm_books_find_rules(struct lm_books *books, struct lm_error *error) {
    uint32_t *sorted = calloc(books->rules_count + 1, sizeof *sorted);
    if (!sorted)
        return lm_fail_memory(error);
    for (size_t i = 0; i < books->rules_count; i++)
        sorted[i] = (uint32_t)i;
    qsort_r(sorted, books->rules_count, sizeof *sorted, compare_rules, books);
    know_together(books, sorted);
    for (size_t i = 0; i < books->group_count; i++)
        look_up(books, sorted, &books->groups[i]);
    free(sorted);
    return 0;
}
