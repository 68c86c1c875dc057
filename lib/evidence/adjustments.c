#include "lib/evidence/adjustments.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/checked.h"

/* The zones of the world: when a month begins in the last of them and the first. */
#define WEST_S (12 * 3600)
#define EAST_S (14 * 3600)

struct lm_adjustments_row {
    struct lm_place place;
    lm_i128 amount_nano;
    lm_i128 without_nano;
    int64_t seq;       /* -1 for a settlement */
    uint32_t name;     /* of whom, and when */
    uint32_t supplier; /* names of texts */
    uint32_t period;   /* "user period", among the changed ones or not */
    bool own_log;
    bool month_wrong;
};

void lm_adjustments_start(struct lm_adjustments *adjustments) {
    *adjustments = (struct lm_adjustments){0};
    lm_names_start(&adjustments->texts);
    lm_names_start(&adjustments->meters);
    lm_names_start(&adjustments->contents);
    lm_names_start(&adjustments->changed);
}

void lm_adjustments_free(struct lm_adjustments *adjustments) {
    lm_names_free(&adjustments->texts);
    lm_names_free(&adjustments->meters);
    lm_names_free(&adjustments->contents);
    lm_names_free(&adjustments->changed);
    lm_buffer_free(&adjustments->scratch);
    free(adjustments->rows);
}

static int add_scratch(struct lm_adjustments *adjustments, struct lm_names *names, uint32_t *number,
                       struct lm_error *error) {
    if (!lm_buffer_ok(&adjustments->scratch))
        return lm_fail_memory(error);
    return lm_names_add(names, adjustments->scratch.data, adjustments->scratch.size, number, error);
}

/* "ID PERIOD" */
static void write_name(struct lm_adjustments *adjustments, const char *id,
                       struct lm_period period) {
    char text[LM_TIME_SIZE];
    (void)lm_period_format(period, text);
    lm_buffer_reset(&adjustments->scratch);
    lm_buffer_format(&adjustments->scratch, "%s %s", id, text);
}

/* ---- months ---- */

/* The month that it is somewhere, OFFSET_S before or after UTC. */
static int64_t month_number(int64_t instant_s, int64_t offset_s) {
    struct lm_civil civil = lm_civil_from_seconds(instant_s);
    /* At the ends of time it is UTC's everywhere. */
    if (civil.year > 1 && civil.year < 9999)
        civil = lm_civil_from_seconds(instant_s + offset_s);
    return 12 * (int64_t)civil.year + civil.month;
}

static bool is_month_wrong(const struct lm_settlement *adjustment, int64_t logged_s) {
    int64_t month = 12 * (int64_t)adjustment->month.year + adjustment->month.month;
    return month < month_number(adjustment->period.start_s, -WEST_S) ||
           (logged_s != LM_ABSENT && month > month_number(logged_s, EAST_S) + 1);
}

/* ---- adding ---- */

int lm_adjustments_add(struct lm_adjustments *adjustments, const struct lm_record *record,
                       const struct lm_place *place, const char *keeper, struct lm_error *error) {
    const struct lm_settlement *body = &record->as.settlement;
    bool adjustment = record->type == LM_TYPE_ADJUSTMENT;
    struct lm_adjustments_row row = {.place = *place,
                                     .amount_nano = body->amount_nano,
                                     .without_nano = body->without_market_nano,
                                     .seq = adjustment ? body->seq : -1,
                                     .own_log = keeper && strcmp(keeper, body->supplier) == 0};
    if (body->role != LM_ROLE_USER)
        return 0;
    row.month_wrong =
        adjustment && is_month_wrong(body, row.own_log ? record->entry_at_s : LM_ABSENT);
    struct lm_adjustments_row *rows = lm_array_room(adjustments->rows, &adjustments->room,
                                                    adjustments->count, sizeof *rows, error);
    if (!rows)
        return -1;
    adjustments->rows = rows;
    write_name(adjustments, body->party, body->period);
    if (add_scratch(adjustments, &adjustments->texts, &row.period, error) < 0)
        return -1;
    lm_buffer_format(&adjustments->scratch, " by %s", body->supplier);
    if (add_scratch(adjustments, &adjustments->texts, &row.name, error) < 0 ||
        lm_names_add(&adjustments->texts, body->supplier, strlen(body->supplier), &row.supplier,
                     error) < 0)
        return -1;
    rows[adjustments->count++] = row;
    return 0;
}

int lm_adjustments_reading(struct lm_adjustments *adjustments, const struct lm_reading *reading,
                           const char *user, struct lm_error *error) {
    size_t meters = adjustments->meters.count;
    size_t contents = adjustments->contents.count;
    uint32_t number;
    write_name(adjustments, reading->meter, reading->period);
    if (add_scratch(adjustments, &adjustments->meters, &number, error) < 0)
        return -1;
    lm_buffer_format(&adjustments->scratch, " %lld %lld %lld %d", (long long)reading->seq,
                     (long long)reading->import_wh, (long long)reading->export_wh,
                     reading->quality);
    if (add_scratch(adjustments, &adjustments->contents, &number, error) < 0)
        return -1;
    if (adjustments->meters.count > meters || adjustments->contents.count == contents)
        return 0;
    write_name(adjustments, user, reading->period);
    return add_scratch(adjustments, &adjustments->changed, &number, error);
}

/* ---- judging ---- */

static int compare_rows(const void *a, const void *b) {
    const struct lm_adjustments_row *x = a;
    const struct lm_adjustments_row *y = b;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return (x->place.line > y->place.line) - (x->place.line < y->place.line);
}

struct sums {
    lm_i128 amount_nano;
    lm_i128 without_nano;
};

static bool is_same(struct sums a, struct sums b) {
    return a.amount_nano == b.amount_nano && a.without_nano == b.without_nano;
}

static bool add_row(struct sums *sums, const struct lm_adjustments_row *row) {
    return lm_add_i128(sums->amount_nano, row->amount_nano, &sums->amount_nano) &&
           lm_add_i128(sums->without_nano, row->without_nano, &sums->without_nano);
}

/* What all of them come to; false where two are of one seq, which others tell of. */
static bool sum_up(const struct lm_adjustments_row *rows, size_t count, struct sums *sums) {
    *sums = (struct sums){0, 0};
    for (size_t i = 0; i < count; i++) {
        if ((i > 0 && rows[i].seq == rows[i - 1].seq) || !add_row(sums, &rows[i]))
            return false;
    }
    return true;
}

static bool is_changed(const struct lm_adjustments *adjustments,
                       const struct lm_adjustments_row *row) {
    const char *period = lm_names_text(&adjustments->texts, row->period);
    uint32_t number;
    return lm_names_find(&adjustments->changed, period, strlen(period), &number);
}

/* All that was issued of one user and period by one supplier. */
static int judge_name(const struct lm_adjustments *adjustments,
                      const struct lm_adjustments_row *rows, size_t count,
                      lm_adjustments_tell *tell, void *context, struct lm_error *error) {
    struct sums at_last;
    struct sums before = {0, 0};
    bool judged = !is_changed(adjustments, rows) && sum_up(rows, count, &at_last);
    for (size_t i = 0; i < count; i++) {
        const struct lm_adjustments_row *row = &rows[i];
        const char *name = lm_names_text(&adjustments->texts, row->name);
        const char *supplier =
            row->own_log ? lm_names_text(&adjustments->texts, row->supplier) : NULL;
        struct sums after = before;
        bool left = judged && add_row(&after, row) && row->seq >= 0 && is_same(before, at_last) &&
                    !is_same(after, at_last);
        before = after;
        if (row->month_wrong &&
            tell(context, LM_ADJUSTMENT_MONTH, supplier, name, &row->place, error) < 0)
            return -1;
        if (left && tell(context, LM_ADJUSTMENT_NO_REASON, supplier, name, &row->place, error) < 0)
            return -1;
    }
    return 0;
}

int lm_adjustments_judge(struct lm_adjustments *adjustments, lm_adjustments_tell *tell,
                         void *context, struct lm_error *error) {
    struct lm_adjustments_row *rows = adjustments->rows;
    int result = 0;
    if (adjustments->count > 0)
        qsort(rows, adjustments->count, sizeof *rows, compare_rows);
    for (size_t first = 0, end = 0; first < adjustments->count && result == 0; first = end) {
        while (end < adjustments->count && rows[end].name == rows[first].name)
            end++;
        result = judge_name(adjustments, &rows[first], end - first, tell, context, error);
    }
    return result;
}
