/*
 * Dates and periods against known dates and against the C library's calendar.
 */
#include "lib/base/period.h"

#include <time.h>

#include "lib/base/zone.h"
#include "tests/unit/tap.h"

/* Seconds from the calendar's own definition, e.g. by `date -u -d … +%s`. */
static const struct {
    const char *text;
    int64_t instant_s;
    int weekday; /* 0 for Sunday */
} known[] = {
    {"1970-01-01T00:00:00Z", 0, 4},
    {"1970-01-01T00:00:01Z", 1, 4},
    {"1969-12-31T23:59:59Z", -1, 3},
    {"2000-02-29T00:00:00Z", 951782400, 2},
    {"2001-09-09T01:46:40Z", 1000000000, 0},
    {"2016-02-29T12:00:00Z", 1456747200, 1},
    {"2016-04-01T11:40:00Z", 1459510800, 5},
    {"2038-01-19T03:14:08Z", 2147483648, 2},
    {"1900-02-28T23:59:59Z", -2203891201, 3},
    {"1900-03-01T00:00:00Z", -2203891200, 4},
    {"0001-01-01T00:00:00Z", -62135596800, 1},
    {"9999-12-31T23:59:59Z", 253402300799, 5},
};

static void test_instants(void) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int64_t instant_s = 7;
        char text[LM_TIME_SIZE];
        tap_ok(lm_instant_parse(known[i].text, strlen(known[i].text), &instant_s) &&
                   instant_s == known[i].instant_s,
               "instant %s", known[i].text);
        size_t size = lm_instant_format(known[i].instant_s, text);
        tap_ok(size == 20 && strcmp(text, known[i].text) == 0, "instant %s is written",
               known[i].text);
        tap_ok(lm_weekday(known[i].instant_s) == known[i].weekday, "weekday of %s", known[i].text);
    }
    static const char *const bad[] = {
        "",
        "2016-04-01T11:40Z",
        "2016-04-01T11:40:00",
        "2016-04-01T11:40:00z",
        "2016-04-01t11:40:00Z",
        "2016-04-01 11:40:00Z",
        "2016-04-01T11:40:00+00:00",
        "2016-04-01T11:40:00.0Z",
        "2016-04-01T24:00:00Z",
        "2016-04-01T11:60:00Z",
        "2016-12-31T23:59:60Z", /* a leap second that was */
        "2016-4-01T11:40:00Z",
        "16-04-01T11:40:00Z",
        "0000-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z",
        "2016-00-01T00:00:00Z",
        "2016-13-01T00:00:00Z",
        "2016-01-00T00:00:00Z",
        "2016-01-32T00:00:00Z",
        "2016-04-31T00:00:00Z",
        "2015-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2016-02-30T00:00:00Z",
        "2016-04-01T1+:40:00Z",
        " 016-04-01T11:40:00Z",
        "2016-04-01T11:40:00Z ",
        "12016-04-01T11:40:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t instant_s;
        tap_ok(!lm_instant_parse(bad[i], strlen(bad[i]), &instant_s), "no instant: '%s'", bad[i]);
    }
}

/* Every day of the years 1 to 9999, at an hour that moves. */
static void test_calendar(void) {
    int wrong = 0;
    int days = 0;
    for (int64_t at_s = -62135596800; at_s < 253402300800; at_s += 86400 + 61) {
        time_t time = (time_t)at_s;
        struct tm tm;
        if (!gmtime_r(&time, &tm))
            break;
        struct lm_civil civil = lm_civil_from_seconds(at_s);
        wrong += civil.year != tm.tm_year + 1900 || civil.month != tm.tm_mon + 1 ||
                 civil.day != tm.tm_mday || civil.hour != tm.tm_hour || civil.minute != tm.tm_min ||
                 civil.second != tm.tm_sec || lm_weekday(at_s) != tm.tm_wday ||
                 lm_civil_to_seconds(&civil) != timegm(&tm) || !lm_civil_valid(&civil);
        days++;
    }
    tap_ok(wrong == 0 && days > 3640000, "%d days agree with gmtime_r and timegm", days);
}

static void test_periods(void) {
    static const struct {
        const char *text;
        int64_t start_s;
        int32_t minutes;
    } good[] = {
        {"2016-04-01T12:00Z/PT30M", 1459512000, 30},
        {"2016-04-01T12:00Z/PT15M", 1459512000, 15},
        {"2016-04-01T12:00Z/PT1M", 1459512000, 1},
        {"2016-04-01T12:05Z/PT5M", 1459512300, 5},
        {"2016-04-01T00:00Z/PT1440M", 1459468800, 1440},
        {"2016-04-01T12:00Z/PT720M", 1459512000, 720},
        {"1969-12-31T23:30Z/PT30M", -1800, 30},
        {"0001-01-01T00:00Z/PT60M", -62135596800, 60},
        {"9999-12-31T23:00Z/PT60M", 253402297200, 60},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct lm_period period = {0};
        char text[LM_TIME_SIZE];
        tap_ok(lm_period_parse(good[i].text, strlen(good[i].text), &period) &&
                   period.start_s == good[i].start_s && period.minutes == good[i].minutes,
               "period %s", good[i].text);
        size_t size = lm_period_format(period, text);
        tap_ok(size == strlen(good[i].text) && strcmp(text, good[i].text) == 0,
               "period %s is written", good[i].text);
    }
    static const char *const bad[] = {
        "",
        "2016-04-01T12:00Z",
        "2016-04-01T12:00Z/",
        "2016-04-01T12:00Z/PTM",
        "2016-04-01T12:00Z/PT0M",
        "2016-04-01T12:00Z/PT030M",
        "2016-04-01T12:00Z/PT-30M",
        "2016-04-01T12:00Z/PT+30M",
        "2016-04-01T12:00Z/PT7M", /* does not divide a day */
        "2016-04-01T12:00Z/PT1441M",
        "2016-04-01T00:00Z/PT2880M",
        "2016-04-01T12:00Z/PT99999M",
        "2016-04-01T12:10Z/PT30M", /* does not start on a multiple */
        "2016-04-01T12:00Z/PT1440M",
        "2016-04-01T12:00Z/PT1H",
        "2016-04-01T12:00Z/pt30m",
        "2016-04-01T12:00Z/P30M",
        "2016-04-01T12:00Z/PT30M ",
        "2016-04-01T12:00Z/PT30S",
        "2016-04-01T12:00Z PT30M",
        "2016-04-01T12:00/PT30M",
        "2016-04-01T12:00+00:00/PT30M",
        "2016-04-01T12:00:00Z/PT30M",
        "2016-04-01T12:00Z/2016-04-01T12:30Z",
        "2015-02-29T12:00Z/PT30M",
        "PT30M/2016-04-01T12:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct lm_period period;
        tap_ok(!lm_period_parse(bad[i], strlen(bad[i]), &period), "no period: '%s'", bad[i]);
    }
}

static void test_period_arithmetic(void) {
    int accepted = 0;
    int wrong = 0;
    struct lm_period period;
    for (int64_t minutes = -2; minutes <= 3000; minutes++) {
        /* A minute past 13:37 on 2016-04-01. */
        bool divides = minutes >= 1 && minutes <= 1440 && 1440 % minutes == 0;
        bool made = lm_period_of(1459517821, minutes, &period);
        accepted += made;
        wrong += made != divides;
        if (made)
            wrong += period.start_s > 1459517821 || lm_period_end(period) <= 1459517821 ||
                     (period.start_s - 1459468800) % (minutes * 60) != 0;
    }
    tap_ok(wrong == 0 && accepted == 36,
           "the 36 divisors of 1440 are lengths, and hold the instant");
    tap_ok(lm_period_of(-1, 30, &period) && period.start_s == -1800, "a period before 1970");
    tap_ok(lm_period_of(1459512000, 30, &period) && period.start_s == 1459512000,
           "an instant at the start is in it");
    tap_ok(lm_period_of(1459511999, 30, &period) && period.start_s == 1459510200,
           "an instant at the end is in the next");
    tap_ok(!lm_period_of(253402300800, 30, &period) && !lm_period_of(-62135596801, 30, &period) &&
               !lm_period_of(INT64_MAX, 30, &period) && !lm_period_of(INT64_MIN, 30, &period),
           "no period beyond the years 1 to 9999");

    struct lm_period last = {.start_s = 253402299000, .minutes = 30};
    struct lm_period first = {.start_s = -62135596800, .minutes = 30};
    tap_ok(lm_period_add(first, 1, &period) && period.start_s == -62135595000 &&
               lm_period_add(period, -1, &period) && period.start_s == first.start_s,
           "forwards and back");
    tap_ok(!lm_period_add(last, 1, &period) && !lm_period_add(first, -1, &period) &&
               !lm_period_add(last, INT64_MAX, &period) &&
               !lm_period_add(first, INT64_MIN, &period),
           "never beyond the ends of the calendar");
    struct lm_period longer = {.start_s = last.start_s, .minutes = 60};
    tap_ok(lm_period_compare(first, last) < 0 && lm_period_compare(last, first) > 0 &&
               lm_period_compare(last, last) == 0 && lm_period_compare(last, longer) < 0 &&
               lm_period_compare(longer, last) > 0,
           "order by start, then by length");
}

static void test_validities(void) {
    static const char good[] = "2016-01-01T00:00Z/2017-01-01T00:00Z";
    struct lm_validity validity;
    char text[LM_TIME_SIZE];
    tap_ok(lm_validity_parse(good, strlen(good), &validity) && validity.start_s == 1451606400 &&
               validity.end_s == 1483228800,
           "validity %s", good);
    lm_validity_format(validity, text);
    tap_is(text, good, "a validity is written");
    tap_ok(!lm_validity_holds(validity, 1451606399) && lm_validity_holds(validity, 1451606400) &&
               lm_validity_holds(validity, 1483228799) && !lm_validity_holds(validity, 1483228800),
           "a validity is half-open");
    static const char *const bad[] = {
        "",
        "2016-01-01T00:00Z",
        "2016-01-01T00:00Z/2016-01-01T00:00Z",
        "2017-01-01T00:00Z/2016-01-01T00:00Z",
        "2016-01-01T00:00Z--2017-01-01T00:00Z",
        "2016-01-01T00:00Z-2017-01-01T00:00Z",
        "2016-01-01T00:00Z/2017-01-01T00:00Z/",
        "2016-01-01/2017-01-01",
        "2016-01-01T00:00Z/PT30M",
        "2016-01-01T00:00Z/2017-02-29T00:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        tap_ok(!lm_validity_parse(bad[i], strlen(bad[i]), &validity), "no validity: '%s'", bad[i]);
}

static void test_months(void) {
    struct lm_month month;
    struct lm_month later = {.year = 2017, .month = 1};
    char text[LM_TIME_SIZE];
    tap_ok(lm_month_parse("2016-04", 7, &month) && month.year == 2016 && month.month == 4,
           "month 2016-04");
    lm_month_format(month, text);
    tap_is(text, "2016-04", "a month is written");
    tap_ok(lm_month_compare(month, later) < 0 && lm_month_compare(later, month) > 0 &&
               lm_month_compare(month, month) == 0,
           "order of months");
    /* date -u -d 2016-05-01 +%s, and of 2017-01-01 and 2016-03-01 */
    tap_ok(lm_month_end(month) == 1462060800 &&
               lm_month_end((struct lm_month){2016, 12}) == 1483228800 &&
               lm_month_end((struct lm_month){2016, 2}) == 1456790400,
           "a month ends when the next begins");
    static const char *const bad[] = {"",        "2016",    "2016-4",   "2016-00", "2016-13",
                                      "0000-01", "2016/04", "2016-04-", "201604",  "2016-4 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        tap_ok(!lm_month_parse(bad[i], strlen(bad[i]), &month), "no month: '%s'", bad[i]);
}

static bool local_is(const char *zone, int64_t instant_s, int day, int hour, int minute) {
    struct lm_civil local;
    return lm_zone_local(zone, instant_s, &local) && local.day == day && local.hour == hour &&
           local.minute == minute;
}

static void test_zones(void) {
    static const char *const hostile[] = {
        "",
        "/",
        "/etc/localtime",
        "../../etc/passwd",
        "Europe/../UTC",
        "Europe//Brussels",
        "Europe/",
        "/Europe/Brussels",
        "Europe/Brussels ",
        ":UTC",
        "UTC0;rm",
        "localtime",
        "posixrules",
        "right/UTC",
        "posix/Europe/Brussels",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    struct lm_civil local;
    int64_t instants_s[2];
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        tap_ok(!lm_zone_spelled(hostile[i]) && !lm_zone_known(hostile[i]) &&
                   !lm_zone_local(hostile[i], 0, &local),
               "no zone: '%.40s'", hostile[i]);
    tap_ok(lm_zone_spelled("Europe/Atlantis") && !lm_zone_known("Europe/Atlantis") &&
               !lm_zone_local("Europe/Atlantis", 0, &local),
           "a zone may be well spelled and unknown");
    tap_ok(!lm_zone_known("Europe"), "a folder is no zone");
    tap_ok(!lm_zone_known("tzdata"), "a file without a zone in it is none");
    if (!lm_zone_known("Europe/Brussels")) {
        tap_skip("Brussels", "no tzdata on this machine");
        return;
    }
    /* Clocks went forward on 2016-03-27 and back on 2016-10-30, both at 01:00 UTC. */
    tap_ok(local_is("Europe/Brussels", 1459040399, 27, 1, 59) &&
               local_is("Europe/Brussels", 1459040400, 27, 3, 0),
           "Brussels goes to summer time");
    tap_ok(local_is("Europe/Brussels", 1477789199, 30, 2, 59) &&
               local_is("Europe/Brussels", 1477789200, 30, 2, 0),
           "Brussels goes to winter time");
    tap_ok(local_is("UTC", 1459040400, 27, 1, 0) &&
               local_is("Asia/Kathmandu", 1459040400, 27, 6, 45) &&
               local_is("Europe/Brussels", 1459040400, 27, 3, 0),
           "zones one after the other");
    struct lm_civil at = {.year = 2016, .month = 3, .day = 27, .hour = 2, .minute = 30};
    tap_ok(lm_zone_instants("Europe/Brussels", &at, instants_s) == 0, "02:30 was skipped");
    at.hour = 3;
    tap_ok(lm_zone_instants("Europe/Brussels", &at, instants_s) == 1 && instants_s[0] == 1459042200,
           "03:30 was once");
    at = (struct lm_civil){.year = 2016, .month = 10, .day = 30, .hour = 2, .minute = 30};
    tap_ok(lm_zone_instants("Europe/Brussels", &at, instants_s) == 2 &&
               instants_s[0] == 1477787400 && instants_s[1] == 1477791000,
           "02:30 was twice");
    tap_ok(lm_zone_instants("Europe/Atlantis", &at, instants_s) == -1, "instants of no zone");
}

int main(void) {
    test_instants();
    test_calendar();
    test_periods();
    test_period_arithmetic();
    test_validities();
    test_months();
    test_zones();
    return tap_done();
}
