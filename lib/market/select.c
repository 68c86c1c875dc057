#include <stdlib.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/market/books_rows.h"

static const struct lm_order_row *row_of(const struct lm_books *books, size_t key) {
    return &books->rows[books->keys[key].row];
}

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static bool same_name(const struct lm_order_key *a, const struct lm_order_key *b) {
    return a->group_from == b->group_from && a->id == b->id;
}

/* Of one name the highest seq first, then whatever tells two apart but for where they stood. */
static int compare_keys(const void *a, const void *b, void *context) {
    const struct lm_books *books = context;
    const struct lm_order_key *x = a;
    const struct lm_order_key *y = b;
    if (x->group_from != y->group_from)
        return x->group_from < y->group_from ? -1 : 1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    const struct lm_order_row *row_x = &books->rows[x->row];
    const struct lm_order_row *row_y = &books->rows[y->row];
    int order = compare_numbers(row_y->seq, row_x->seq);
    if (order == 0)
        order = memcmp(row_x->content, row_y->content, LM_HASH_SIZE);
    if (order == 0)
        order = memcmp(row_x->leaf, row_y->leaf, LM_HASH_SIZE);
    return order ? order : compare_numbers(x->row, y->row);
}

static int sort_keys(struct lm_books *books, struct lm_error *error) {
    uint32_t *places = calloc(books->group_count + 1, sizeof *places);
    books->keys = calloc(books->row_count + 1, sizeof *books->keys);
    if (!places || !books->keys) {
        free(places);
        return lm_fail_memory(error);
    }
    for (size_t i = 0; i < books->group_count; i++)
        places[books->group_order[i]] = (uint32_t)i;
    for (size_t i = 0; i < books->row_count; i++) {
        const struct lm_order_row *row = &books->rows[i];
        if (row->reason != LM_NONE)
            continue;
        books->keys[books->key_count++] = (struct lm_order_key){
            (uint64_t)places[row->group] << 32 | books->ranks[row->from],
            books->ranks[row->id],
            (uint32_t)i,
        };
    }
    free(places);
    qsort_r(books->keys, books->key_count, sizeof *books->keys, compare_keys, books);
    return 0;
}

/* Rejects every line of the order whose best version is at KEY. */
static void reject(struct lm_books *books, size_t key, enum lm_reason reason) {
    int64_t seq = row_of(books, key)->seq;
    for (size_t i = key; i < books->key_count && same_name(&books->keys[i], &books->keys[key]) &&
                         row_of(books, i)->seq == seq;
         i++)
        books->rows[books->keys[i].row].reason = (uint8_t)reason;
}

/* Step 3: of each name the version that counts, if any, becomes the next of `entered`. */
static size_t replace(struct lm_books *books) {
    size_t standing = 0;
    size_t next;
    for (size_t key = 0; key < books->key_count; key = next) {
        const struct lm_order_row *best = row_of(books, key);
        bool conflict = false;
        for (next = key + 1;
             next < books->key_count && same_name(&books->keys[next], &books->keys[key]); next++) {
            const struct lm_order_row *other = row_of(books, next);
            if (other->seq == best->seq &&
                memcmp(other->content, best->content, sizeof best->content) != 0)
                conflict = true;
        }
        if (conflict)
            reject(books, key, LM_CONFLICT);
        else if (best->energy_wh > 0)
            books->entered[standing++] = (uint32_t)key;
    }
    return standing;
}

/* True where the highest bid of the entity's orders reaches its lowest offer. */
static bool trades_with_itself(const struct lm_books *books, size_t first, size_t end) {
    bool any[2] = {false, false};
    int64_t best_micro[2] = {0, 0};
    for (size_t i = first; i < end; i++) {
        const struct lm_order_row *row = row_of(books, books->entered[i]);
        bool better = row->side == LM_SIDE_BID ? row->price_micro > best_micro[row->side]
                                               : row->price_micro < best_micro[row->side];
        if (!any[row->side] || better)
            best_micro[row->side] = row->price_micro;
        any[row->side] = true;
    }
    return any[LM_SIDE_OFFER] && any[LM_SIDE_BID] &&
           best_micro[LM_SIDE_BID] >= best_micro[LM_SIDE_OFFER];
}

/* Steps 4 and 5 for the orders of one entity in one group, [first, end) of `entered`. What is left
 * is moved down to AT; returns its end there. */
static size_t limit_entity(struct lm_books *books, const struct lm_rules_row *rules, size_t first,
                           size_t end, size_t at) {
    size_t allowed = end;
    if (rules && (int64_t)(end - first) > rules->max_orders)
        allowed = first + (size_t)rules->max_orders;
    for (size_t i = allowed; i < end; i++)
        reject(books, books->entered[i], LM_QUOTA);
    bool self_trade = trades_with_itself(books, first, allowed);
    for (size_t i = first; i < allowed; i++) {
        if (self_trade)
            reject(books, books->entered[i], LM_SELF_TRADE);
        else
            books->entered[at++] = books->entered[i];
    }
    return at;
}

/* The largest first; of equal ones the first by (from, id). */
static int compare_energies(const void *a, const void *b, void *context) {
    const struct lm_books *books = context;
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    int order = compare_numbers(row_of(books, y)->energy_wh, row_of(books, x)->energy_wh);
    return order ? order : compare_numbers(x, y);
}

/* Step 6 for one side of a group, whose orders are [first, end) of `entered`. */
static int limit_side(struct lm_books *books, enum lm_side side, size_t first, size_t end,
                      struct lm_error *error) {
    lm_i128 total_wh = 0; /* 2^32 orders of 2^53 Wh fit */
    size_t count = 0;
    for (size_t i = first; i < end; i++) {
        const struct lm_order_row *row = row_of(books, books->entered[i]);
        total_wh += row->side == side ? row->energy_wh : 0;
        count += row->side == side;
    }
    if (total_wh <= LM_INTEGER_MAX)
        return 0;
    uint32_t *largest = calloc(count + 1, sizeof *largest);
    if (!largest)
        return lm_fail_memory(error);
    count = 0;
    for (size_t i = first; i < end; i++) {
        if (row_of(books, books->entered[i])->side == side)
            largest[count++] = books->entered[i];
    }
    qsort_r(largest, count, sizeof *largest, compare_energies, books);
    for (size_t i = 0; i < count && total_wh > LM_INTEGER_MAX; i++) {
        total_wh -= row_of(books, largest[i])->energy_wh;
        reject(books, largest[i], LM_TOTAL);
    }
    free(largest);
    return 0;
}

/* Step 6 for a group; closes the gaps. Returns 0 and the new *end. */
static int limit_total(struct lm_books *books, size_t first, size_t *end, struct lm_error *error) {
    if (limit_side(books, LM_SIDE_OFFER, first, *end, error) < 0 ||
        limit_side(books, LM_SIDE_BID, first, *end, error) < 0)
        return -1;
    size_t at = first;
    for (size_t i = first; i < *end; i++) {
        if (row_of(books, books->entered[i])->reason == LM_NONE)
            books->entered[at++] = books->entered[i];
    }
    *end = at;
    return 0;
}

static uint64_t group_from(const struct lm_books *books, size_t i) {
    return books->keys[books->entered[i]].group_from;
}

int lm_books_select(struct lm_books *books, struct lm_error *error) {
    if (sort_keys(books, error) < 0)
        return -1;
    books->entered = calloc(books->key_count + 1, sizeof *books->entered);
    if (!books->entered)
        return lm_fail_memory(error);
    size_t standing = replace(books);
    size_t at = 0;
    size_t i = 0;
    while (i < standing) {
        uint64_t place = group_from(books, i) >> 32;
        struct lm_group *group = &books->groups[books->group_order[place]];
        group->first = at;
        while (i < standing && group_from(books, i) >> 32 == place) {
            uint64_t entity = group_from(books, i);
            size_t first = i;
            while (i < standing && group_from(books, i) == entity)
                i++;
            at = limit_entity(books, group->rules, first, i, at);
        }
        if (limit_total(books, group->first, &at, error) < 0)
            return -1;
        group->count = at - group->first;
    }
    return 0;
}
