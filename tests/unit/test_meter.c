/* The CRC's check value, and registers against numbers worked by hand. */
#include <stdlib.h>

#include "lib/meter/crc16.h"
#include "lib/meter/registers.h"
#include "tests/unit/tap.h"

#define MINUTE 60

static struct lm_registers new_registers(int64_t max_gap_minutes) {
    return (struct lm_registers){.period_minutes = 30, .max_gap_s = max_gap_minutes * MINUTE};
}

/* Adds a sample and appends "minute:import/export[e]" of each interval to TEXT; "!" for a refused
 * sample, "~" for a gap. */
static void add(struct lm_registers *registers, int64_t at_minute, int64_t import_wh,
                int64_t export_wh, char *text) {
    struct lm_sample sample = {at_minute * MINUTE, import_wh, export_wh};
    struct lm_interval interval;
    struct lm_error error;
    int taken = lm_registers_add(registers, &sample, &error);
    if (taken != 0)
        strcat(text, taken < 0 ? (error.reason == LM_BACKWARDS ? "! " : "? ") : "~ ");
    while (taken >= 0 && lm_registers_next(registers, &interval)) {
        size_t used = strlen(text);
        (void)sprintf(text + used, "%lld:%lld/%lld%s ", (long long)interval.period.start_s / MINUTE,
                      (long long)interval.import_wh, (long long)interval.export_wh,
                      interval.estimated ? "e" : "");
    }
}

static void check_exact(void) {
    struct lm_registers r = new_registers(1440);
    char text[256] = "";
    add(&r, 0, 1000, 0, text);
    add(&r, 30, 1200, 5, text);
    add(&r, 45, 1250, 5, text);
    add(&r, 60, 1300, 9, text);
    tap_is(text, "0:200/5 30:100/4 ", "samples at the boundaries: measured");
}

static void check_interpolation(void) {
    struct lm_registers r = new_registers(1440);
    char text[256] = "";
    add(&r, 20, 100, 0, text); /* before the first boundary: no reading of 0..30 */
    add(&r, 50, 400, 1, text); /* 30 lies a third of the way: 100 + 100 = 200, 0 + 0 */
    add(&r, 90, 401, 1, text); /* 60 lies a quarter of the way: 400 + 0 (0.25 down) */
    tap_is(text, "30:200/1e 60:1/0e ", "between samples: interpolated, rounded down, estimated");
}

static void check_ends(void) {
    struct lm_registers r = new_registers(1440);
    char text[256] = "";
    add(&r, 0, 0, 0, text);
    add(&r, 59, 59, 0, text);
    tap_is(text, "0:30/0e ", "no reading of a period that has not ended");
    add(&r, 59, 59, 0, text);
    tap_is(text, "0:30/0e ", "the repeat of a sample is taken once");
    add(&r, 60, 60, 0, text);
    tap_is(text, "0:30/0e 30:30/0e ", "it goes on behind the repeat");
}

static void check_gap(void) {
    struct lm_registers r = new_registers(60);
    char text[256] = "";
    add(&r, 0, 0, 0, text);
    add(&r, 60, 60, 0, text);   /* exactly the longest gap */
    add(&r, 121, 200, 0, text); /* too long: nothing about 60..120 */
    add(&r, 150, 229, 0, text); /* 120..150 has no beginning */
    add(&r, 180, 259, 0, text);
    tap_is(text, "0:30/0e 30:30/0e ~ 150:30/0 ", "nothing is interpolated over too long a gap");
    r = new_registers(10);
    text[0] = '\0';
    add(&r, 0, 0, 0, text);
    add(&r, 30, 60, 0, text);
    tap_is(text, "0:60/0 ", "a difference between exact ends needs no interpolation");
    r = new_registers(0);
    text[0] = '\0';
    add(&r, 0, 0, 0, text);
    add(&r, 29, 10, 0, text);
    add(&r, 31, 20, 0, text);
    add(&r, 60, 20, 0, text);
    tap_is(text, "~ ", "without interpolation every end must be exact");
}

static void check_backwards(void) {
    struct lm_registers r = new_registers(1440);
    char text[256] = "";
    add(&r, 0, 1000, 0, text);
    add(&r, 30, 1100, 0, text);
    add(&r, 40, 5, 0, text);  /* a new meter */
    add(&r, 50, 10, 0, text); /* starts anew; 30..60 has no beginning */
    add(&r, 60, 20, 0, text);
    add(&r, 90, 25, 0, text);
    tap_is(text, "0:100/0 ! 60:5/0 ", "a replaced meter: no difference across");
    r = new_registers(1440);
    text[0] = '\0';
    add(&r, 0, 1000, 0, text);
    add(&r, 30, 3, 0, text); /* one bad value */
    add(&r, 60, 1200, 0, text);
    add(&r, 90, 1300, 0, text);
    tap_is(text, "! 60:100/0 ", "a value too low: none of its differences is energy");
    r = new_registers(1440);
    text[0] = '\0';
    add(&r, 0, 0, 10, text);
    add(&r, 30, 0, 9, text);
    tap_is(text, "! ", "the export register counts as well");
    r = new_registers(1440);
    text[0] = '\0';
    add(&r, 0, 0, 0, text);
    add(&r, 40, 40, 0, text);
    add(&r, 20, 20, 0, text); /* late */
    add(&r, 60, 60, 0, text);
    tap_is(text, "0:30/0e ! 30:30/0e ", "an old sample changes nothing");
    r = new_registers(1440);
    text[0] = '\0';
    add(&r, 0, 0, 0, text);
    add(&r, 10, 10, 0, text);
    add(&r, 10, 11, 0, text);
    add(&r, 30, 30, 0, text);
    add(&r, 60, 60, 0, text);
    tap_is(text, "! 30:30/0 ", "two values at one instant");
}

static void check_extremes(void) {
    const int64_t most = 9007199254740991;
    struct lm_registers r = new_registers(INT64_MAX / MINUTE);
    char text[512] = "";
    add(&r, -45, 0, 0, text);
    add(&r, 45, most, 1, text);
    /* 2^53-1 = 6 · 1501199875790165 + 1; boundaries lie at 1/6, 3/6 and 5/6 of the way. */
    tap_is(text, "-30:3002399751580330/0e 0:3002399751580330/0e ", "before 1970, 2^53-1 Wh");
}

/* Sums between exact samples are the registers' difference, whatever comes between. */
static void check_sums(void) {
    unsigned seed = 2016;
    bool good = true;
    for (int round = 0; round < 2000 && good; round++) {
        struct lm_registers r = new_registers(100000);
        struct lm_interval interval;
        struct lm_error error;
        struct lm_sample sample = {0};
        int64_t sum_import = 0;
        int64_t sum_export = 0;
        int64_t end_s = 1800 * 48;
        int64_t next_s = 0;
        while (good) {
            good = lm_registers_add(&r, &sample, &error) == 0;
            while (good && lm_registers_next(&r, &interval)) {
                good = interval.period.start_s == next_s && interval.import_wh >= 0 &&
                       interval.export_wh >= 0;
                next_s += 1800;
                sum_import += interval.import_wh;
                sum_export += interval.export_wh;
            }
            if (sample.at_s == end_s)
                break;
            seed = seed * 1103515245U + 12345U;
            sample.at_s += 1 + (seed >> 8) % 7000;
            sample.import_wh += (seed >> 4) % 999;
            sample.export_wh += (seed >> 6) % 7;
            if (sample.at_s > end_s)
                sample.at_s = end_s;
        }
        good = good && next_s == end_s && sum_import == sample.import_wh &&
               sum_export == sample.export_wh;
    }
    tap_ok(good, "readings sum to the registers' difference, with every period once");
}

int main(void) {
    tap_ok(lm_crc16(0, "123456789", 9) == 0xBB3D, "the check value of CRC-16/ARC");
    tap_ok(lm_crc16(lm_crc16(0, "1234", 4), "56789", 5) == 0xBB3D, "the same in two parts");
    tap_ok(lm_crc16(0, "", 0) == 0, "nothing");
    check_exact();
    check_interpolation();
    check_ends();
    check_gap();
    check_backwards();
    check_extremes();
    check_sums();
    return tap_done();
}
