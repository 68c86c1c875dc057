#include "lib/evidence/totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"

/* What is known here of a region's meters in one period, of one supplier's customers or of all. */
struct group {
    lm_i128 import_wh;
    lm_i128 export_wh;
    int64_t meters; /* with a reading that counts */
    int64_t known;  /* in the registry */
};

struct work {
    struct lm_readings *readings;
    struct lm_names names; /* (region, supplier or UINT32_MAX) */
    struct group *groups;
    size_t room;
    bool blame;
    uint32_t *reading_at; /* by text: place in readings->rows + 1 of the period at hand */
};

static int find_group(struct work *work, uint32_t region, uint32_t supplier, struct group **group,
                      struct lm_error *error) {
    uint32_t key[2] = {region, supplier};
    uint32_t number;
    size_t count = work->names.count;
    struct group *groups = lm_array_room(work->groups, &work->room, count, sizeof *groups, error);
    if (!groups)
        return -1;
    work->groups = groups;
    if (lm_names_add(&work->names, key, sizeof key, &number, error) < 0)
        return -1;
    if (number == count)
        groups[number] = (struct group){0};
    *group = &groups[number];
    return 0;
}

static int count_meter(struct work *work, uint32_t region, uint32_t supplier,
                       const struct lm_readings_row *row, struct lm_error *error) {
    struct group *group;
    if (find_group(work, region, supplier, &group, error) < 0)
        return -1;
    group->known++;
    if (row) {
        group->meters++;
        group->import_wh += row->import_wh;
        group->export_wh += row->export_wh;
    }
    return 0;
}

/* Where a meter belongs at an instant; false where it belongs nowhere. */
static bool find_user(const struct lm_registry *registry, const char *meter, int64_t instant_s,
                      struct lm_registered *user) {
    struct lm_registered registered;
    struct lm_error ignored;
    return lm_registry_by_id(registry, meter, instant_s, &registered, &ignored) == 0 &&
           registered.role == LM_ROLE_METER && registered.user &&
           lm_registry_by_id(registry, registered.user, instant_s, user, &ignored) == 0 &&
           user->role == LM_ROLE_USER && user->region && user->supplier;
}

static int count_meters(struct work *work, struct lm_period period, struct lm_error *error) {
    struct lm_readings *readings = work->readings;
    for (uint32_t i = 0; i < readings->meters.count; i++) {
        const char *meter = lm_names_text(&readings->meters, i);
        const struct lm_readings_row *row = NULL;
        struct lm_registered user;
        uint32_t text;
        uint32_t region;
        uint32_t supplier;
        if (!find_user(readings->registry, meter, period.start_s, &user) ||
            !lm_names_find(&readings->texts, user.region, strlen(user.region), &region))
            continue;
        if (lm_names_find(&readings->texts, meter, strlen(meter), &text) && work->reading_at[text])
            row = &readings->rows[work->reading_at[text] - 1];
        /* One that contradicts itself is as good as none, and of one that was sent later than
         * another nobody knows which of them the total has. */
        if (row && (row->disputed || row->late || row->revised))
            row = NULL;
        if (count_meter(work, region, UINT32_MAX, row, error) < 0)
            return -1;
        if (lm_names_find(&readings->texts, user.supplier, strlen(user.supplier), &supplier) &&
            count_meter(work, region, supplier, row, error) < 0)
            return -1;
    }
    return 0;
}

static bool is_right(const struct lm_totals_row *total, const struct group *group) {
    if (total->meters < group->meters || total->meters > group->known)
        return false;
    if (total->meters == group->meters)
        return total->import_wh == group->import_wh && total->export_wh == group->export_wh;
    return total->import_wh >= group->import_wh && total->export_wh >= group->export_wh;
}

static int judge_total(struct work *work, const struct lm_totals_row *total,
                       struct lm_findings *findings, struct lm_error *error) {
    const struct lm_names *texts = &work->readings->texts;
    struct group *group;
    char code[LM_CODE_SIZE];
    char period[LM_TIME_SIZE];
    char text[512];
    if (find_group(work, total->region, total->supplier, &group, error) < 0)
        return -1;
    if (is_right(total, group))
        return 0;
    lm_code_of_difference(LM_TYPE_TOTAL, LM_DIFFERENCE_DIFFERS, code);
    (void)lm_period_format(total->period, period);
    (void)snprintf(
        text, sizeof text,
        "the total of %s%s%s in %s is %lld Wh in and %lld Wh out of %lld meters; the readings here "
        "are %lld Wh and %lld Wh of %lld, and %lld meters are known",
        lm_names_text(texts, total->region), total->supplier == UINT32_MAX ? "" : " and supplier ",
        total->supplier == UINT32_MAX ? "" : lm_names_text(texts, total->supplier), period,
        (long long)total->import_wh, (long long)total->export_wh, (long long)total->meters,
        (long long)group->import_wh, (long long)group->export_wh, (long long)group->meters,
        (long long)group->known);
    return lm_findings_tell(findings, code,
                            work->blame ? lm_names_text(texts, total->operator) : NULL,
                            &total->place, 1, text, error);
}

static int compare_totals(const void *a, const void *b) {
    const struct lm_totals_row *x = a;
    const struct lm_totals_row *y = b;
    int order = lm_period_compare(x->period, y->period);
    if (order == 0)
        order = strcmp(x->place.source, y->place.source);
    return order ? order : (x->place.line > y->place.line) - (x->place.line < y->place.line);
}

/* The readings that count, one a meter and period, by period: their places in rows. */
struct latest {
    const uint32_t *order;
    size_t count;
};

/* All totals of one period; *at is where its readings begin in LATEST. */
static int judge_period(struct work *work, const struct lm_totals_row *totals, size_t count,
                        const struct latest *latest, size_t *at, struct lm_findings *findings,
                        struct lm_error *error) {
    const struct lm_readings *readings = work->readings;
    struct lm_period period = totals[0].period;
    const uint32_t *order = latest->order;
    while (*at < latest->count && lm_period_compare(readings->rows[order[*at]].period, period) < 0)
        ++*at;
    size_t end = *at;
    for (; end < latest->count && lm_period_compare(readings->rows[order[end]].period, period) == 0;
         end++)
        work->reading_at[readings->rows[order[end]].meter] = order[end] + 1;
    lm_names_free(&work->names);
    lm_names_start(&work->names);
    int result = count_meters(work, period, error);
    for (size_t i = 0; i < count && result == 0; i++)
        result = judge_total(work, &totals[i], findings, error);
    for (; *at < end; ++*at)
        work->reading_at[readings->rows[order[*at]].meter] = 0;
    return result;
}

int lm_totals_judge(struct lm_readings *readings, const uint32_t *order, size_t reading_count,
                    bool blame, struct lm_findings *findings, struct lm_error *error) {
    const struct latest latest = {order, reading_count};
    struct work work = {.readings = readings, .blame = blame};
    int result = 0;
    size_t at = 0;
    if (readings->total_count == 0)
        return 0;
    qsort(readings->totals, readings->total_count, sizeof *readings->totals, compare_totals);
    lm_names_start(&work.names);
    work.reading_at = calloc(readings->texts.count + 1, sizeof *work.reading_at);
    if (!work.reading_at)
        result = lm_fail_memory(error);
    for (size_t i = 0; i < readings->total_count && result == 0;) {
        const struct lm_totals_row *first = &readings->totals[i];
        size_t count = 0;
        while (i < readings->total_count &&
               lm_period_compare(readings->totals[i].period, first->period) == 0) {
            i++;
            count++;
        }
        result = judge_period(&work, first, count, &latest, &at, findings, error);
    }
    lm_names_free(&work.names);
    free(work.groups);
    free(work.reading_at);
    return result;
}
