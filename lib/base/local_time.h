/*
 * Instants as other people's files spell them: in UTC, with an offset, or in local time.
 */
#ifndef LM_BASE_LOCAL_TIME_H
#define LM_BASE_LOCAL_TIME_H

#include "lib/base/error.h"
#include "lib/base/period.h"

/*
 * Reads "2016-04-01T14:00:00+02:00", "2016-04-01T12:00Z" or "2016-04-01 14:00": a date, "T" or a
 * space, a time with or without seconds, then "Z", an offset from UTC, or neither. A time with
 * neither is local time in ZONE, a zone that the machine knows, or NULL.
 * -1 with LM_BAD_MEMBER where TEXT is no such time or beyond the years 1 to 9999; with
 * LM_LOCAL_TIME where it is local and ZONE is NULL, skips it or has it twice.
 * As lib/base/zone.h, not for use by several threads.
 */
int lm_local_time_parse(const char *text, const char *zone, int64_t *instant_s,
                        struct lm_error *error) LM_NONNULL_AT(1, 3, 4) LM_MUST_CHECK;

/*
 * The instant of a local time that says itself whether it is summer time, as P1 telegrams do:
 * summer time is whichever of the zone's offsets of that year is further ahead of UTC.
 * -1 with LM_LOCAL_TIME where the zone skips it, or contradicts what it says.
 */
int lm_local_time_instant(const struct lm_civil *local, bool summer, const char *zone,
                          int64_t *instant_s, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
