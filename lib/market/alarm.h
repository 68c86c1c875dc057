/*
 * When an operator should look: a signer at its quota that goes on, bad signatures in somebody's
 * name, a stream that is mostly junk. Each is told once, and again whenever its count has grown
 * tenfold, so that a flood makes a handful of alerts.
 */
#ifndef LM_MARKET_ALARM_H
#define LM_MARKET_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/record/types.h"

/* The kinds of alerts. The words are what stands in the records. */
#define LM_ALARM_QUOTA     "quota"         /* the refusals of one entity, market and period */
#define LM_ALARM_SIGNATURE "bad_signature" /* those in one entity's name, from ten on */
#define LM_ALARM_JUNK      "junk"          /* the rejected lines since most of the stream are */

/* Junk is looked for in so many lines at a time. */
#define LM_ALARM_WINDOW 1000

/* What became of a line. */
struct lm_alarm_line {
    bool rejected;
    enum lm_reason reason;
    const char *from; /* in whose name it came; NULL where that is not known */
    uint32_t number;  /* of from, below the alarm's ids */
    uint64_t refused; /* for LM_QUOTA: the how many of its entity, market and period that was */
};

struct lm_alarm;

/* Told of an alert, whose program is still to be filled in. Returns 0, or -1 with *error. */
typedef int lm_alarm_tell(void *context, struct lm_alert *alert, struct lm_error *error);

/* An alarm for entities with numbers below IDS: memory is as much as these need. NULL with
 * *error. */
struct lm_alarm *lm_alarm_new(size_t ids, lm_alarm_tell *tell, void *context,
                              struct lm_error *error) LM_NONNULL_AT(2, 4) LM_MUST_CHECK;
void lm_alarm_free(struct lm_alarm *alarm);

/* Notes the next line of the stream, at NOW_S. */
int lm_alarm_see(struct lm_alarm *alarm, const struct lm_alarm_line *line, int64_t now_s,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The end of the stream: what is left of the last window counts if it is a tenth of one. */
int lm_alarm_finish(struct lm_alarm *alarm, int64_t now_s,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
