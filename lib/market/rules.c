#include <stdlib.h>
#include <string.h>

#include "lib/market/books_rows.h"

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

/* By market, then start; of equal starts the longest first, so that where the last of them still
 * holds, all of them do. */
static int compare_rules(const void *a, const void *b, void *context) {
    const struct lm_books *books = context;
    const struct lm_rules_row *x = &books->rules[*(const uint32_t *)a];
    const struct lm_rules_row *y = &books->rules[*(const uint32_t *)b];
    int order = compare_numbers(books->ranks[x->market], books->ranks[y->market]);
    if (order == 0)
        order = compare_numbers(x->valid.start_s, y->valid.start_s);
    if (order == 0)
        order = compare_numbers(y->valid.end_s, x->valid.end_s);
    if (order == 0)
        order = memcmp(x->content, y->content, sizeof x->content);
    return order ? order : compare_numbers(*(const uint32_t *)a, *(const uint32_t *)b);
}

static int compare_groups(const void *a, const void *b, void *context) {
    const struct lm_books *books = context;
    const struct lm_group *x = &books->groups[*(const uint32_t *)a];
    const struct lm_group *y = &books->groups[*(const uint32_t *)b];
    int order = compare_numbers(books->ranks[x->market], books->ranks[y->market]);
    return order ? order : lm_period_compare(x->period, y->period);
}

/*
 * Walks through time with the groups of a market in the order of their periods. The rules that
 * have begun lie on a stack, the latest start on top; what has ended when it comes to the top is
 * dropped, as it will not hold again.
 */
struct sweep {
    struct lm_books *books;
    const uint32_t *sorted; /* rules */
    size_t next;
    uint32_t *stack;
    size_t depth;
};

/* Repeats stand next to each other when sorted. */
static bool is_repeat(const struct sweep *sweep, size_t i) {
    const struct lm_rules_row *rules = sweep->books->rules;
    return i > 0 && memcmp(rules[sweep->sorted[i]].content, rules[sweep->sorted[i - 1]].content,
                           LM_HASH_SIZE) == 0;
}

static struct lm_rules_row *on_stack(const struct sweep *sweep, size_t i) {
    return &sweep->books->rules[sweep->stack[i]];
}

static void advance(struct sweep *sweep, const struct lm_group *group) {
    const struct lm_books *books = sweep->books;
    uint32_t rank = books->ranks[group->market];
    if (sweep->depth > 0 && on_stack(sweep, 0)->market != group->market)
        sweep->depth = 0;
    for (; sweep->next < books->rules_count; sweep->next++) {
        const struct lm_rules_row *rules = &books->rules[sweep->sorted[sweep->next]];
        uint32_t rules_rank = books->ranks[rules->market];
        bool begun = rules_rank == rank && rules->valid.start_s <= group->period.start_s;
        if (rules_rank >= rank && !begun)
            break;
        if (begun && !is_repeat(sweep, sweep->next))
            sweep->stack[sweep->depth++] = sweep->sorted[sweep->next];
    }
    while (sweep->depth > 0 &&
           !lm_validity_holds(on_stack(sweep, sweep->depth - 1)->valid, group->period.start_s))
        sweep->depth--;
}

/* Below the top of the stack may lie others that started with it; they hold as long. */
static void look_up(const struct sweep *sweep, struct lm_group *group) {
    if (sweep->depth == 0)
        return;
    group->rules = on_stack(sweep, sweep->depth - 1);
    int64_t start_s = group->rules->valid.start_s;
    group->ambiguous =
        sweep->depth > 1 && on_stack(sweep, sweep->depth - 2)->valid.start_s == start_s;
    for (size_t i = sweep->depth; group->ambiguous && i-- > 0;) {
        struct lm_rules_row *rules = on_stack(sweep, i);
        if (rules->valid.start_s != start_s || rules->ambiguous)
            break;
        rules->ambiguous = true;
    }
}

int lm_books_find_rules(struct lm_books *books, struct lm_error *error) {
    uint32_t *sorted = calloc(books->rules_count + 1, sizeof *sorted);
    uint32_t *stack = calloc(books->rules_count + 1, sizeof *stack);
    uint32_t *order = calloc(books->group_count + 1, sizeof *order);
    int result = -1;
    if (!sorted || !stack || !order) {
        lm_fail_memory(error);
        goto out;
    }
    for (size_t i = 0; i < books->rules_count; i++)
        sorted[i] = (uint32_t)i;
    for (size_t i = 0; i < books->group_count; i++)
        order[i] = (uint32_t)i;
    qsort_r(sorted, books->rules_count, sizeof *sorted, compare_rules, books);
    qsort_r(order, books->group_count, sizeof *order, compare_groups, books);
    struct sweep sweep = {.books = books, .sorted = sorted, .stack = stack};
    for (size_t i = 0; i < books->group_count; i++) {
        struct lm_group *group = &books->groups[order[i]];
        advance(&sweep, group);
        look_up(&sweep, group);
    }
    for (size_t i = 1; i < books->rules_count; i++) {
        if (is_repeat(&sweep, i) && books->rules[sorted[i - 1]].ambiguous)
            books->rules[sorted[i]].ambiguous = true;
    }
    result = 0;
out:
    free(sorted);
    free(stack);
    free(order);
    return result;
}
