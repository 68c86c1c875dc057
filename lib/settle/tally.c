#include "lib/settle/tally.h"

#include <stdlib.h>

#include "lib/base/array.h"
#include "lib/base/decimal.h"
#include "lib/base/limits.h"

void lm_tally_free(struct lm_tally *tally) {
    free(tally->rows);
    *tally = (struct lm_tally){0};
}

void lm_tally_reset(struct lm_tally *tally) {
    tally->count = 0;
    tally->merged = 0;
}

int lm_tally_add(struct lm_tally *tally, enum lm_item item, int64_t price_micro, lm_i128 energy_wh,
                 struct lm_error *error) {
    if (energy_wh == 0 || price_micro == 0)
        return 0;
    /* Merging each time the rows have doubled keeps a supplier's tally as short as it has prices.
     */
    if (tally->count == tally->room && tally->count > 2 * tally->merged &&
        lm_tally_merge(tally, error) < 0)
        return -1;
    struct lm_tally_row *rows =
        lm_array_room(tally->rows, &tally->room, tally->count, sizeof *rows, error);
    if (!rows)
        return -1;
    tally->rows = rows;
    rows[tally->count++] = (struct lm_tally_row){energy_wh, price_micro, (int)item};
    return 0;
}

int lm_tally_add_all(struct lm_tally *tally, const struct lm_tally *other, int factor,
                     struct lm_error *error) {
    for (size_t i = 0; i < other->count; i++) {
        const struct lm_tally_row *row = &other->rows[i];
        if (lm_tally_add(tally, (enum lm_item)row->item, row->price_micro, factor * row->energy_wh,
                         error) < 0)
            return -1;
    }
    return 0;
}

static int compare_rows(const void *a, const void *b) {
    const struct lm_tally_row *x = a;
    const struct lm_tally_row *y = b;
    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    return (x->price_micro > y->price_micro) - (x->price_micro < y->price_micro);
}

int lm_tally_merge(struct lm_tally *tally, struct lm_error *error) {
    size_t kept = 0;
    if (tally->count > 0)
        qsort(tally->rows, tally->count, sizeof *tally->rows, compare_rows);
    for (size_t i = 0; i < tally->count;) {
        struct lm_tally_row sum = tally->rows[i];
        for (i++; i < tally->count && compare_rows(&sum, &tally->rows[i]) == 0; i++) {
            if (!lm_add_i128(sum.energy_wh, tally->rows[i].energy_wh, &sum.energy_wh))
                return lm_fail(error, LM_OVERFLOW, "an energy does not fit 128 bits");
        }
        if (sum.energy_wh != 0)
            tally->rows[kept++] = sum;
    }
    tally->count = kept;
    tally->merged = kept;
    return 0;
}

int lm_tally_sum(const struct lm_tally *tally, lm_i128 *amount_nano, struct lm_error *error) {
    *amount_nano = 0;
    for (size_t i = 0; i < tally->count; i++) {
        const struct lm_tally_row *row = &tally->rows[i];
        lm_i128 product;
        if (row->energy_wh > LM_INTEGER_MAX || row->energy_wh < -LM_INTEGER_MAX)
            return lm_fail(error, LM_TOTAL, "the energy of an item %s is above 2^53-1 Wh",
                           lm_item_words[row->item]);
        if (!lm_mul_i128(row->price_micro, row->energy_wh, &product) ||
            !lm_add_i128(*amount_nano, product, amount_nano))
            return lm_fail(error, LM_OVERFLOW, "an amount does not fit 128 bits");
    }
    return 0;
}

json_t *lm_tally_items(const struct lm_tally *tally) {
    json_t *items = json_array();
    for (size_t i = 0; items && i < tally->count; i++) {
        const struct lm_tally_row *row = &tally->rows[i];
        char amount[LM_DECIMAL_SIZE];
        char price[LM_DECIMAL_SIZE];
        (void)lm_amount_format(row->price_micro * row->energy_wh, amount);
        (void)lm_price_format(row->price_micro, price);
        int64_t energy_wh = (int64_t)(row->energy_wh < 0 ? -row->energy_wh : row->energy_wh);
        json_t *item = json_object();
        if (!item || json_object_set_new_nocheck(item, "amount", json_string(amount)) < 0 ||
            json_object_set_new_nocheck(item, "energy_wh", json_integer(energy_wh)) < 0 ||
            json_object_set_new_nocheck(item, "item", json_string(lm_item_words[row->item])) < 0 ||
            json_object_set_new_nocheck(item, "price", json_string(price)) < 0 ||
            json_array_append(items, item) < 0) {
            json_decref(items);
            items = NULL;
        }
        json_decref(item);
    }
    return items;
}

int lm_tally_read(struct lm_tally *tally, const json_t *items, struct lm_error *error) {
    for (size_t i = 0; i < json_array_size(items); i++) {
        struct lm_settlement_item item;
        if (lm_members_read(&lm_settlement_item_members, json_array_get(items, i), NULL, &item,
                            error) < 0)
            return -1;
        lm_i128 product = lm_amount_of(item.price_micro, item.energy_wh);
        if (item.amount_nano != product && item.amount_nano != -product)
            return lm_fail(error, LM_BAD_MEMBER,
                           "the amount of item %s is not its price times its energy",
                           lm_item_words[item.item]);
        lm_i128 energy_wh = item.amount_nano == product ? item.energy_wh : -item.energy_wh;
        if (lm_tally_add(tally, (enum lm_item)item.item, item.price_micro, energy_wh, error) < 0)
            return -1;
    }
    return 0;
}

bool lm_tally_same(const struct lm_tally *a, const struct lm_tally *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (compare_rows(&a->rows[i], &b->rows[i]) != 0 ||
            a->rows[i].energy_wh != b->rows[i].energy_wh)
            return false;
    }
    return true;
}
