/*
 * What --period takes in every program: a period as records spell it, or its place relative to
 * the present instant.
 */
#ifndef LM_BASE_PERIOD_ARGUMENT_H
#define LM_BASE_PERIOD_ARGUMENT_H

#include "lib/base/error.h"
#include "lib/base/period.h"

/* The length where neither market rules nor an option say another, in minutes. */
#define LM_PERIOD_MINUTES_DEFAULT 30

/*
 * Reads TEXT into *period:
 *   2016-04-01T12:00Z/PT30M   that period, whatever NOW_S and MINUTES are
 *   now                       the period that holds NOW_S
 *   next, next+N              the one after it, and the one N later still (N from 0)
 * NOW_S is seconds since 1970, MINUTES the length of a period for the words.
 * -1 with reason LM_USAGE where TEXT is none of these, MINUTES does not divide a day, or the
 * period would lie beyond the years 1 to 9999.
 */
int lm_period_argument(const char *text, int64_t now_s, int64_t minutes, struct lm_period *period,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
