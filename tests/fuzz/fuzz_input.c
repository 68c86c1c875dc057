/*
 * Any bytes as what meters and spreadsheets write: CSV of orders and readings, P1 telegrams.
 * Nothing that is made of them is no record. The first byte says what they are taken for.
 */
#include "lib/base/csv.h"
#include "lib/base/limits.h"
#include "lib/base/lines.h"
#include "lib/market/bid.h"
#include "lib/meter/crc16.h"
#include "lib/meter/p1.h"
#include "lib/meter/table.h"
#include "lib/record/record.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define ZONE "Europe/Amsterdam"

static void check_record(enum lm_type type, const void *body) {
    struct lm_buffer line = {0};
    struct lm_record record;
    struct lm_error error;
    lm_record_write(type, body, &line);
    HOLDS(lm_buffer_ok(&line));
    HOLDS(lm_record_parse(line.data, line.size, &record, &error) == 0);
    HOLDS(record.type == type);
    lm_record_free(&record);
    lm_buffer_free(&line);
}

/* The samples of a meter, and the readings that come of them. */
static void take_sample(struct lm_registers *registers, const struct lm_sample *sample) {
    struct lm_interval interval;
    struct lm_error error;
    HOLDS(sample->import_wh >= 0 && sample->import_wh <= LM_INTEGER_MAX);
    HOLDS(sample->export_wh >= 0 && sample->export_wh <= LM_INTEGER_MAX);
    if (lm_registers_add(registers, sample, &error) < 0)
        return;
    int64_t last_s = INT64_MIN;
    while (lm_registers_next(registers, &interval)) {
        HOLDS(interval.import_wh >= 0 && interval.export_wh >= 0);
        HOLDS(interval.period.start_s > last_s);
        HOLDS(lm_period_end(interval.period) <= sample->at_s);
        last_s = interval.period.start_s;
    }
}

/* The next line, without its line feed. */
static bool next_line(const char **at, const char *end, const char **line, size_t *size) {
    if (*at == end)
        return false;
    const char *feed = memchr(*at, '\n', (size_t)(end - *at));
    *line = *at;
    *size = (size_t)((feed ? feed : end) - *at);
    *at = feed ? feed + 1 : end;
    return true;
}

static void check_orders(const char *at, const char *end) {
    struct lm_bid_maker maker = {.minutes = 30};
    struct lm_csv_header header;
    struct lm_csv_row row = {0};
    struct lm_error error;
    const char *line;
    size_t size;
    lm_record_clear(LM_TYPE_ORDER, &maker.defaults);
    if (next_line(&at, end, &line, &size) &&
        lm_csv_header_read(line, size, lm_bid_columns, &header, &row, &error) == 0 &&
        lm_bid_header(&maker, &header, &error) == 0) {
        while (next_line(&at, end, &line, &size)) {
            struct lm_bid bid;
            const char *period;
            lm_bid_start(&maker, 1459500000000000, &bid);
            if (lm_csv_row_read(line, size, &header, &row, &error) == 0 &&
                lm_bid_row(&maker, &header, &row, &period, &bid, &error) == 0 &&
                lm_bid_finish(&maker, period, 1459500000000000, &bid, &error) == 0)
                check_record(LM_TYPE_ORDER, &bid.order);
        }
    }
    lm_csv_free(&row);
}

static void check_readings(const char *at, const char *end) {
    struct lm_registers registers = {.period_minutes = 30, .max_gap_s = 86400};
    struct lm_csv_header header;
    struct lm_csv_row row = {0};
    struct lm_error error;
    enum lm_meter_kind kind;
    const char *line;
    size_t size;
    if (next_line(&at, end, &line, &size) &&
        lm_csv_header_read(line, size, lm_meter_columns, &header, &row, &error) == 0 &&
        lm_meter_header(&header, &kind, &error) == 0) {
        while (next_line(&at, end, &line, &size)) {
            struct lm_sample sample;
            struct lm_reading reading;
            lm_record_clear(LM_TYPE_READING, &reading);
            reading.meter = "m";
            reading.quality = LM_QUALITY_MEASURED;
            reading.seq = 0;
            if (lm_csv_row_read(line, size, &header, &row, &error) < 0)
                continue;
            if (kind == LM_METER_REGISTERS) {
                if (lm_meter_register_row(&header, &row, ZONE, &sample, &error) == 0)
                    take_sample(&registers, &sample);
            } else if (lm_meter_interval_row(&header, &row, 30, ZONE, &reading, &error) == 0) {
                check_record(LM_TYPE_READING, &reading);
            }
        }
    }
    lm_csv_free(&row);
}

/* With CRC, each line that begins with ! gets the right one, as no fuzzer finds it. */
static void check_telegrams(const char *at, const char *end, bool with_crc) {
    struct lm_registers registers = {.period_minutes = 15, .max_gap_s = 86400};
    struct lm_p1 p1 = {.zone = ZONE};
    struct lm_sample sample;
    struct lm_error error;
    const char *line;
    size_t size;
    uint16_t crc = 0;
    while (next_line(&at, end, &line, &size)) {
        char last[8];
        if (with_crc && size > 0 && line[0] == '/')
            crc = 0;
        if (with_crc && size > 0 && line[0] == '!') {
            crc = lm_crc16(crc, "!", 1);
            size = (size_t)snprintf(last, sizeof last, "!%04X\r", (unsigned)crc);
            line = last;
        } else if (with_crc) {
            crc = lm_crc16(crc, line, size);
            crc = lm_crc16(crc, "\n", 1);
        }
        switch (lm_p1_line(&p1, line, size, &sample, &error)) {
        case LM_P1_MORE:
            break;
        case LM_P1_SAMPLE:
            take_sample(&registers, &sample);
            break;
        case LM_P1_BAD:
            HOLDS(error.reason != LM_NONE && error.reason != LM_DEFECT);
            break;
        }
    }
    (void)!lm_p1_end(&p1, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *at = (const char *)data;
    if (size < 1)
        return 0;
    switch (data[0]) {
    case 'o':
        check_orders(at + 1, at + size);
        break;
    case 'm':
        check_readings(at + 1, at + size);
        break;
    default:
        check_telegrams(at + 1, at + size, data[0] != '?');
    }
    return 0;
}
