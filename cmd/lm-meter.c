#include <string.h>

#include "cmd/csv_input.h"
#include "cmd/run.h"
#include "lib/base/id.h"
#include "lib/base/limits.h"
#include "lib/base/period_argument.h"
#include "lib/base/zone.h"
#include "lib/meter/p1.h"
#include "lib/meter/registers.h"
#include "lib/meter/table.h"

/* A day: what a meter that is read once a day needs. */
#define MAX_GAP_MINUTES 1440
/* Where P1 comes from. Belgium's and Luxembourg's clocks are the same. */
#define P1_ZONE "Europe/Amsterdam"

struct options {
    const char *meter;
    bool csv;
    bool p1;
    int64_t length_minutes;
    const char *zone;
    int64_t max_gap_minutes;
    const char *firmware;
    int quality;
    int64_t seq;
    struct lm_list to;
    struct lm_common common;
};

#define ROW(letter, name, kind, argument, field, help)                                             \
    { letter, name, LM_OPTION_##kind, argument, NULL, offsetof(struct options, field), help }

static const struct lm_option option_table[] = {
    ROW(0, "meter", ID, "ID", meter, "the meter that was read"),
    ROW(0, "csv", FLAG, NULL, csv, "read CSV with a header: intervals or registers (the default)"),
    ROW(0, "p1", FLAG, NULL, p1, "read P1 telegrams"),
    ROW('l', "length", NUMBER, "N", length_minutes, "minutes of a period; without it 30"),
    ROW('z', "zone", TEXT, "ZONE", zone, "local times are of this zone, like Europe/Brussels"),
    ROW(0, "max-gap", NUMBER, "N", max_gap_minutes,
        "interpolate registers over at most N minutes; without it 1440"),
    ROW(0, "firmware", TEXT, "DIGEST", firmware, "the digest of the meter's firmware"),
    {0, "quality", LM_OPTION_WORD, "measured|estimated|corrected", lm_quality_words,
     offsetof(struct options, quality), "what to call what was measured"},
    ROW(0, "seq", NUMBER, "N", seq, "the version of the readings; without it 0"),
    ROW(0, "to", LIST, "ID", to,
        "address the readings to this party; several times for a reading each"),
    {0},
};

static const struct lm_program program = {
    .name = "lm-meter",
    .purpose = "Turn meter data into readings",
    .synopsis = "--meter ID [--csv|--p1] [--length N] [--zone ZONE] [FILE…]",
    .options = option_table,
    .common = lm_filter_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

struct meter {
    struct lm_run *run;
    const struct options *options;
    struct lm_registers registers;
    struct lm_buffer line;
};

static struct lm_reading new_reading(const struct options *options) {
    struct lm_reading reading;
    lm_record_clear(LM_TYPE_READING, &reading);
    reading.meter = options->meter;
    reading.quality = options->quality;
    reading.seq = options->seq;
    reading.firmware = options->firmware;
    return reading;
}

/* One for everybody, or one for each addressee. */
static void write_reading(struct meter *meter, struct lm_reading *reading) {
    const struct lm_list *to = &meter->options->to;
    for (size_t i = 0; i < to->count || i == 0; i++) {
        if (to->count > 0)
            reading->to = to->items[i];
        lm_record_write(LM_TYPE_READING, reading, &meter->line);
        lm_run_write_buffer(meter->run, &meter->line);
    }
}

static void write_interval(struct meter *meter, const struct lm_interval *interval) {
    struct lm_reading reading = new_reading(meter->options);
    reading.period = interval->period;
    reading.import_wh = interval->import_wh;
    reading.export_wh = interval->export_wh;
    if (interval->estimated)
        reading.quality = LM_QUALITY_ESTIMATED;
    write_reading(meter, &reading);
}

static void take_sample(struct meter *meter, const struct lm_input *input,
                        const struct lm_sample *sample) {
    struct lm_error error;
    struct lm_interval interval;
    int taken = lm_registers_add(&meter->registers, sample, &error);
    if (taken < 0) {
        lm_run_reject(meter->run, input, &error);
        return;
    }
    if (taken > 0) {
        lm_fail(&error, LM_NONE, "no sample for more than %lld minutes: no reading in between",
                (long long)meter->options->max_gap_minutes);
        lm_hint(&error, "--max-gap allows to interpolate over more");
        lm_run_note(meter->run, input, &error);
    }
    while (lm_registers_next(&meter->registers, &interval))
        write_interval(meter, &interval);
}

static void take_row(struct meter *meter, const struct lm_csv_input *csv, enum lm_meter_kind kind) {
    const struct options *options = meter->options;
    struct lm_error error;
    struct lm_sample sample;
    struct lm_reading reading = new_reading(options);
    int read = kind == LM_METER_REGISTERS
                   ? lm_meter_register_row(&csv->header, &csv->row, options->zone, &sample, &error)
                   : lm_meter_interval_row(&csv->header, &csv->row, options->length_minutes,
                                           options->zone, &reading, &error);
    if (read < 0)
        lm_run_reject(meter->run, &csv->input, &error);
    else if (kind == LM_METER_REGISTERS)
        take_sample(meter, &csv->input, &sample);
    else
        write_reading(meter, &reading);
}

static void convert_csv(struct meter *meter) {
    struct lm_csv_input csv = {.names = lm_meter_columns};
    struct lm_error error;
    enum lm_csv_event event;
    enum lm_meter_kind kind = LM_METER_INTERVALS;
    while ((event = lm_csv_next(meter->run, &csv)) != LM_CSV_END) {
        if (event == LM_CSV_ROW)
            take_row(meter, &csv, kind);
        else if (lm_meter_header(&csv.header, &kind, &error) < 0)
            lm_csv_refuse_header(meter->run, &csv, &error);
    }
    lm_csv_free(&csv.row);
}

static void convert_p1(struct meter *meter) {
    struct lm_p1 p1 = {.zone = meter->options->zone ? meter->options->zone : P1_ZONE};
    struct lm_input input = {0};
    struct lm_sample sample;
    struct lm_error error;
    while (lm_run_line(meter->run, false, &input)) {
        switch (lm_p1_line(&p1, input.line.data, input.line.size, &sample, &error)) {
        case LM_P1_MORE:
            break;
        case LM_P1_SAMPLE:
            take_sample(meter, &input, &sample);
            break;
        case LM_P1_BAD:
            lm_run_reject(meter->run, &input, &error);
            break;
        }
    }
    input.line.data = NULL; /* the reader's, which is gone */
    if (!meter->run->stopped && lm_p1_end(&p1, &error) == LM_P1_BAD)
        lm_run_reject(meter->run, &input, &error);
}

static void check_usage(struct lm_run *run, const struct options *options) {
    struct lm_period period;
    const char *zone = options->zone ? options->zone : options->p1 ? P1_ZONE : NULL;
    if (!options->meter)
        lm_run_usage(run, "--meter is missing");
    for (size_t i = 0; i < options->to.count; i++) {
        if (!lm_id_valid(options->to.items[i], strlen(options->to.items[i])))
            lm_run_usage(run, "--to: '%.100s' is not an id", options->to.items[i]);
    }
    if (options->csv && options->p1)
        lm_run_usage(run, "--csv and --p1 contradict each other");
    if (!lm_period_of(0, options->length_minutes, &period))
        lm_run_usage(run, "--length: %lld minutes do not divide a day",
                     (long long)options->length_minutes);
    if (zone && !lm_zone_known(zone)) {
        struct lm_error error;
        if (lm_zone_fail(zone, &error) < 0 && error.reason != LM_ZONE)
            lm_run_fatal(run, &error);
        lm_run_usage(run, "--zone: '%s' is unknown on this machine", zone);
    }
    if (options->firmware &&
        !lm_kind_text_valid(LM_KIND_DIGEST, options->firmware, strlen(options->firmware)))
        lm_run_usage(run, "--firmware: '%s' is not a digest of 43 base64url characters",
                     options->firmware);
}

int main(int argc, char **argv) {
    struct options options = {
        .length_minutes = LM_PERIOD_MINUTES_DEFAULT,
        .max_gap_minutes = MAX_GAP_MINUTES,
        .quality = LM_QUALITY_MEASURED,
    };
    struct lm_run run;
    lm_run_start(&run, &program, argc, argv, &options);
    check_usage(&run, &options);
    struct meter meter = {
        .run = &run,
        .options = &options,
        .registers = {.period_minutes = options.length_minutes,
                      .max_gap_s = options.max_gap_minutes * 60},
    };
    if (options.p1)
        convert_p1(&meter);
    else
        convert_csv(&meter);
    lm_buffer_free(&meter.line);
    lm_list_free(&options.to);
    return lm_run_finish(&run);
}
