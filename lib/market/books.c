#include "lib/market/books_rows.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crypto/merkle.h"
#include "lib/record/latest.h"

struct lm_books *lm_books_new(const struct lm_books_options *options, struct lm_error *error) {
    struct lm_books *books = calloc(1, sizeof *books);
    if (!books || sodium_init() < 0) {
        free(books);
        lm_fail_memory(error);
        return NULL;
    }
    books->options = *options;
    lm_names_start(&books->names);
    lm_names_start(&books->group_names);
    return books;
}

void lm_books_only(struct lm_books *books, struct lm_period period) {
    books->options.period = period;
}

void lm_books_free(struct lm_books *books) {
    if (!books)
        return;
    for (size_t i = 0; i < books->rules_count; i++)
        free(books->rules[i].text);
    lm_names_free(&books->names);
    lm_names_free(&books->group_names);
    lm_buffer_free(&books->texts);
    lm_buffer_free(&books->scratch);
    free(books->rows);
    free(books->text_ends);
    free(books->rules);
    free(books->groups);
    free(books->ranks);
    free(books->group_order);
    free(books->keys);
    free(books->entered);
    free(books);
}

/* Makes room for one more item of item_size in the growing array that *items, a pointer, is; memcpy
 * keeps that within the aliasing rules. */
static int make_room(void *items, size_t *room, size_t count, size_t item_size,
                     struct lm_error *error) {
    void *array;
    if (count < *room)
        return 0;
    size_t wanted = *room ? 2 * *room : 64;
    memcpy(&array, items, sizeof array);
    array = reallocarray(array, wanted, item_size);
    if (!array)
        return lm_fail_memory(error);
    memcpy(items, &array, sizeof array);
    *room = wanted;
    return 0;
}

static int add_name(struct lm_books *books, const char *text, uint32_t *number,
                    struct lm_error *error) {
    return lm_names_add(&books->names, text, strlen(text), number, error);
}

struct group_key {
    int64_t start_s;
    uint32_t minutes;
    uint32_t market;
};

static int find_group(struct lm_books *books, const char *market, struct lm_period period,
                      uint32_t *group, struct lm_error *error) {
    uint32_t market_name;
    if (add_name(books, market, &market_name, error) < 0)
        return -1;
    struct group_key key = {period.start_s, (uint32_t)period.minutes, market_name};
    if (lm_names_add(&books->group_names, &key, sizeof key, group, error) < 0)
        return -1;
    if (*group < books->group_count)
        return 0;
    if (make_room(&books->groups, &books->group_room, books->group_count, sizeof *books->groups,
                  error) < 0)
        return -1;
    books->groups[books->group_count++] =
        (struct lm_group){.period = period, .market = market_name};
    return 0;
}

int lm_books_want(struct lm_books *books, const char *market, struct lm_period period,
                  const struct lm_price_rule *rule, struct lm_error *error) {
    uint32_t group;
    if (find_group(books, market, period, &group, error) < 0)
        return -1;
    books->groups[group].wanted = true;
    struct lm_group *wanted = &books->groups[group];
    if (rule && (!wanted->price_rule_given || rule->k_micro < wanted->price_rule.k_micro)) {
        wanted->price_rule_given = true;
        wanted->price_rule = *rule;
    }
    return 0;
}

bool lm_books_late(const struct lm_books *books, const char *market, struct lm_period period) {
    struct group_key key = {period.start_s, (uint32_t)period.minutes, 0};
    uint32_t group;
    if (!lm_names_find(&books->names, market, strlen(market), &key.market) ||
        !lm_names_find(&books->group_names, &key, sizeof key, &group))
        return false;
    const struct lm_rules_row *rules = books->groups[group].rules;
    return rules && rules->counts_s > period.start_s;
}

/* The leaf hash of the record's canonical form, with its signature or without. */
static int hash_record(struct lm_books *books, const struct lm_record *record, bool with_sig,
                       uint8_t hash[LM_HASH_SIZE], struct lm_error *error) {
    lm_buffer_reset(&books->scratch);
    if (with_sig)
        lm_record_canonical(record, &books->scratch);
    else
        lm_record_payload(record, &books->scratch);
    if (!lm_buffer_ok(&books->scratch))
        return lm_fail_memory(error);
    lm_merkle_leaf(books->scratch.data, books->scratch.size, hash);
    return 0;
}

static int keep_text(struct lm_books *books, const char *text, size_t size,
                     struct lm_error *error) {
    lm_buffer_bytes(&books->texts, text, size);
    if (!lm_buffer_ok(&books->texts))
        return lm_fail_memory(error);
    books->text_ends[books->row_count] = books->texts.size;
    return 0;
}

static int make_row_room(struct lm_books *books, struct lm_error *error) {
    if (books->row_count < books->row_room)
        return 0;
    if (books->row_count >= UINT32_MAX / 2)
        return lm_fail(error, LM_MEMORY, "more orders than lm can hold");
    if (make_room(&books->rows, &books->row_room, books->row_count, sizeof *books->rows, error) < 0)
        return -1;
    if (!books->options.keep_text)
        return 0;
    size_t *ends = reallocarray(books->text_ends, books->row_room, sizeof *ends);
    if (!ends)
        return lm_fail_memory(error);
    books->text_ends = ends;
    return 0;
}

static int add_order(struct lm_books *books, const struct lm_record *record,
                     const struct lm_place *place, const char *text, size_t size,
                     struct lm_error *error) {
    const struct lm_order *order = &record->as.order;
    const struct lm_period *only = &books->options.period;
    if (only->minutes && lm_period_compare(order->period, *only) != 0)
        return 0;
    if (make_row_room(books, error) < 0)
        return -1;
    struct lm_order_row *row = &books->rows[books->row_count];
    *row = (struct lm_order_row){
        .seq = order->seq,
        .energy_wh = order->energy_wh,
        .price_micro = order->price_micro,
        .entry_at_s = record->wrapped ? record->entry_at_s : LM_ABSENT,
        .line = place->line,
        .side = (uint8_t)order->side,
    };
    if (find_group(books, order->market, order->period, &row->group, error) < 0 ||
        add_name(books, order->from, &row->from, error) < 0 ||
        add_name(books, order->id, &row->id, error) < 0 ||
        add_name(books, place->source, &row->source, error) < 0 ||
        hash_record(books, record, false, row->content, error) < 0)
        return -1;
    if (!record->signature.signature)
        memcpy(row->leaf, row->content, sizeof row->leaf);
    else if (hash_record(books, record, true, row->leaf, error) < 0)
        return -1;
    if (books->options.keep_text && keep_text(books, text, size, error) < 0)
        return -1;
    books->row_count++;
    return 0;
}

static int add_rules(struct lm_books *books, const struct lm_record *record,
                     const struct lm_place *place, const char *text, size_t size,
                     struct lm_error *error) {
    const struct lm_market_rules *rules = &record->as.market_rules;
    if (make_room(&books->rules, &books->rules_room, books->rules_count, sizeof *books->rules,
                  error) < 0)
        return -1;
    struct lm_rules_row *row = &books->rules[books->rules_count];
    *row = (struct lm_rules_row){
        .valid = rules->valid,
        .known_s = lm_known_since(record),
        .period_minutes = rules->period_minutes,
        .gate_minutes = rules->gate_minutes,
        .price_floor_micro = rules->price_floor_micro,
        .price_cap_micro = rules->price_cap_micro,
        .max_orders = rules->max_orders,
        .line = place->line,
    };
    if (!lm_price_rule_parse(rules->price_rule, strlen(rules->price_rule), &row->price_rule))
        return lm_fail(error, LM_DEFECT, "a price rule that was checked does not parse");
    if (add_name(books, rules->market, &row->market, error) < 0 ||
        add_name(books, place->source, &row->source, error) < 0 ||
        hash_record(books, record, false, row->content, error) < 0)
        return -1;
    if (books->options.keep_text) {
        row->text = malloc(size + 1);
        if (!row->text)
            return lm_fail_memory(error);
        memcpy(row->text, text, size);
        row->text_size = size;
    }
    books->rules_count++;
    return 0;
}

int lm_books_add(struct lm_books *books, const struct lm_record *record,
                 const struct lm_place *place, const char *text, size_t size,
                 struct lm_error *error) {
    const char *market = record->type == LM_TYPE_ORDER          ? record->as.order.market
                         : record->type == LM_TYPE_MARKET_RULES ? record->as.market_rules.market
                                                                : NULL;
    if (!market || (books->options.market && strcmp(market, books->options.market) != 0))
        return 0;
    return record->type == LM_TYPE_ORDER ? add_order(books, record, place, text, size, error)
                                         : add_rules(books, record, place, text, size, error);
}
