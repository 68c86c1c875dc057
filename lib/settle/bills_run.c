/* Making the bills, once all is known. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/decimal.h"
#include "lib/base/zone.h"
#include "lib/settle/bills_rows.h"

#define CENT_NANO 10000000

static int compare_names(const struct lm_bills *bills, uint32_t a, uint32_t b) {
    return (bills->ranks[a] > bills->ranks[b]) - (bills->ranks[a] < bills->ranks[b]);
}

/* By what names a record; then, so that repeats lie together, by content. */
static int compare_row_names(const struct lm_bills *bills, const struct lm_bills_row *a,
                             const struct lm_bills_row *b) {
    int order = compare_names(bills, a->supplier, b->supplier);
    if (order == 0)
        order = compare_names(bills, a->user, b->user);
    if (order == 0)
        order = lm_period_compare(a->period, b->period);
    return order ? order : (a->seq > b->seq) - (a->seq < b->seq);
}

static int compare_rows(const void *a, const void *b, void *context) {
    const struct lm_bills *bills = context;
    const struct lm_bills_row *x = &bills->rows[*(const size_t *)a];
    const struct lm_bills_row *y = &bills->rows[*(const size_t *)b];
    int order = compare_row_names(bills, x, y);
    return order ? order : memcmp(x->content, y->content, sizeof x->content);
}

static int know_zone(struct lm_bills *bills, uint32_t zone, struct lm_error *why) {
    const char *name = lm_names_text(&bills->facts.names, zone);
    if (bills->zones[zone] == 0 && lm_zone_known(name))
        bills->zones[zone] = 1;
    else if (bills->zones[zone] == 0 && lm_zone_fail(name, why) < 0 && why->reason != LM_ZONE)
        return -1;
    else if (bills->zones[zone] == 0)
        bills->zones[zone] = 2;
    return bills->zones[zone] == 1
               ? 0
               : lm_fail(why, LM_ZONE, "this machine does not know the zone %s of her tariff",
                         name);
}

static struct lm_month next_month(struct lm_month month) {
    return month.month < 12 ? (struct lm_month){month.year, month.month + 1}
                            : (struct lm_month){month.year + 1, 1};
}

static int64_t month_start_s(struct lm_month month) {
    struct lm_civil civil = {.year = month.year, .month = month.month, .day = 1};
    return lm_civil_to_seconds(&civil);
}

/* Whether a settlement's period belongs to a month. */
static int belongs(struct lm_bills *bills, const struct lm_bills_row *row, struct lm_month month,
                   bool *in_month, struct lm_error *why) {
    int64_t start_s = row->period.start_s;
    const struct lm_tariff_terms *tariff =
        lm_facts_tariff(&bills->facts, row->user, row->supplier,
                        bills->default_tariffs[row->supplier], start_s, why);
    if (!tariff)
        return -1;
    const char *zone = lm_names_text(&bills->facts.names, tariff->zone);
    if (know_zone(bills, tariff->zone, why) < 0)
        return -1;
    /* No zone is a day from UTC: only near the month's ends does it matter which one it is. */
    *in_month = true;
    if (start_s >= month_start_s(month) + LM_DAY_S &&
        start_s < month_start_s(next_month(month)) - LM_DAY_S)
        return 0;
    struct lm_civil local;
    if (!lm_zone_local(zone, start_s, &local))
        return lm_zone_fail(zone, why);
    *in_month = local.year == month.year && local.month == month.month;
    return 0;
}

static int add_amounts(struct lm_bill *bill, const struct lm_bills_row *row, struct lm_error *why) {
    if (!lm_add_i128(bill->amount_nano, row->amount_nano, &bill->amount_nano) ||
        !lm_add_i128(bill->without_market_nano, row->without_nano, &bill->without_market_nano))
        return lm_fail(why, LM_OVERFLOW, "a sum of amounts does not fit 128 bits");
    return 0;
}

static int add_items(struct lm_bills *bills, const struct lm_bills_row *row, struct lm_error *why) {
    for (size_t i = row->items; i < row->items + row->item_count; i++) {
        const struct lm_bills_item *item = &bills->items[i];
        int kind = row->seq < 0 ? item->item : LM_ITEM_ADJUSTMENT;
        if (lm_tally_add(&bills->tally, (enum lm_item)kind, item->price_micro, item->energy_wh,
                         why) < 0)
            return -1;
    }
    return 0;
}

/* By supplier, user, month; then, so that repeats lie together, by content. */
static int compare_earlier(const void *a, const void *b) {
    const struct lm_bills_earlier *x = a;
    const struct lm_bills_earlier *y = b;
    if (x->supplier != y->supplier)
        return x->supplier < y->supplier ? -1 : 1;
    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    int order = lm_month_compare(x->month, y->month);
    return order ? order : memcmp(x->content, y->content, sizeof x->content);
}

/* No content comes before that of a key, which has none. */
static bool is_before(const void *earlier, const void *key) {
    return compare_earlier(earlier, key) < 0;
}

/* The latest bill of a row's supplier to its user before a month, NULL for none. *conflict tells
 * whether there are two different ones of its month. */
static const struct lm_bills_earlier *find_earlier(const struct lm_bills *bills,
                                                   const struct lm_bills_row *row,
                                                   struct lm_month month, bool *conflict) {
    const struct lm_bills_earlier key = {
        .month = month, .supplier = row->supplier, .user = row->user};
    size_t end = lm_array_lower_bound(bills->earlier, bills->earlier_count, sizeof *bills->earlier,
                                      &key, is_before);
    *conflict = false;
    const struct lm_bills_earlier *found = end > 0 ? &bills->earlier[end - 1] : NULL;
    if (!found || found->supplier != row->supplier || found->user != row->user)
        return NULL;
    if (end > 1) {
        const struct lm_bills_earlier *other = found - 1;
        *conflict = other->supplier == found->supplier && other->user == found->user &&
                    lm_month_compare(other->month, found->month) == 0 &&
                    memcmp(other->content, found->content, sizeof found->content) != 0;
    }
    return found;
}

/* Carries in, rounds, carries on. */
static int close_bill(struct lm_bills *bills, struct lm_bill *bill, const struct lm_bills_row *row,
                      struct lm_error *why) {
    lm_i128 sum_nano;
    lm_i128 due_nano;
    bool conflict;
    const struct lm_bills_earlier *earlier = find_earlier(bills, row, bill->month, &conflict);
    if (conflict)
        return lm_fail(why, LM_CONFLICT, "two different earlier bills of one month");
    if (earlier && strcmp(lm_names_text(&bills->facts.names, earlier->currency), bill->currency))
        return lm_fail(why, LM_CURRENCY, "her earlier bill is in another currency");
    bill->carried_in_nano = earlier ? earlier->carry_nano : 0;
    if (lm_tally_merge(&bills->tally, why) < 0 || lm_tally_sum(&bills->tally, &sum_nano, why) < 0)
        return -1;
    if (sum_nano != bill->amount_nano)
        return lm_fail(why, LM_DEFECT, "the items of a bill do not sum to its amount");
    if (!lm_sub_i128(bill->amount_nano, bill->without_market_nano, &bill->difference_nano) ||
        !lm_add_i128(bill->amount_nano, bill->carried_in_nano, &due_nano) ||
        !lm_mul_i128(lm_divide_half_even(due_nano, CENT_NANO), CENT_NANO, &bill->rounded_nano) ||
        !lm_sub_i128(due_nano, bill->rounded_nano, &bill->carry_nano))
        return lm_fail(why, LM_OVERFLOW, "an amount does not fit 128 bits");
    return 0;
}

/* Fills the bill from one user's rows. *any is false where none belongs to the month. -1 with
 * *why, and *where it shows. */
static int fill_bill(struct lm_bills *bills, const size_t *order, size_t count,
                     struct lm_bill *bill, bool *any, struct lm_place *where,
                     struct lm_error *why) {
    lm_tally_reset(&bills->tally);
    *any = false;
    for (size_t i = 0; i < count; i++) {
        const struct lm_bills_row *row = &bills->rows[order[i]];
        const struct lm_bills_row *before = i > 0 ? &bills->rows[order[i - 1]] : NULL;
        const char *currency = lm_names_text(&bills->facts.names, row->currency);
        bool in_month = true;
        if (before && compare_row_names(bills, before, row) == 0) {
            if (memcmp(before->content, row->content, sizeof row->content) == 0)
                continue;
            *where = row->where;
            return lm_fail(why, LM_CONFLICT, "two different records of one period and seq");
        }
        *where = row->where;
        if (row->seq < 0 && belongs(bills, row, bill->month, &in_month, why) < 0)
            return -1;
        if (!in_month)
            continue;
        if (*any && strcmp(currency, bill->currency) != 0)
            return lm_fail(why, LM_CURRENCY, "%s and %s meet", bill->currency, currency);
        *any = true;
        bill->currency = currency;
        if (add_amounts(bill, row, why) < 0 || add_items(bills, row, why) < 0)
            return -1;
    }
    return 0;
}

static int tell_withheld(const struct lm_bill *bill, const struct lm_place *where,
                         const struct lm_error *why, const struct lm_bills_visitor *visitor,
                         struct lm_error *error) {
    struct lm_error told;
    if (lm_reason_exit(why->reason) != LM_EXIT_REJECT)
        return lm_fail(error, why->reason, "%s", why->detail);
    lm_fail(&told, why->reason, "the bill of %s for %s is withheld: %.100s", bill->supplier,
            bill->user, why->detail);
    return visitor->reject(visitor->context, where->source, where->line, &told, error);
}

static int make_bill(struct lm_bills *bills, struct lm_month month, const size_t *order,
                     size_t count, const struct lm_bills_visitor *visitor, struct lm_error *error) {
    const struct lm_bills_row *first = &bills->rows[order[0]];
    struct lm_bill bill;
    struct lm_error why;
    struct lm_place where = first->where;
    bool any;
    lm_record_clear(LM_TYPE_BILL, &bill);
    bill.amount_nano = 0;
    bill.without_market_nano = 0;
    bill.month = month;
    bill.user = lm_names_text(&bills->facts.names, first->user);
    bill.supplier = lm_names_text(&bills->facts.names, first->supplier);
    if (fill_bill(bills, order, count, &bill, &any, &where, &why) < 0 ||
        (any && close_bill(bills, &bill, first, &why) < 0))
        return tell_withheld(&bill, &where, &why, visitor, error);
    if (!any)
        return 0;
    bill.items = lm_tally_items(&bills->tally);
    if (!bill.items)
        return lm_fail_memory(error);
    int result = visitor->bill(visitor->context, &bill, error);
    json_decref(bill.items);
    return result;
}

static int find_default_tariffs(struct lm_bills *bills, struct lm_error *error) {
    bills->default_tariffs = calloc(bills->facts.names.count + 1, sizeof *bills->default_tariffs);
    if (!bills->default_tariffs)
        return lm_fail_memory(error);
    for (size_t i = 0; i < bills->row_count; i++) {
        uint32_t supplier = bills->rows[i].supplier;
        if (lm_facts_default_tariff(&bills->facts, lm_names_text(&bills->facts.names, supplier),
                                    &bills->default_tariffs[supplier], error) < 0)
            return -1;
    }
    return 0;
}

/* Sorts what was billed, each bill once. */
static void sort_earlier(struct lm_bills *bills) {
    struct lm_bills_earlier *earlier = bills->earlier;
    size_t kept = 0;
    if (bills->earlier_count > 0)
        qsort(earlier, bills->earlier_count, sizeof *earlier, compare_earlier);
    for (size_t i = 0; i < bills->earlier_count; i++) {
        if (kept == 0 || compare_earlier(&earlier[kept - 1], &earlier[i]) != 0)
            earlier[kept++] = earlier[i];
    }
    bills->earlier_count = kept;
}

/* All names must be known before they are ranked and looked up. */
static int seal(struct lm_bills *bills, struct lm_error *error) {
    if (find_default_tariffs(bills, error) < 0)
        return -1;
    bills->ranks = lm_names_ranks(&bills->facts.names, error);
    if (!bills->ranks)
        return -1;
    bills->zones = calloc(bills->facts.names.count + 1, sizeof *bills->zones);
    if (!bills->zones)
        return lm_fail_memory(error);
    sort_earlier(bills);
    return lm_facts_seal(&bills->facts, error);
}

static int make_month(struct lm_bills *bills, struct lm_month month, struct lm_group *rows,
                      const struct lm_bills_visitor *visitor, struct lm_error *error) {
    int result = 0;
    if (rows->count > 0)
        qsort_r(rows->items, rows->count, sizeof *rows->items, compare_rows, bills);
    for (size_t i = 0; i < rows->count && result == 0;) {
        size_t begin = i;
        const struct lm_bills_row *first = &bills->rows[rows->items[begin]];
        while (i < rows->count && bills->rows[rows->items[i]].supplier == first->supplier &&
               bills->rows[rows->items[i]].user == first->user)
            i++;
        result = make_bill(bills, month, &rows->items[begin], i - begin, visitor, error);
    }
    return result;
}

int lm_bills_run(struct lm_bills *bills, const struct lm_bills_visitor *visitor,
                 struct lm_error *error) {
    int result = seal(bills, error);
    for (uint32_t i = 0; i < bills->months.names.count && result == 0; i++) {
        struct lm_month month;
        memcpy(&month, lm_names_text(&bills->months.names, i), sizeof month);
        result = make_month(bills, month, &bills->months.items[i], visitor, error);
    }
    return result;
}
