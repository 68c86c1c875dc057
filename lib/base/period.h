/*
 * Points and stretches of time as records spell them: instants, settlement periods, validities,
 * months. Everything is UTC; local time is lib/base/zone.h's.
 */
#ifndef LM_BASE_PERIOD_H
#define LM_BASE_PERIOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attributes.h"

/* Room for the longest of the spellings below and its NUL. */
#define LM_TIME_SIZE 48

/* A calendar date and time of day, in whatever zone the context says. */
struct lm_civil {
    int year;   /* 1 to 9999 */
    int month;  /* 1 to 12 */
    int day;    /* 1 to 31 */
    int hour;   /* 0 to 23 */
    int minute; /* 0 to 59 */
    int second; /* 0 to 59 */
};

/* A settlement period, half-open: it starts at start_s (seconds since 1970-01-01T00:00:00Z) and
 * lasts `minutes`, which divides 1440 and of which the start is a multiple since midnight UTC.
 * minutes is 0 where a record has no period. */
struct lm_period {
    int64_t start_s;
    int32_t minutes;
};

/* A half-open stretch of time, to the minute. Both 0 where a record has none. */
struct lm_validity {
    int64_t start_s;
    int64_t end_s;
};

/* A calendar month. month is 0 where a record has none. */
struct lm_month {
    int32_t year;
    int32_t month;
};

/* Seconds since 1970-01-01T00:00:00 of a date and time of the same zone (proleptic Gregorian). */
int64_t lm_civil_to_seconds(const struct lm_civil *civil) LM_NONNULL;
/* The reverse. The seconds must lie in the years 1 to 9999. */
struct lm_civil lm_civil_from_seconds(int64_t seconds);
/* True where the members name a real date and time of the years 1 to 9999. */
bool lm_civil_valid(const struct lm_civil *civil) LM_NONNULL;
/* 0 for Sunday to 6 for Saturday. */
int lm_weekday(int64_t seconds);

/* "2016-04-01T11:40:00Z" */
bool lm_instant_parse(const char *text, size_t size, int64_t *instant_s) LM_NONNULL LM_MUST_CHECK;
size_t lm_instant_format(int64_t instant_s, char text[LM_TIME_SIZE]) LM_NONNULL;

/* "2016-04-01T12:00Z/PT30M", that spelling only. */
bool lm_period_parse(const char *text, size_t size,
                     struct lm_period *period) LM_NONNULL LM_MUST_CHECK;
size_t lm_period_format(struct lm_period period, char text[LM_TIME_SIZE]) LM_NONNULL;
/* The period of that length which holds the instant. False where minutes does not divide 1440 or
 * is not positive. */
bool lm_period_of(int64_t instant_s, int64_t minutes,
                  struct lm_period *period) LM_NONNULL LM_MUST_CHECK;
/* The period n lengths later (earlier for n < 0). False beyond the years 1 to 9999. */
bool lm_period_add(struct lm_period period, int64_t n,
                   struct lm_period *result) LM_NONNULL LM_MUST_CHECK;
int64_t lm_period_end(struct lm_period period);
/* By start, then by length: negative, 0 or positive. */
int lm_period_compare(struct lm_period a, struct lm_period b);
/* A period as bytes that are equal where it is, for tables: its padding has no fixed ones. */
void lm_period_key(struct lm_period period, int64_t key[2]) LM_NONNULL;

/* "2016-01-01T00:00Z/2017-01-01T00:00Z", the end after the start. */
bool lm_validity_parse(const char *text, size_t size,
                       struct lm_validity *validity) LM_NONNULL LM_MUST_CHECK;
size_t lm_validity_format(struct lm_validity validity, char text[LM_TIME_SIZE]) LM_NONNULL;
bool lm_validity_holds(struct lm_validity validity, int64_t instant_s);
/* Whether some instant lies in both. */
bool lm_validity_overlap(struct lm_validity a, struct lm_validity b) LM_MUST_CHECK;
/* The instants that do; the end is not after the start where there are none. */
struct lm_validity lm_validity_common(struct lm_validity a, struct lm_validity b) LM_MUST_CHECK;

/* "90s", "15m", "12h" or "7d", in seconds; above 0 and at most 9999 years. */
bool lm_duration_parse(const char *text, size_t size, int64_t *seconds) LM_NONNULL LM_MUST_CHECK;

/* "2016-04" */
bool lm_month_parse(const char *text, size_t size, struct lm_month *month) LM_NONNULL LM_MUST_CHECK;
size_t lm_month_format(struct lm_month month, char text[LM_TIME_SIZE]) LM_NONNULL;
int lm_month_compare(struct lm_month a, struct lm_month b);
/* When the next one begins, in UTC. */
int64_t lm_month_end(struct lm_month month);

#endif
