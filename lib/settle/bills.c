#include "lib/settle/bills.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/settle/bills_rows.h"

struct lm_bills *lm_bills_new(const char *supplier, struct lm_error *error) {
    struct lm_bills *bills = calloc(1, sizeof *bills);
    if (!bills) {
        lm_fail_memory(error);
        return NULL;
    }
    bills->supplier = supplier;
    lm_groups_start(&bills->months);
    lm_facts_start(&bills->facts);
    return bills;
}

void lm_bills_free(struct lm_bills *bills) {
    if (!bills)
        return;
    lm_groups_free(&bills->months);
    lm_facts_free(&bills->facts);
    lm_tally_free(&bills->tally);
    free(bills->earlier);
    free(bills->rows);
    free(bills->items);
    free(bills->ranks);
    free(bills->default_tariffs);
    free(bills->zones);
    free(bills);
}

int lm_bills_want(struct lm_bills *bills, struct lm_month month, struct lm_error *error) {
    if (lm_month_compare(month, bills->last) > 0)
        bills->last = month;
    return lm_groups_enter(&bills->months, &month, sizeof month, error) ? 0 : -1;
}

static bool is_wanted(const struct lm_bills *bills, const char *supplier) {
    return !bills->supplier || strcmp(bills->supplier, supplier) == 0;
}

/* Keeps the items of the tally at hand. */
static int keep_items(struct lm_bills *bills, struct lm_bills_row *row, struct lm_error *error) {
    row->items = bills->item_count;
    row->item_count = (uint32_t)bills->tally.count;
    for (size_t i = 0; i < bills->tally.count; i++) {
        const struct lm_tally_row *from = &bills->tally.rows[i];
        struct lm_bills_item *items =
            lm_array_room(bills->items, &bills->item_room, bills->item_count, sizeof *items, error);
        if (!items)
            return -1;
        bills->items = items;
        items[bills->item_count++] =
            (struct lm_bills_item){from->price_micro, (int64_t)from->energy_wh, from->item};
    }
    return 0;
}

/* The wanted month that it is a day before or after an instant; NULL for none. */
static struct lm_group *month_of(const struct lm_bills *bills, int64_t instant_s,
                                 int64_t offset_s) {
    struct lm_civil civil = lm_civil_from_seconds(instant_s);
    /* At the ends of time it is UTC's everywhere. */
    if (civil.year > 1 && civil.year < 9999)
        civil = lm_civil_from_seconds(instant_s + offset_s);
    struct lm_month month = {civil.year, civil.month};
    return lm_groups_find(&bills->months, &month, sizeof month);
}

/* The wanted months that a record may belong to, by its period's start in some zone, or as it says
 * itself; NULL for none. */
static void find_months(const struct lm_bills *bills, const struct lm_record *record,
                        struct lm_group *months[2]) {
    const struct lm_settlement *body = &record->as.settlement;
    months[1] = NULL;
    if (record->type == LM_TYPE_ADJUSTMENT) {
        months[0] = lm_groups_find(&bills->months, &body->month, sizeof body->month);
        return;
    }
    months[0] = month_of(bills, body->period.start_s, -LM_DAY_S);
    months[1] = month_of(bills, body->period.start_s, LM_DAY_S);
    if (months[0] == months[1])
        months[1] = NULL;
}

static int add_row(struct lm_bills *bills, const struct lm_record *record,
                   const struct lm_place *where, struct lm_error *error) {
    const struct lm_settlement *body = &record->as.settlement;
    bool adjustment = record->type == LM_TYPE_ADJUSTMENT;
    struct lm_bills_row row = {.where = *where,
                               .period = body->period,
                               .amount_nano = body->amount_nano,
                               .without_nano = body->without_market_nano,
                               .seq = adjustment ? body->seq : -1};
    struct lm_group *months[2];
    lm_i128 sum_nano;
    find_months(bills, record, months);
    if (body->role != LM_ROLE_USER || !is_wanted(bills, body->supplier) ||
        (!months[0] && !months[1]))
        return 0;
    lm_tally_reset(&bills->tally);
    if (lm_tally_read(&bills->tally, body->items, error) < 0 ||
        lm_tally_merge(&bills->tally, error) < 0 ||
        lm_tally_sum(&bills->tally, &sum_nano, error) < 0)
        return -1;
    if (sum_nano != body->amount_nano)
        return lm_fail(error, LM_BAD_MEMBER, "the items do not sum to the amount");
    struct lm_bills_row *rows =
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
    for (size_t i = 0; i < 2; i++) {
        if (months[i] && lm_group_add(months[i], bills->row_count, error) < 0)
            return -1;
    }
    rows[bills->row_count++] = row;
    return 0;
}

static int add_earlier(struct lm_bills *bills, const struct lm_record *record,
                       struct lm_error *error) {
    const struct lm_bill *body = &record->as.bill;
    struct lm_bills_earlier added = {.month = body->month, .carry_nano = body->carry_nano};
    if (!is_wanted(bills, body->supplier) || lm_month_compare(body->month, bills->last) >= 0)
        return 0;
    struct lm_bills_earlier *earlier = lm_array_room(bills->earlier, &bills->earlier_room,
                                                     bills->earlier_count, sizeof *earlier, error);
    if (!earlier)
        return -1;
    bills->earlier = earlier;
    if (lm_facts_name(&bills->facts, body->supplier, &added.supplier, error) < 0 ||
        lm_facts_name(&bills->facts, body->user, &added.user, error) < 0 ||
        lm_facts_name(&bills->facts, body->currency, &added.currency, error) < 0 ||
        lm_facts_digest(&bills->facts, record, true, added.content, error) < 0)
        return -1;
    earlier[bills->earlier_count++] = added;
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
