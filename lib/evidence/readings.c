#include "lib/evidence/readings.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/totals.h"
#include "lib/record/canonical.h"

void lm_readings_start(struct lm_readings *readings, const struct lm_registry *registry,
                       int64_t power_max_w) {
    *readings = (struct lm_readings){.registry = registry, .power_max_w = power_max_w};
    lm_names_start(&readings->texts);
    lm_names_start(&readings->names);
    lm_names_start(&readings->meters);
}

void lm_readings_free(struct lm_readings *readings) {
    lm_names_free(&readings->texts);
    lm_names_free(&readings->names);
    lm_names_free(&readings->meters);
    lm_buffer_free(&readings->scratch);
    free(readings->rows);
    free(readings->totals);
}

int lm_readings_meter(struct lm_readings *readings, const char *id, struct lm_error *error) {
    uint32_t number;
    return lm_names_add(&readings->meters, id, strlen(id), &number, error);
}

/* Of what the reading says; for whom a copy is is no part of it. */
static int digest(struct lm_readings *readings, const struct lm_record *record, uint8_t hash[32],
                  struct lm_error *error) {
    static const char *const without[] = {"sig", "to", NULL};
    lm_buffer_reset(&readings->scratch);
    lm_canonical(record->json, without, &readings->scratch);
    if (!lm_buffer_ok(&readings->scratch))
        return lm_fail_memory(error);
    (void)crypto_hash_sha256(hash, (const uint8_t *)readings->scratch.data, readings->scratch.size);
    return 0;
}

static int check_energy(const struct lm_readings *readings, const struct lm_reading *reading,
                        const struct lm_place *place, struct lm_findings *findings,
                        struct lm_error *error) {
    char text[192];
    /* An option's number times a day's minutes fits. */
    int64_t limit_wh = (int64_t)((lm_i128)readings->power_max_w * reading->period.minutes / 60);
    int64_t most_wh =
        reading->import_wh > reading->export_wh ? reading->import_wh : reading->export_wh;
    if (most_wh <= limit_wh)
        return 0;
    (void)snprintf(text, sizeof text,
                   "meter %s says %lld Wh in %d minutes, where %lld Wh is all that it can carry",
                   reading->meter, (long long)most_wh, (int)reading->period.minutes,
                   (long long)limit_wh);
    return lm_findings_tell(findings, lm_code_word(LM_CODE_IMPLAUSIBLE), reading->meter, place, 1,
                            text, error);
}

static int check_time(const struct lm_record *record, const struct lm_place *place,
                      const char *keeper, struct lm_findings *findings, struct lm_error *error) {
    const struct lm_reading *reading = &record->as.reading;
    char at[LM_TIME_SIZE];
    char period[LM_TIME_SIZE];
    char text[256];
    if (!record->wrapped || record->entry_at_s >= lm_period_end(reading->period))
        return 0;
    (void)lm_instant_format(record->entry_at_s, at);
    (void)lm_period_format(reading->period, period);
    (void)snprintf(text, sizeof text, "a reading of meter %s for %s was logged at %s",
                   reading->meter, period, at);
    return lm_findings_tell(findings, lm_code_word(LM_CODE_EARLY), keeper, place, 1, text, error);
}

static int name_reading(struct lm_readings *readings, const struct lm_readings_row *row,
                        uint32_t *number, struct lm_error *error) {
    int64_t key[4] = {row->meter, row->period.start_s, row->period.minutes, row->seq};
    return lm_names_add(&readings->names, key, sizeof key, number, error);
}

/* Another reading of one name. Of two that differ the one that counts stays. */
static void meet(struct lm_readings_row *known, const struct lm_readings_row *row) {
    bool same = memcmp(row->content, known->content, sizeof row->content) == 0;
    struct lm_readings_row before = *known;
    if (!before.counts && row->counts)
        *known = *row;
    known->other = before.other;
    if (same)
        return;
    known->other = !before.counts && row->counts ? before.place : row->place;
    known->disputed = before.disputed || (before.counts && row->counts);
}

static int add_row(struct lm_readings *readings, const struct lm_record *record, bool counts,
                   bool late, const struct lm_place *place, struct lm_error *error) {
    const struct lm_reading *reading = &record->as.reading;
    struct lm_readings_row row = {.place = *place,
                                  .period = reading->period,
                                  .seq = reading->seq,
                                  .counts = counts,
                                  .late = late,
                                  .import_wh = reading->import_wh,
                                  .export_wh = reading->export_wh};
    size_t count = readings->names.count;
    uint32_t number;
    if (digest(readings, record, row.content, error) < 0 ||
        lm_names_add(&readings->texts, reading->meter, strlen(reading->meter), &row.meter, error) <
            0)
        return -1;
    struct lm_readings_row *rows =
        lm_array_room(readings->rows, &readings->room, count, sizeof *rows, error);
    if (!rows)
        return -1;
    readings->rows = rows;
    if (name_reading(readings, &row, &number, error) < 0)
        return -1;
    if (number == count)
        rows[number] = row;
    else
        meet(&rows[number], &row);
    return 0;
}

int lm_readings_see(struct lm_readings *readings, const struct lm_record *record,
                    const struct lm_place *place, struct lm_error *error) {
    return add_row(readings, record, false, false, place, error);
}

int lm_readings_add(struct lm_readings *readings, const struct lm_record *record, bool late,
                    const struct lm_place *place, const char *keeper, struct lm_findings *findings,
                    struct lm_error *error) {
    if (check_energy(readings, &record->as.reading, place, findings, error) < 0 ||
        check_time(record, place, keeper, findings, error) < 0)
        return -1;
    return add_row(readings, record, true, late, place, error);
}

int lm_readings_total(struct lm_readings *readings, const struct lm_record *record,
                      const char *operator, const struct lm_place * place, struct lm_error *error) {
    const struct lm_total *total = &record->as.total;
    struct lm_totals_row row = {.place = *place,
                                .period = total->period,
                                .import_wh = total->import_wh,
                                .export_wh = total->export_wh,
                                .meters = total->meters,
                                .supplier = UINT32_MAX};
    struct lm_totals_row *totals = lm_array_room(readings->totals, &readings->total_room,
                                                 readings->total_count, sizeof *totals, error);
    if (!totals)
        return -1;
    readings->totals = totals;
    if (lm_names_add(&readings->texts, operator, strlen(operator), &row.operator, error) < 0 ||
        lm_names_add(&readings->texts, total->region, strlen(total->region), &row.region, error) <
            0 ||
        (total->supplier && lm_names_add(&readings->texts, total->supplier, strlen(total->supplier),
                                         &row.supplier, error) < 0))
        return -1;
    totals[readings->total_count++] = row;
    return 0;
}

static int compare_rows(const void *a, const void *b, void *context) {
    const struct lm_readings *readings = context;
    const struct lm_readings_row *x = &readings->rows[*(const uint32_t *)a];
    const struct lm_readings_row *y = &readings->rows[*(const uint32_t *)b];
    int order = lm_period_compare(x->period, y->period);
    if (order == 0)
        order = strcmp(lm_names_text(&readings->texts, x->meter),
                       lm_names_text(&readings->texts, y->meter));
    return order ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

static bool same_flow(const struct lm_readings_row *a, const struct lm_readings_row *b) {
    return a->meter == b->meter && lm_period_compare(a->period, b->period) == 0;
}

/* Leaves of each meter and period the reading of the highest seq, of those that count; one that was
 * not the only one says so, whether the others count or lie where they do not. */
static size_t keep_latest(struct lm_readings *readings, uint32_t *order, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count;) {
        size_t first = i;
        size_t latest = SIZE_MAX;
        for (; i < count && same_flow(&readings->rows[order[i]], &readings->rows[order[first]]);
             i++) {
            if (readings->rows[order[i]].counts)
                latest = i;
        }
        if (latest == SIZE_MAX)
            continue;
        readings->rows[order[latest]].revised = i - first > 1;
        order[kept++] = order[latest];
    }
    return kept;
}

static int tell_repeated(const struct lm_readings *readings, const struct lm_readings_row *row,
                         struct lm_findings *findings, struct lm_error *error) {
    const struct lm_place places[] = {row->place, row->other};
    const char *meter = lm_names_text(&readings->texts, row->meter);
    char code[LM_CODE_SIZE];
    char period[LM_TIME_SIZE];
    char text[256];
    if (row->other.line == 0)
        return 0;
    lm_code_of_difference(LM_TYPE_READING, LM_DIFFERENCE_REPEATED, code);
    (void)lm_period_format(row->period, period);
    (void)snprintf(text, sizeof text, "meter %s signed two different readings of %s and seq %lld",
                   meter, period, (long long)row->seq);
    return lm_findings_tell(findings, code, meter, places, 2, text, error);
}

int lm_readings_finish(struct lm_readings *readings, bool blame, struct lm_findings *findings,
                       struct lm_error *error) {
    size_t count = readings->names.count;
    uint32_t *order = calloc(count + 1, sizeof *order);
    if (!order)
        return lm_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    if (count > 0)
        qsort_r(order, count, sizeof *order, compare_rows, readings);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = tell_repeated(readings, &readings->rows[order[i]], findings, error);
    size_t kept = keep_latest(readings, order, count);
    if (result == 0)
        result = lm_overlaps_judge(readings, order, kept, findings, error);
    if (result == 0)
        result = lm_totals_judge(readings, order, kept, blame, findings, error);
    free(order);
    return result;
}
