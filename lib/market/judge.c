#include <stdlib.h>

#include "lib/market/books_rows.h"

/* Room for what messages are made of. */
struct words {
    char a[LM_DECIMAL_SIZE > LM_TIME_SIZE ? LM_DECIMAL_SIZE : LM_TIME_SIZE];
    char b[LM_DECIMAL_SIZE > LM_TIME_SIZE ? LM_DECIMAL_SIZE : LM_TIME_SIZE];
};

static const char *name(const struct lm_books *books, uint32_t number) {
    return lm_names_text(&books->names, number);
}

static int compare_groups(const void *a, const void *b, void *context) {
    const struct lm_books *books = context;
    const struct lm_group *x = &books->groups[*(const uint32_t *)a];
    const struct lm_group *y = &books->groups[*(const uint32_t *)b];
    int order = lm_period_compare(x->period, y->period);
    if (order)
        return order;
    uint32_t rank_x = books->ranks[x->market];
    uint32_t rank_y = books->ranks[y->market];
    return (rank_x > rank_y) - (rank_x < rank_y);
}

static int sort_groups(struct lm_books *books, struct lm_error *error) {
    books->ranks = lm_names_ranks(&books->names, error);
    if (!books->ranks)
        return -1;
    books->group_order = calloc(books->group_count + 1, sizeof *books->group_order);
    if (!books->group_order)
        return lm_fail_memory(error);
    for (size_t i = 0; i < books->group_count; i++)
        books->group_order[i] = (uint32_t)i;
    qsort_r(books->group_order, books->group_count, sizeof *books->group_order, compare_groups,
            books);
    return 0;
}

/* The price rule and the period that were asked for must be those of the rules. */
static int check_options(const struct lm_books *books, struct lm_error *error) {
    const struct lm_books_options *options = &books->options;
    bool one = options->market && options->period.minutes;
    for (size_t i = 0; i < books->group_count; i++) {
        const struct lm_group *group = &books->groups[books->group_order[i]];
        const struct lm_rules_row *rules = group->rules;
        if (!rules || group->ambiguous)
            continue;
        if (options->price_rule_given && rules->price_rule.k_micro != options->price_rule.k_micro) {
            char asked[LM_PRICE_RULE_SIZE];
            char said[LM_PRICE_RULE_SIZE];
            lm_price_rule_format(options->price_rule, asked);
            lm_price_rule_format(rules->price_rule, said);
            lm_fail(error, LM_USAGE, "price rule %s conflicts with %s in the rules of market %s",
                    asked, said, name(books, group->market));
            return lm_hint(error, "without a price rule of your own that of the market applies");
        }
        if (one && rules->period_minutes != options->period.minutes) {
            lm_fail(error, LM_USAGE, "market %s has periods of %lld minutes, not %d",
                    name(books, group->market), (long long)rules->period_minutes,
                    (int)options->period.minutes);
            return lm_hint(error, "ask for a period of %lld minutes",
                           (long long)rules->period_minutes);
        }
    }
    return 0;
}

static int64_t gate_s(const struct lm_group *group) {
    /* Both are below 2^53, and 60 · 2^53 fits. */
    return group->period.start_s - 60 * group->rules->gate_minutes;
}

static bool in_price_range(const struct lm_rules_row *rules, int64_t price_micro) {
    return (rules->price_floor_micro == LM_ABSENT || price_micro >= rules->price_floor_micro) &&
           (rules->price_cap_micro == LM_ABSENT || price_micro <= rules->price_cap_micro);
}

/* Step 2: what is wrong with one order, without a look at any other. */
static enum lm_reason check_order(const struct lm_order_row *row, const struct lm_group *group) {
    const struct lm_rules_row *rules = group->rules;
    if (group->ambiguous)
        return LM_AMBIGUOUS;
    if (!rules)
        return LM_NONE;
    if (group->period.minutes != rules->period_minutes)
        return LM_PERIOD;
    if (row->entry_at_s != LM_ABSENT && row->entry_at_s >= gate_s(group))
        return LM_LATE;
    if (row->energy_wh > 0 && !in_price_range(rules, row->price_micro))
        return LM_PRICE;
    return LM_NONE;
}

static void check_orders(struct lm_books *books) {
    for (size_t i = 0; i < books->row_count; i++) {
        struct lm_order_row *row = &books->rows[i];
        struct lm_group *group = &books->groups[row->group];
        row->reason = (uint8_t)check_order(row, group);
        if (row->reason == LM_NONE)
            group->received = true;
    }
}

static void explain_price(const struct lm_order_row *row, const struct lm_rules_row *rules,
                          struct lm_error *why) {
    struct words words;
    bool low = rules->price_floor_micro != LM_ABSENT && row->price_micro < rules->price_floor_micro;
    (void)lm_price_format(row->price_micro, words.a);
    (void)lm_price_format(low ? rules->price_floor_micro : rules->price_cap_micro, words.b);
    lm_fail(why, LM_PRICE, "price %s is %s %s of the market's rules", words.a,
            low ? "below the floor" : "above the cap", words.b);
}

/* The sentence for one rejected order. */
static void explain(const struct lm_books *books, const struct lm_order_row *row,
                    struct lm_error *why) {
    const struct lm_group *group = &books->groups[row->group];
    const char *from = name(books, row->from);
    const char *id = name(books, row->id);
    struct words words;
    switch ((enum lm_reason)row->reason) {
    case LM_AMBIGUOUS:
        lm_fail(why, LM_AMBIGUOUS, "the rules of market %s contradict each other",
                name(books, group->market));
        return;
    case LM_PERIOD:
        lm_fail(why, LM_PERIOD, "period of %d minutes, but the market's have %lld",
                (int)group->period.minutes, (long long)group->rules->period_minutes);
        return;
    case LM_LATE:
        (void)lm_instant_format(row->entry_at_s, words.a);
        (void)lm_period_format(group->period, words.b);
        lm_fail(why, LM_LATE,
                "logged at %s, but the gate of %s closed %lld minutes before it begins", words.a,
                words.b, (long long)group->rules->gate_minutes);
        return;
    case LM_PRICE:
        explain_price(row, group->rules, why);
        return;
    case LM_CONFLICT:
        lm_fail(why, LM_CONFLICT, "two different orders %s of %s have seq %lld", id, from,
                (long long)row->seq);
        lm_hint(why, "send the order again with a higher seq");
        return;
    case LM_QUOTA:
        lm_fail(why, LM_QUOTA, "%s has more orders than the %lld that the rules allow", from,
                (long long)group->rules->max_orders);
        return;
    case LM_SELF_TRADE:
        lm_fail(why, LM_SELF_TRADE, "%s would trade with itself: its bid reaches its own offer",
                from);
        return;
    case LM_TOTAL:
        lm_fail(why, LM_TOTAL, "with order %s of %s the %ss exceed 2^53-1 Wh", id, from,
                lm_side_words[row->side]);
        return;
    default:
        lm_fail(why, LM_DEFECT, "order %s of %s was rejected for no reason", id, from);
        return;
    }
}

static int tell_rules(const struct lm_books *books, lm_books_reject *reject, void *context,
                      struct lm_error *error) {
    for (size_t i = 0; i < books->rules_count; i++) {
        const struct lm_rules_row *rules = &books->rules[i];
        if (!rules->ambiguous)
            continue;
        struct lm_books_rejected rejected = {.place = {name(books, rules->source), rules->line},
                                             .text = rules->text,
                                             .size = rules->text_size,
                                             .market = name(books, rules->market)};
        lm_fail(&rejected.why, LM_AMBIGUOUS, "different rules of market %s begin together",
                rejected.market);
        lm_hint(&rejected.why, "no period that they rule is cleared until one of them is gone");
        if (reject(context, &rejected, error) < 0)
            return -1;
    }
    return 0;
}

static int tell_orders(const struct lm_books *books, lm_books_reject *reject, void *context,
                       struct lm_error *error) {
    for (size_t i = 0; i < books->row_count; i++) {
        const struct lm_order_row *row = &books->rows[i];
        const struct lm_group *group = &books->groups[row->group];
        if (row->reason == LM_NONE)
            continue;
        struct lm_books_rejected rejected = {.place = {name(books, row->source), row->line},
                                             .market = name(books, group->market),
                                             .period = group->period,
                                             .from = name(books, row->from),
                                             .id = name(books, row->id)};
        explain(books, row, &rejected.why);
        if (books->text_ends) {
            size_t start = i ? books->text_ends[i - 1] : 0;
            rejected.text = books->texts.data + start;
            rejected.size = books->text_ends[i] - start;
        }
        if (reject(context, &rejected, error) < 0)
            return -1;
    }
    return 0;
}

int lm_books_judge(struct lm_books *books, lm_books_reject *reject, void *context,
                   struct lm_error *error) {
    if (sort_groups(books, error) < 0 || lm_books_find_rules(books, error) < 0 ||
        check_options(books, error) < 0)
        return -1;
    check_orders(books);
    if (lm_books_select(books, error) < 0)
        return -1;
    if (tell_rules(books, reject, context, error) < 0)
        return -1;
    return tell_orders(books, reject, context, error);
}
