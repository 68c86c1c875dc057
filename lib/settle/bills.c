#include "lib/settle/bills.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/decimal.h"
#include "lib/base/zone.h"
#include "lib/settle/facts.h"
#include "lib/settle/tally.h"

#define CENT_NANO 10000000
#define DAY_S     86400

/* An item, as compact as a record's numbers allow. */
struct item {
    int64_t price_micro;
    int64_t energy_wh; /* with the sign of the tally */
    int item;
};

/* A settlement or adjustment. */
struct row {
    struct lm_place where;
    uint8_t content[32];
    struct lm_period period;
    lm_i128 amount_nano;
    lm_i128 without_nano;
    int64_t seq; /* -1 for a settlement */
    size_t items;
    uint32_t item_count;
    uint32_t user;
    uint32_t supplier;
    uint32_t currency;
};

/* The latest earlier bill of a supplier to a user. */
struct earlier {
    uint8_t content[32];
    struct lm_month month;
    lm_i128 carry_nano;
    uint32_t currency;
    bool conflict; /* two different ones of that month */
};

struct lm_bills {
    struct lm_bills_options options;
    int64_t first_s; /* where the month surely has not begun, in any zone, before */
    int64_t last_s;  /* and surely has ended after */
    struct lm_facts facts;
    struct lm_names earlier_names; /* (supplier, user); a number is the place in earlier */
    struct earlier *earlier;
    size_t earlier_room;
    struct row *rows;
    size_t row_count;
    size_t row_room;
    struct item *items;
    size_t item_count;
    size_t item_room;
    struct lm_tally tally;
    uint32_t *ranks; /* of facts.names; from here on set by running */
    uint8_t *zones;  /* by name: 0 not asked yet, 1 known, 2 unknown */
};

static struct lm_month next_month(struct lm_month month) {
    return month.month < 12 ? (struct lm_month){month.year, month.month + 1}
                            : (struct lm_month){month.year + 1, 1};
}

static int64_t month_start_s(struct lm_month month) {
    struct lm_civil civil = {.year = month.year, .month = month.month, .day = 1};
    return lm_civil_to_seconds(&civil);
}

struct lm_bills *lm_bills_new(const struct lm_bills_options *options, struct lm_error *error) {
    struct lm_bills *bills = calloc(1, sizeof *bills);
    if (!bills) {
        lm_fail_memory(error);
        return NULL;
    }
    bills->options = *options;
    bills->first_s = month_start_s(options->month) - DAY_S;
    bills->last_s = month_start_s(next_month(options->month)) + DAY_S;
    lm_facts_start(&bills->facts);
    lm_names_start(&bills->earlier_names);
    return bills;
}

void lm_bills_free(struct lm_bills *bills) {
    if (!bills)
        return;
    lm_facts_free(&bills->facts);
    lm_names_free(&bills->earlier_names);
    lm_tally_free(&bills->tally);
    free(bills->earlier);
    free(bills->rows);
    free(bills->items);
    free(bills->ranks);
    free(bills->zones);
    free(bills);
}

static bool is_wanted(const struct lm_bills *bills, const char *supplier) {
    return !bills->options.supplier || strcmp(bills->options.supplier, supplier) == 0;
}

/* Keeps the items of the tally at hand. */
static int keep_items(struct lm_bills *bills, struct row *row, struct lm_error *error) {
    row->items = bills->item_count;
    row->item_count = (uint32_t)bills->tally.count;
    for (size_t i = 0; i < bills->tally.count; i++) {
        const struct lm_tally_row *from = &bills->tally.rows[i];
        struct item *items =
            lm_array_room(bills->items, &bills->item_room, bills->item_count, sizeof *items, error);
        if (!items)
            return -1;
        bills->items = items;
        items[bills->item_count++] =
            (struct item){from->price_micro, (int64_t)from->energy_wh, from->item};
    }
    return 0;
}

static int pair_number(struct lm_bills *bills, uint32_t supplier, uint32_t user, uint32_t *number,
                       struct lm_error *error) {
    uint32_t key[2] = {supplier, user};
    return lm_names_add(&bills->earlier_names, key, sizeof key, number, error);
}

static int add_row(struct lm_bills *bills, const struct lm_record *record,
                   const struct lm_place *where, struct lm_error *error) {
    const struct lm_settlement *body = &record->as.settlement;
    bool adjustment = record->type == LM_TYPE_ADJUSTMENT;
    struct row row = {.where = *where,
                      .period = body->period,
                      .amount_nano = body->amount_nano,
                      .without_nano = body->without_market_nano,
                      .seq = adjustment ? body->seq : -1};
    lm_i128 sum_nano;
    if (body->role != LM_ROLE_USER || !is_wanted(bills, body->supplier))
        return 0;
    if (adjustment ? lm_month_compare(body->month, bills->options.month) != 0
                   : body->period.start_s < bills->first_s || body->period.start_s > bills->last_s)
        return 0;
    lm_tally_reset(&bills->tally);
    if (lm_tally_read(&bills->tally, body->items, error) < 0 ||
        lm_tally_merge(&bills->tally, error) < 0 ||
        lm_tally_sum(&bills->tally, &sum_nano, error) < 0)
        return -1;
    if (sum_nano != body->amount_nano)
        return lm_fail(error, LM_BAD_MEMBER, "the items do not sum to the amount");
    struct row *rows =
        lm_array_room(bills->rows, &bills->row_room, bills->row_count, sizeof *rows, error);
    if (!rows)
        return -1;
    bills->rows = rows;
    if (lm_facts_name(&bills->facts, body->party, &row.user, error) < 0 ||
        lm_facts_name(&bills->facts, body->supplier, &row.supplier, error) < 0 ||
        lm_facts_name(&bills->facts, body->currency, &row.currency, error) < 0 ||
        lm_facts_digest(&bills->facts, record, true, row.content, error) < 0 ||
        keep_items(bills, &row, error) < 0)
        return -1;
    rows[bills->row_count++] = row;
    return 0;
}

static int add_earlier(struct lm_bills *bills, const struct lm_record *record,
                       struct lm_error *error) {
    const struct lm_bill *body = &record->as.bill;
    struct earlier added = {.month = body->month, .carry_nano = body->carry_nano};
    uint32_t supplier;
    uint32_t user;
    uint32_t number;
    size_t count = bills->earlier_names.count;
    if (!is_wanted(bills, body->supplier) ||
        lm_month_compare(body->month, bills->options.month) >= 0)
        return 0;
    struct earlier *earlier =
        lm_array_room(bills->earlier, &bills->earlier_room, count, sizeof *earlier, error);
    if (!earlier)
        return -1;
    bills->earlier = earlier;
    if (lm_facts_name(&bills->facts, body->supplier, &supplier, error) < 0 ||
        lm_facts_name(&bills->facts, body->user, &user, error) < 0 ||
        lm_facts_name(&bills->facts, body->currency, &added.currency, error) < 0 ||
        lm_facts_digest(&bills->facts, record, true, added.content, error) < 0 ||
        pair_number(bills, supplier, user, &number, error) < 0)
        return -1;
    struct earlier *known = &earlier[number];
    int order = number == count ? 1 : lm_month_compare(added.month, known->month);
    if (order > 0)
        *known = added;
    else if (order == 0 && memcmp(added.content, known->content, sizeof added.content) != 0)
        known->conflict = true;
    return 0;
}

int lm_bills_add(struct lm_bills *bills, const struct lm_record *record, const char *source,
                 uint64_t line, struct lm_error *error) {
    struct lm_place where = {source, line};
    switch (record->type) {
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        return add_row(bills, record, &where, error);
    case LM_TYPE_BILL:
        return add_earlier(bills, record, error);
    case LM_TYPE_TARIFF:
    case LM_TYPE_CONTRACT:
        return lm_facts_add(&bills->facts, record, &where, error);
    default:
        return 0;
    }
}

static int compare_names(const struct lm_bills *bills, uint32_t a, uint32_t b) {
    return (bills->ranks[a] > bills->ranks[b]) - (bills->ranks[a] < bills->ranks[b]);
}

/* By what names a record; then, so that repeats lie together, by content. */
static int compare_row_names(const struct lm_bills *bills, const struct row *a,
                             const struct row *b) {
    int order = compare_names(bills, a->supplier, b->supplier);
    if (order == 0)
        order = compare_names(bills, a->user, b->user);
    if (order == 0)
        order = lm_period_compare(a->period, b->period);
    return order ? order : (a->seq > b->seq) - (a->seq < b->seq);
}

static int compare_rows(const void *a, const void *b, void *context) {
    const struct row *x = a;
    const struct row *y = b;
    int order = compare_row_names(context, x, y);
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

/* Whether a settlement's period belongs to the month. */
static int belongs(struct lm_bills *bills, const struct row *row, uint32_t default_tariff,
                   bool *in_month, struct lm_error *why) {
    int64_t start_s = row->period.start_s;
    const struct lm_tariff_terms *tariff =
        lm_facts_tariff(&bills->facts, row->user, row->supplier, default_tariff, start_s, why);
    if (!tariff)
        return -1;
    const char *zone = lm_names_text(&bills->facts.names, tariff->zone);
    if (know_zone(bills, tariff->zone, why) < 0)
        return -1;
    /* No zone is a day from UTC: only near the month's ends does it matter which one it is. */
    *in_month = true;
    if (start_s >= bills->first_s + 2 * DAY_S && start_s < bills->last_s - 2 * DAY_S)
        return 0;
    struct lm_civil local;
    if (!lm_zone_local(zone, start_s, &local))
        return lm_zone_fail(zone, why);
    *in_month =
        local.year == bills->options.month.year && local.month == bills->options.month.month;
    return 0;
}

static int add_amounts(struct lm_bill *bill, const struct row *row, struct lm_error *why) {
    if (!lm_add_i128(bill->amount_nano, row->amount_nano, &bill->amount_nano) ||
        !lm_add_i128(bill->without_market_nano, row->without_nano, &bill->without_market_nano))
        return lm_fail(why, LM_OVERFLOW, "a sum of amounts does not fit 128 bits");
    return 0;
}

static int add_items(struct lm_bills *bills, const struct row *row, struct lm_error *why) {
    for (size_t i = row->items; i < row->items + row->item_count; i++) {
        const struct item *item = &bills->items[i];
        int kind = row->seq < 0 ? item->item : LM_ITEM_ADJUSTMENT;
        if (lm_tally_add(&bills->tally, (enum lm_item)kind, item->price_micro, item->energy_wh,
                         why) < 0)
            return -1;
    }
    return 0;
}

/* Carries in, rounds, carries on. */
static int close_bill(struct lm_bills *bills, struct lm_bill *bill, const struct earlier *earlier,
                      struct lm_error *why) {
    lm_i128 sum_nano;
    lm_i128 due_nano;
    if (earlier && earlier->conflict)
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
static int fill_bill(struct lm_bills *bills, const struct row *rows, size_t count,
                     uint32_t default_tariff, struct lm_bill *bill, bool *any,
                     struct lm_place *where, struct lm_error *why) {
    lm_tally_reset(&bills->tally);
    *any = false;
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        const char *currency = lm_names_text(&bills->facts.names, row->currency);
        bool in_month = true;
        if (i > 0 && compare_row_names(bills, &rows[i - 1], row) == 0) {
            if (memcmp(rows[i - 1].content, row->content, sizeof row->content) == 0)
                continue;
            *where = row->where;
            return lm_fail(why, LM_CONFLICT, "two different records of one period and seq");
        }
        *where = row->where;
        if (row->seq < 0 && belongs(bills, row, default_tariff, &in_month, why) < 0)
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

static int make_bill(struct lm_bills *bills, const struct row *rows, size_t count,
                     const struct earlier *earlier, uint32_t default_tariff,
                     const struct lm_bills_visitor *visitor, struct lm_error *error) {
    struct lm_bill bill;
    struct lm_error why;
    struct lm_place where = rows[0].where;
    bool any;
    lm_record_clear(LM_TYPE_BILL, &bill);
    bill.amount_nano = 0;
    bill.without_market_nano = 0;
    bill.month = bills->options.month;
    bill.user = lm_names_text(&bills->facts.names, rows[0].user);
    bill.supplier = lm_names_text(&bills->facts.names, rows[0].supplier);
    if (fill_bill(bills, rows, count, default_tariff, &bill, &any, &where, &why) < 0 ||
        (any && close_bill(bills, &bill, earlier, &why) < 0))
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

/* All names must be known before they are ranked and looked up. */
static int seal(struct lm_bills *bills, uint32_t *default_tariffs, struct lm_error *error) {
    for (size_t i = 0; i < bills->row_count; i++) {
        uint32_t supplier = bills->rows[i].supplier;
        if (lm_facts_default_tariff(&bills->facts, lm_names_text(&bills->facts.names, supplier),
                                    &default_tariffs[supplier], error) < 0)
            return -1;
    }
    bills->ranks = lm_names_ranks(&bills->facts.names, error);
    bills->zones = calloc(bills->facts.names.count + 1, sizeof *bills->zones);
    if (!bills->ranks)
        return -1;
    if (!bills->zones)
        return lm_fail_memory(error);
    if (bills->row_count > 0)
        qsort_r(bills->rows, bills->row_count, sizeof *bills->rows, compare_rows, bills);
    return lm_facts_seal(&bills->facts, error);
}

int lm_bills_run(struct lm_bills *bills, const struct lm_bills_visitor *visitor,
                 struct lm_error *error) {
    uint32_t *default_tariffs = calloc(bills->facts.names.count + 1, sizeof *default_tariffs);
    size_t earlier_count = bills->earlier_names.count;
    if (!default_tariffs)
        return lm_fail_memory(error);
    int result = seal(bills, default_tariffs, error);
    for (size_t i = 0; i < bills->row_count && result == 0;) {
        const struct row *first = &bills->rows[i];
        size_t count = 0;
        uint32_t pair;
        while (i < bills->row_count && bills->rows[i].supplier == first->supplier &&
               bills->rows[i].user == first->user) {
            i++;
            count++;
        }
        result = pair_number(bills, first->supplier, first->user, &pair, error);
        if (result == 0)
            result =
                make_bill(bills, first, count, pair < earlier_count ? &bills->earlier[pair] : NULL,
                          default_tariffs[first->supplier], visitor, error);
    }
    free(default_tariffs);
    return result;
}
