#include "lib/meter/table.h"

#include <string.h>

#include "lib/base/local_time.h"

enum column {
    PERIOD,
    START,
    IMPORT_WH,
    IMPORT_KWH,
    EXPORT_WH,
    EXPORT_KWH,
    QUALITY,
    AT,
    IMPORT_REGISTER_WH,
    IMPORT_REGISTER_KWH,
    EXPORT_REGISTER_WH,
    EXPORT_REGISTER_KWH,
};

const char *const lm_meter_columns[] = {
    "period",
    "start",
    "import_wh",
    "import_kwh",
    "export_wh",
    "export_kwh",
    "quality",
    "at",
    "import_register_wh",
    "import_register_kwh",
    "export_register_wh",
    "export_register_kwh",
    NULL,
};

/* Exactly one of two neighbouring columns. */
static int check_either(const struct lm_csv_header *header, enum column first,
                        struct lm_error *error) {
    const char *const *names = &lm_meter_columns[first];
    bool one = lm_csv_has(header, first);
    bool other = lm_csv_has(header, first + 1);
    if (one && other)
        return lm_fail(error, LM_CSV, "both of the columns %s and %s", names[0], names[1]);
    if (!one && !other)
        return lm_fail(error, LM_CSV, "no column %s or %s", names[0], names[1]);
    return 0;
}

int lm_meter_header(const struct lm_csv_header *header, enum lm_meter_kind *kind,
                    struct lm_error *error) {
    bool intervals = lm_csv_has(header, PERIOD) || lm_csv_has(header, START);
    *kind = lm_csv_has(header, AT) ? LM_METER_REGISTERS : LM_METER_INTERVALS;
    if (!intervals && !lm_csv_has(header, AT)) {
        lm_fail(error, LM_CSV, "no column period, start or at");
        return lm_hint(error, "intervals have period or start, registers have at");
    }
    bool registers_too = intervals && lm_csv_has(header, AT);
    for (size_t column = IMPORT_WH; column <= EXPORT_REGISTER_KWH; column++) {
        bool of_intervals = column < AT;
        if (lm_csv_has(header, column) && column != AT &&
            of_intervals != (*kind == LM_METER_INTERVALS))
            registers_too = true;
    }
    if (registers_too)
        return lm_fail(error, LM_CSV, "columns of intervals beside columns of registers");
    if (*kind == LM_METER_INTERVALS) {
        if (check_either(header, PERIOD, error) < 0 || check_either(header, IMPORT_WH, error) < 0)
            return -1;
        return check_either(header, EXPORT_WH, error);
    }
    if (check_either(header, IMPORT_REGISTER_WH, error) < 0)
        return -1;
    return check_either(header, EXPORT_REGISTER_WH, error);
}

/* The energy of the column in Wh, or of the one after it in kWh. */
static int read_energy(const struct lm_csv_header *header, const struct lm_csv_row *row,
                       enum column wh, int64_t *energy_wh, struct lm_error *error) {
    bool kilo = !lm_csv_has(header, wh);
    enum column column = kilo ? wh + 1 : wh;
    const char *name = lm_meter_columns[column];
    const char *text = lm_csv_field(header, row, column);
    if (!text)
        return lm_csv_fail_empty(name, error);
    return lm_csv_number(name, text, kilo ? 3 : 0, energy_wh, error);
}

static int read_start(const char *text, int64_t period_minutes, const char *zone,
                      struct lm_period *period, struct lm_error *error) {
    int64_t start_s;
    if (lm_local_time_parse(text, zone, &start_s, error) < 0)
        return -1;
    if (!lm_period_of(start_s, period_minutes, period) || period->start_s != start_s)
        return lm_fail(error, LM_PERIOD, "no period of %lld minutes starts at %s",
                       (long long)period_minutes, text);
    return 0;
}

static int read_period(const char *text, int64_t period_minutes, struct lm_period *period,
                       struct lm_error *error) {
    if (!lm_period_parse(text, strlen(text), period)) {
        lm_fail(error, LM_BAD_MEMBER, "'%s' is not a period", text);
        return lm_hint(error, "write it like 2016-04-01T12:00Z/PT30M");
    }
    if (period->minutes != period_minutes) {
        lm_fail(error, LM_PERIOD, "the period lasts %d minutes instead of %lld", period->minutes,
                (long long)period_minutes);
        return lm_hint(error, "the length is --length's, or 30");
    }
    return 0;
}

static int read_quality(const char *text, int *quality, struct lm_error *error) {
    for (int i = 0; lm_quality_words[i]; i++) {
        if (strcmp(lm_quality_words[i], text) == 0) {
            *quality = i;
            return 0;
        }
    }
    lm_fail(error, LM_BAD_MEMBER, "quality: '%s' is unknown", text);
    return lm_hint(error, "it is measured, estimated or corrected");
}

int lm_meter_interval_row(const struct lm_csv_header *header, const struct lm_csv_row *row,
                          int64_t period_minutes, const char *zone, struct lm_reading *reading,
                          struct lm_error *error) {
    const char *period = lm_csv_field(header, row, PERIOD);
    const char *start = lm_csv_field(header, row, START);
    const char *quality = lm_csv_field(header, row, QUALITY);
    if (!period && !start)
        return lm_csv_fail_empty(lm_csv_has(header, PERIOD) ? "period" : "start", error);
    if (period ? read_period(period, period_minutes, &reading->period, error) < 0
               : read_start(start, period_minutes, zone, &reading->period, error) < 0)
        return -1;
    if (quality && read_quality(quality, &reading->quality, error) < 0)
        return -1;
    if (read_energy(header, row, IMPORT_WH, &reading->import_wh, error) < 0)
        return -1;
    return read_energy(header, row, EXPORT_WH, &reading->export_wh, error);
}

int lm_meter_register_row(const struct lm_csv_header *header, const struct lm_csv_row *row,
                          const char *zone, struct lm_sample *sample, struct lm_error *error) {
    const char *at = lm_csv_field(header, row, AT);
    if (!at)
        return lm_csv_fail_empty("at", error);
    if (lm_local_time_parse(at, zone, &sample->at_s, error) < 0 ||
        read_energy(header, row, IMPORT_REGISTER_WH, &sample->import_wh, error) < 0)
        return -1;
    return read_energy(header, row, EXPORT_REGISTER_WH, &sample->export_wh, error);
}
