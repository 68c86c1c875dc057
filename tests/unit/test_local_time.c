/* Times with an offset, in a zone, and P1's, around both of 2016's clock changes. */
#include "lib/base/local_time.h"
#include "lib/base/period_argument.h"
#include "lib/base/zone.h"
#include "tests/unit/tap.h"

static const char *parse(const char *text, const char *zone) {
    static char result[LM_TIME_SIZE];
    struct lm_error error;
    int64_t instant_s;
    if (lm_local_time_parse(text, zone, &instant_s, &error) < 0)
        return lm_reason_word(error.reason);
    lm_instant_format(instant_s, result);
    return result;
}

static void check_offsets(void) {
    tap_is(parse("2016-04-01T12:00:00Z", NULL), "2016-04-01T12:00:00Z", "UTC");
    tap_is(parse("2016-04-01 12:00Z", NULL), "2016-04-01T12:00:00Z", "a space, no seconds");
    tap_is(parse("2016-04-01T14:00:01+02:00", NULL), "2016-04-01T12:00:01Z", "ahead");
    tap_is(parse("2016-04-01T00:00-0530", NULL), "2016-04-01T05:30:00Z", "behind");
    tap_is(parse("2016-03-01T00:30+01:00", NULL), "2016-02-29T23:30:00Z", "over a leap day");
    static const char *const bad[] = {
        "",
        "2016-04-01",
        "2016-04-01T12",
        "2016-04-01T12:00:",
        "2016-04-01T12:00:00.5Z",
        "2016-04-01T24:00Z",
        "2016-02-30T12:00Z",
        "16-04-01T12:00Z",
        "2016/04/01 12:00Z",
        "2016-04-01t12:00Z",
        "2016-04-01T12:00z",
        "2016-04-01T12:00ZZ",
        "2016-04-01T12:00+2",
        "2016-04-01T12:00+24:00",
        "2016-04-01T12:00+02:60",
        "2016-04-01T12:00+02:000",
        " 2016-04-01T12:00Z",
        "0001-01-01T00:00+01:00",
        "9999-12-31T23:59-00:01",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        tap_is(parse(bad[i], "UTC"), "bad_member", bad[i]);
}

/* Brussels was one hour ahead of UTC until 2016-03-27T01:00Z, two until 2016-10-30T01:00Z. */
static void check_zone(void) {
    const char *zone = "Europe/Brussels";
    if (!lm_zone_known(zone)) {
        tap_skip("local times", "no tz database");
        return;
    }
    tap_is(parse("2016-03-27 01:59:59", zone), "2016-03-27T00:59:59Z", "before summer time");
    tap_is(parse("2016-03-27 02:00", zone), "local_time", "the hour that is skipped");
    tap_is(parse("2016-03-27 02:59:59", zone), "local_time", "its end");
    tap_is(parse("2016-03-27 03:00", zone), "2016-03-27T01:00:00Z", "summer time");
    tap_is(parse("2016-10-30 01:59:59", zone), "2016-10-29T23:59:59Z", "before the double hour");
    tap_is(parse("2016-10-30 02:00", zone), "local_time", "the hour that is there twice");
    tap_is(parse("2016-10-30 02:30+02:00", zone), "2016-10-30T00:30:00Z", "its first, by offset");
    tap_is(parse("2016-10-30 02:30+01:00", zone), "2016-10-30T01:30:00Z", "its second, by offset");
    tap_is(parse("2016-10-30 03:00", zone), "2016-10-30T02:00:00Z", "after it");
    tap_is(parse("2016-04-01 12:00", NULL), "local_time", "local time without a zone");
}

static const char *p1_instant(int month, int day, int hour, bool summer, const char *zone) {
    static char result[LM_TIME_SIZE];
    const struct lm_civil local = {.year = 2016, .month = month, .day = day, .hour = hour};
    struct lm_error error;
    int64_t instant_s;
    if (lm_local_time_instant(&local, summer, zone, &instant_s, &error) < 0)
        return lm_reason_word(error.reason);
    lm_instant_format(instant_s, result);
    return result;
}

static void check_flagged(void) {
    const char *zone = "Europe/Amsterdam";
    if (!lm_zone_known(zone) || !lm_zone_known("Australia/Sydney")) {
        tap_skip("times with S or W", "no tz database");
        return;
    }
    tap_is(p1_instant(4, 1, 14, true, zone), "2016-04-01T12:00:00Z", "summer");
    tap_is(p1_instant(1, 1, 14, false, zone), "2016-01-01T13:00:00Z", "winter");
    tap_is(p1_instant(4, 1, 14, false, zone), "local_time", "winter time in April");
    tap_is(p1_instant(1, 1, 14, true, zone), "local_time", "summer time in January");
    tap_is(p1_instant(10, 30, 2, true, zone), "2016-10-30T00:00:00Z", "the first 02:00");
    tap_is(p1_instant(10, 30, 2, false, zone), "2016-10-30T01:00:00Z", "the second 02:00");
    tap_is(p1_instant(3, 27, 2, false, zone), "local_time", "a skipped hour as winter time");
    tap_is(p1_instant(3, 27, 2, true, zone), "local_time", "a skipped hour as summer time");
    tap_is(p1_instant(3, 27, 3, true, zone), "2016-03-27T01:00:00Z", "the hour after it");
    tap_is(p1_instant(1, 1, 14, true, "Australia/Sydney"), "2016-01-01T03:00:00Z", "January south");
    tap_is(p1_instant(1, 1, 14, false, "UTC"), "2016-01-01T14:00:00Z", "no summer time at all");
    tap_is(p1_instant(7, 1, 14, true, "UTC"), "local_time", "summer time where there is none");
}

static const char *argument(const char *text, const char *now, int64_t minutes) {
    static char result[LM_TIME_SIZE];
    struct lm_error error;
    struct lm_period period;
    int64_t now_s;
    if (!lm_instant_parse(now, strlen(now), &now_s) ||
        lm_period_argument(text, now_s, minutes, &period, &error) < 0)
        return lm_reason_word(error.reason);
    lm_period_format(period, result);
    return result;
}

static void check_period_argument(void) {
    const char *now = "2016-03-31T23:59:59Z";
    tap_is(argument("now", now, 30), "2016-03-31T23:30Z/PT30M", "now");
    tap_is(argument("next", now, 30), "2016-04-01T00:00Z/PT30M", "next");
    tap_is(argument("next+0", now, 30), "2016-04-01T00:00Z/PT30M", "next+0 is next");
    tap_is(argument("next+3", now, 15), "2016-04-01T00:45Z/PT15M", "next+3");
    tap_is(argument("now", "2016-04-01T00:00:00Z", 30), "2016-04-01T00:00Z/PT30M", "half-open");
    tap_is(argument("2016-04-01T12:00Z/PT60M", now, 30), "2016-04-01T12:00Z/PT60M", "as it is");
    static const char *const bad[] = {"",
                                      "Now",
                                      "now+1",
                                      "next+",
                                      "next+-0",
                                      "next-1",
                                      "next+01",
                                      "next+1.5",
                                      "2016-04-01T12:10Z/PT30M",
                                      "next+9223372036854775807"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        tap_is(argument(bad[i], now, 30), "usage", bad[i]);
    tap_is(argument("now", now, 7), "usage", "a length that does not divide a day");
    tap_is(argument("next", "9999-12-31T23:59:59Z", 30), "usage", "beyond the last year");
}

int main(void) {
    check_offsets();
    check_zone();
    check_flagged();
    check_period_argument();
    return tap_done();
}
