#include "lib/base/period.h"

#include <stdio.h>
#include <string.h>

#define DAY_S 86400

/* Days since 1970-01-01. March is made the first month, so that the leap day ends the year. */
static int64_t days_from_date(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

int64_t lm_civil_to_seconds(const struct lm_civil *civil) {
    return days_from_date(civil->year, civil->month, civil->day) * DAY_S + civil->hour * 3600 +
           civil->minute * 60 + civil->second;
}

struct lm_civil lm_civil_from_seconds(int64_t seconds) {
    int64_t days = floor_divide(seconds, DAY_S);
    int rest = (int)(seconds - days * DAY_S);
    days += 719468;
    int64_t era = floor_divide(days, 146097);
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (int)((5 * day_of_year + 2) / 153);
    int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return (struct lm_civil){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
    };
}

bool lm_civil_valid(const struct lm_civil *civil) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (civil->year < 1 || civil->year > 9999 || civil->month < 1 || civil->month > 12)
        return false;
    bool leap = civil->year % 4 == 0 && (civil->year % 100 != 0 || civil->year % 400 == 0);
    int last = days[civil->month - 1] + (civil->month == 2 && leap);
    return civil->day >= 1 && civil->day <= last && civil->hour >= 0 && civil->hour <= 23 &&
           civil->minute >= 0 && civil->minute <= 59 && civil->second >= 0 && civil->second <= 59;
}

int lm_weekday(int64_t seconds) {
    int64_t days = floor_divide(seconds, DAY_S);
    int64_t since_sunday = (days + 4) % 7; /* 1970-01-01 was a Thursday */
    return (int)(since_sunday < 0 ? since_sunday + 7 : since_sunday);
}

/* Reads the digits of TEXT where PATTERN has a letter, and requires PATTERN's other characters:
 * Y M D h m s, each run a member of the date. The size must be the pattern's. */
static bool parse_pattern(const char *text, size_t size, const char *pattern,
                          struct lm_civil *civil) {
    if (size != strlen(pattern))
        return false;
    *civil = (struct lm_civil){.month = 1, .day = 1};
    bool month_seen = false;
    bool day_seen = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        int *member = NULL;
        switch (pattern[i]) {
        case 'Y':
            member = &civil->year;
            break;
        case 'M':
            member = &civil->month;
            if (!month_seen)
                *member = 0;
            month_seen = true;
            break;
        case 'D':
            member = &civil->day;
            if (!day_seen)
                *member = 0;
            day_seen = true;
            break;
        case 'h':
            member = &civil->hour;
            break;
        case 'm':
            member = &civil->minute;
            break;
        case 's':
            member = &civil->second;
            break;
        default:
            if (c != pattern[i])
                return false;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        *member = *member * 10 + (c - '0');
    }
    return lm_civil_valid(civil);
}

#define MINUTE_PATTERN "YYYY-MM-DDThh:mmZ"
#define MINUTE_SIZE    (sizeof MINUTE_PATTERN - 1)

static bool parse_minute(const char *text, int64_t *seconds) {
    struct lm_civil civil;
    if (!parse_pattern(text, MINUTE_SIZE, MINUTE_PATTERN, &civil))
        return false;
    *seconds = lm_civil_to_seconds(&civil);
    return true;
}

static char *put_digits(char *at, int value, int width) {
    for (int i = width - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + width;
}

static char *put_minute(char *at, int64_t seconds) {
    struct lm_civil civil = lm_civil_from_seconds(seconds);
    at = put_digits(at, civil.year, 4);
    *at++ = '-';
    at = put_digits(at, civil.month, 2);
    *at++ = '-';
    at = put_digits(at, civil.day, 2);
    *at++ = 'T';
    at = put_digits(at, civil.hour, 2);
    *at++ = ':';
    at = put_digits(at, civil.minute, 2);
    *at++ = 'Z';
    return at;
}

bool lm_instant_parse(const char *text, size_t size, int64_t *instant_s) {
    struct lm_civil civil;
    if (!parse_pattern(text, size, "YYYY-MM-DDThh:mm:ssZ", &civil))
        return false;
    *instant_s = lm_civil_to_seconds(&civil);
    return true;
}

size_t lm_instant_format(int64_t instant_s, char text[LM_TIME_SIZE]) {
    char *at = put_minute(text, instant_s) - 1;
    *at++ = ':';
    at = put_digits(at, lm_civil_from_seconds(instant_s).second, 2);
    *at++ = 'Z';
    *at = '\0';
    return (size_t)(at - text);
}

static bool length_valid(int64_t minutes) {
    return minutes > 0 && minutes <= 1440 && 1440 % minutes == 0;
}

bool lm_period_parse(const char *text, size_t size, struct lm_period *period) {
    /* start "/PT" n "M" */
    if (size < MINUTE_SIZE + 5 || size > MINUTE_SIZE + 8 ||
        memcmp(text + MINUTE_SIZE, "/PT", 3) != 0 || text[size - 1] != 'M' ||
        text[MINUTE_SIZE + 3] == '0')
        return false;
    int32_t minutes = 0;
    for (size_t i = MINUTE_SIZE + 3; i < size - 1; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        minutes = minutes * 10 + (text[i] - '0');
    }
    int64_t start_s;
    if (!length_valid(minutes) || !parse_minute(text, &start_s))
        return false;
    int64_t into_day_s = start_s - floor_divide(start_s, DAY_S) * DAY_S;
    if (into_day_s % ((int64_t)minutes * 60) != 0)
        return false;
    *period = (struct lm_period){.start_s = start_s, .minutes = minutes};
    return true;
}

size_t lm_period_format(struct lm_period period, char text[LM_TIME_SIZE]) {
    char *at = put_minute(text, period.start_s);
    memcpy(at, "/PT", 3);
    at += 3;
    int width = period.minutes >= 1000  ? 4
                : period.minutes >= 100 ? 3
                : period.minutes >= 10  ? 2
                                        : 1;
    at = put_digits(at, period.minutes, width);
    *at++ = 'M';
    *at = '\0';
    return (size_t)(at - text);
}

/* The years 1 to 9999, the end of the last included. */
static bool seconds_valid(int64_t seconds) {
    return seconds >= days_from_date(1, 1, 1) * DAY_S &&
           seconds < days_from_date(10000, 1, 1) * DAY_S;
}

bool lm_period_of(int64_t instant_s, int64_t minutes, struct lm_period *period) {
    if (!length_valid(minutes) || !seconds_valid(instant_s))
        return false;
    int64_t length_s = minutes * 60;
    *period = (struct lm_period){.start_s = floor_divide(instant_s, length_s) * length_s,
                                 .minutes = (int32_t)minutes};
    return true;
}

bool lm_period_add(struct lm_period period, int64_t n, struct lm_period *result) {
    int64_t shift_s;
    int64_t start_s;
    if (__builtin_mul_overflow(n, (int64_t)period.minutes * 60, &shift_s) ||
        __builtin_add_overflow(period.start_s, shift_s, &start_s) || !seconds_valid(start_s))
        return false;
    *result = (struct lm_period){.start_s = start_s, .minutes = period.minutes};
    return true;
}

int64_t lm_period_end(struct lm_period period) {
    return period.start_s + (int64_t)period.minutes * 60;
}

int lm_period_compare(struct lm_period a, struct lm_period b) {
    if (a.start_s != b.start_s)
        return a.start_s < b.start_s ? -1 : 1;
    return (a.minutes > b.minutes) - (a.minutes < b.minutes);
}

void lm_period_key(struct lm_period period, int64_t key[2]) {
    key[0] = period.start_s;
    key[1] = period.minutes;
}

bool lm_validity_parse(const char *text, size_t size, struct lm_validity *validity) {
    return size == 2 * MINUTE_SIZE + 1 && text[MINUTE_SIZE] == '/' &&
           parse_minute(text, &validity->start_s) &&
           parse_minute(text + MINUTE_SIZE + 1, &validity->end_s) &&
           validity->start_s < validity->end_s;
}

size_t lm_validity_format(struct lm_validity validity, char text[LM_TIME_SIZE]) {
    char *at = put_minute(text, validity.start_s);
    *at++ = '/';
    at = put_minute(at, validity.end_s);
    *at = '\0';
    return (size_t)(at - text);
}

bool lm_validity_holds(struct lm_validity validity, int64_t instant_s) {
    return validity.start_s <= instant_s && instant_s < validity.end_s;
}

bool lm_validity_overlap(struct lm_validity a, struct lm_validity b) {
    return a.start_s < b.end_s && b.start_s < a.end_s;
}

struct lm_validity lm_validity_common(struct lm_validity a, struct lm_validity b) {
    return (struct lm_validity){a.start_s > b.start_s ? a.start_s : b.start_s,
                                a.end_s < b.end_s ? a.end_s : b.end_s};
}

bool lm_duration_parse(const char *text, size_t size, int64_t *seconds) {
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    int64_t count = 0;
    if (size < 2 || size > 13)
        return false;
    for (size_t i = 0; i + 1 < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        count = 10 * count + (text[i] - '0'); /* 12 digits fit */
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (text[size - 1] != units[i].letter)
            continue;
        *seconds = count * units[i].seconds;
        return *seconds > 0 && *seconds <= (int64_t)9999 * 366 * 86400;
    }
    return false;
}

bool lm_month_parse(const char *text, size_t size, struct lm_month *month) {
    struct lm_civil civil;
    if (!parse_pattern(text, size, "YYYY-MM", &civil))
        return false;
    *month = (struct lm_month){.year = civil.year, .month = civil.month};
    return true;
}

size_t lm_month_format(struct lm_month month, char text[LM_TIME_SIZE]) {
    char *at = put_digits(text, month.year, 4);
    *at++ = '-';
    at = put_digits(at, month.month, 2);
    *at = '\0';
    return (size_t)(at - text);
}

int lm_month_compare(struct lm_month a, struct lm_month b) {
    if (a.year != b.year)
        return a.year < b.year ? -1 : 1;
    return (a.month > b.month) - (a.month < b.month);
}

int64_t lm_month_end(struct lm_month month) {
    const struct lm_civil next = {
        .year = month.year + month.month / 12, .month = month.month % 12 + 1, .day = 1};
    return lm_civil_to_seconds(&next);
}
