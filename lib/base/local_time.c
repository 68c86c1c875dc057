#include "lib/base/local_time.h"

#include <string.h>

#include "lib/base/zone.h"

static bool read_number(const char **text, int count, int *value) {
    *value = 0;
    for (int i = 0; i < count; i++, ++*text) {
        if (**text < '0' || **text > '9')
            return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

static bool read_character(const char **text, const char *allowed) {
    if (**text == '\0' || !strchr(allowed, **text))
        return false;
    ++*text;
    return true;
}

static bool read_civil(const char **text, struct lm_civil *civil) {
    *civil = (struct lm_civil){0};
    if (!read_number(text, 4, &civil->year) || !read_character(text, "-") ||
        !read_number(text, 2, &civil->month) || !read_character(text, "-") ||
        !read_number(text, 2, &civil->day) || !read_character(text, "T ") ||
        !read_number(text, 2, &civil->hour) || !read_character(text, ":") ||
        !read_number(text, 2, &civil->minute))
        return false;
    if (read_character(text, ":") && !read_number(text, 2, &civil->second))
        return false;
    return lm_civil_valid(civil);
}

/* "Z", "+02:00" or "-0530": seconds ahead of UTC. */
static bool read_offset(const char **text, int64_t *offset_s) {
    int hours;
    int minutes;
    *offset_s = 0;
    if (read_character(text, "Z"))
        return **text == '\0';
    bool behind = **text == '-';
    if (!read_character(text, "+-") || !read_number(text, 2, &hours))
        return false;
    (void)read_character(text, ":");
    if (!read_number(text, 2, &minutes) || **text != '\0' || hours > 23 || minutes > 59)
        return false;
    *offset_s = (hours * 60 + minutes) * (behind ? -60 : 60);
    return true;
}

static int read_local(const char *text, const struct lm_civil *civil, const char *zone,
                      int64_t *instant_s, struct lm_error *error) {
    int64_t instants_s[2];
    if (!zone) {
        lm_fail(error, LM_LOCAL_TIME, "%s has no offset from UTC", text);
        return lm_hint(error, "add Z or an offset like +02:00, or give --zone");
    }
    int count = lm_zone_instants(zone, civil, instants_s);
    if (count < 0)
        return lm_zone_fail(zone, error);
    if (count == 0)
        lm_fail(error, LM_LOCAL_TIME, "%s does not exist in %s: clocks went forward", text, zone);
    else if (count == 2)
        lm_fail(error, LM_LOCAL_TIME, "%s is there twice in %s: clocks went back", text, zone);
    if (count != 1)
        return lm_hint(error, "write this time with its offset, like +02:00");
    *instant_s = instants_s[0];
    return 0;
}

int lm_local_time_parse(const char *text, const char *zone, int64_t *instant_s,
                        struct lm_error *error) {
    struct lm_civil civil;
    struct lm_period minute;
    int64_t offset_s = 0;
    const char *at = text;
    bool civil_read = read_civil(&at, &civil);
    bool local = *at == '\0';
    if (!civil_read || (!local && !read_offset(&at, &offset_s))) {
        lm_fail(error, LM_BAD_MEMBER, "'%s' is not a time", text);
        return lm_hint(error, "write it like 2016-04-01T14:00:00+02:00");
    }
    if (local) {
        if (read_local(text, &civil, zone, instant_s, error) < 0)
            return -1;
    } else {
        *instant_s = lm_civil_to_seconds(&civil) - offset_s;
    }
    if (!lm_period_of(*instant_s, 1, &minute))
        return lm_fail(error, LM_BAD_MEMBER, "'%s' is beyond the years 1 to 9999", text);
    return 0;
}

static bool offset_at(const char *zone, int64_t instant_s, int64_t *offset_s) {
    struct lm_civil local;
    if (!lm_zone_local(zone, instant_s, &local))
        return false;
    *offset_s = lm_civil_to_seconds(&local) - instant_s;
    return true;
}

/* The zone's two offsets of a year, which are one where it knows no summer time. */
static bool offsets_of(const char *zone, int year, int64_t *winter_s, int64_t *summer_s) {
    const struct lm_civil january = {.year = year, .month = 1, .day = 1};
    const struct lm_civil july = {.year = year, .month = 7, .day = 1};
    int64_t a;
    int64_t b;
    if (!offset_at(zone, lm_civil_to_seconds(&january), &a) ||
        !offset_at(zone, lm_civil_to_seconds(&july), &b))
        return false;
    *winter_s = a < b ? a : b;
    *summer_s = a < b ? b : a;
    return true;
}

int lm_local_time_instant(const struct lm_civil *local, bool summer, const char *zone,
                          int64_t *instant_s, struct lm_error *error) {
    int64_t winter_s;
    int64_t summer_s;
    int64_t really_s;
    if (!offsets_of(zone, local->year, &winter_s, &summer_s))
        return lm_zone_fail(zone, error);
    int64_t said_s = summer ? summer_s : winter_s;
    *instant_s = lm_civil_to_seconds(local) - said_s;
    /* Where the zone has no summer time, a claim of it is as wrong as on a winter's day. */
    bool impossible = summer && summer_s == winter_s;
    if (impossible || !offset_at(zone, *instant_s, &really_s) || really_s != said_s)
        return lm_fail(error, LM_LOCAL_TIME, "%04d-%02d-%02d %02d:%02d:%02d is not %s time in %s",
                       local->year, local->month, local->day, local->hour, local->minute,
                       local->second, summer ? "summer" : "winter", zone);
    return 0;
}
