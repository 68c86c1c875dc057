#include <stdlib.h>
#include <string.h>

#include "lib/market/books_rows.h"
#include "lib/record/latest.h"
#include "lib/record/rules_since.h"
#include "lib/record/timeline.h"

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

/* A market's rules lie together. */
static int count_since(struct lm_books *books, const uint32_t *sorted, struct lm_error *error) {
    struct lm_rules_since *since = calloc(books->rules_count + 1, sizeof *since);
    if (!since)
        return lm_fail_memory(error);
    for (size_t i = 0; i < books->rules_count; i++) {
        const struct lm_rules_row *rules = &books->rules[sorted[i]];
        since[i] = lm_rules_since(rules->valid, rules->gate_minutes, rules->known_s);
        since[i].market = rules->market;
    }
    lm_rules_since_all(since, books->rules_count);
    for (size_t i = 0; i < books->rules_count; i++)
        books->rules[sorted[i]].counts_s = since[i].counts_s;
    free(since);
    return 0;
}

/* What holds when each group's period starts. */
static int look_up_all(struct lm_books *books, const uint32_t *sorted, struct lm_timeline *timeline,
                       struct lm_error *error) {
    bool *met = calloc(books->rules_count + 1, sizeof *met);
    if (!met)
        return lm_fail_memory(error);
    for (size_t i = 0; i < books->group_count; i++) {
        struct lm_group *group = &books->groups[i];
        uint32_t row =
            lm_timeline_find(timeline, group->market, group->period.start_s, &group->ambiguous);
        group->rules = row == LM_TIMELINE_NONE ? NULL : &books->rules[sorted[row]];
    }
    int result = lm_timeline_met(timeline, met, error);
    for (size_t i = 0; result == 0 && i < books->rules_count; i++)
        books->rules[sorted[i]].ambiguous = met[i];
    free(met);
    return result;
}

static struct lm_timeline *lay_out(const struct lm_books *books, const uint32_t *sorted,
                                   struct lm_error *error) {
    struct lm_timeline_row *rows = calloc(books->rules_count + 1, sizeof *rows);
    if (!rows) {
        lm_fail_memory(error);
        return NULL;
    }
    for (size_t i = 0; i < books->rules_count; i++) {
        const struct lm_rules_row *rules = &books->rules[sorted[i]];
        rows[i] =
            (struct lm_timeline_row){rules->valid, rules->counts_s, rules->content, rules->market};
    }
    struct lm_timeline *timeline =
        lm_timeline_new(rows, books->rules_count, books->names.count, error);
    free(rows);
    return timeline;
}

int lm_books_find_rules(struct lm_books *books, struct lm_error *error) {
    uint32_t *sorted = calloc(books->rules_count + 1, sizeof *sorted);
    if (!sorted)
        return lm_fail_memory(error);
    for (size_t i = 0; i < books->rules_count; i++)
        sorted[i] = (uint32_t)i;
    qsort_r(sorted, books->rules_count, sizeof *sorted, compare_rules, books);
    know_together(books, sorted);
    struct lm_timeline *timeline =
        count_since(books, sorted, error) < 0 ? NULL : lay_out(books, sorted, error);
    int result = timeline ? look_up_all(books, sorted, timeline, error) : -1;
    lm_timeline_free(timeline);
    free(sorted);
    return result;
}
