/*
 * Readings as an audit sees them: one a meter and period, of energy that a meter can carry, not
 * from the future; and the totals that a network operator made of them.
 */
#ifndef LM_EVIDENCE_READINGS_H
#define LM_EVIDENCE_READINGS_H

#include "lib/base/names.h"
#include "lib/evidence/findings.h"
#include "lib/registry/registry.h"

struct lm_readings_row;
struct lm_totals_row;

struct lm_readings {
    const struct lm_registry *registry; /* sealed before the first total is judged */
    int64_t power_max_w;
    struct lm_names texts;  /* ids */
    struct lm_names names;  /* (meter, period, seq); a number is the place in rows */
    struct lm_names meters; /* all that an identity was seen of */
    struct lm_readings_row *rows;
    size_t room;
    struct lm_totals_row *totals;
    size_t total_count;
    size_t total_room;
    struct lm_buffer scratch;
};

void lm_readings_start(struct lm_readings *readings, const struct lm_registry *registry,
                       int64_t power_max_w) LM_NONNULL;
void lm_readings_free(struct lm_readings *readings) LM_NONNULL;

/* Notes that there is a meter of that id; whether its identity counts is asked later. */
int lm_readings_meter(struct lm_readings *readings, const char *id,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Adds a reading, and tells of one that no meter can have measured; KEEPER answers for the log
 * that took it in, LATE where the period was settled before. The place's source must outlive
 * the readings. */
int lm_readings_add(struct lm_readings *readings, const struct lm_record *record, bool late,
                    const struct lm_place *place, const char *keeper, struct lm_findings *findings,
                    struct lm_error *error) LM_NONNULL_AT(1, 2, 4, 6, 7) LM_MUST_CHECK;
/* Notes what a meter has signed that counts for nothing, as it is outside of the log that it is
 * for: it only shows that the meter has signed two things. */
int lm_readings_see(struct lm_readings *readings, const struct lm_record *record,
                    const struct lm_place *place, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Adds a total that OPERATOR has signed. */
int lm_readings_total(struct lm_readings *readings, const struct lm_record *record,
                      const char *operator, const struct lm_place * place,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * Tells of meters that signed two different readings of one period and seq, or readings of periods
 * that overlap, then of totals that are not the sum of the readings. Where readings are missing
 * here, or came in the place of earlier ones, a total is only held against the others: it must not
 * be less, nor of fewer meters, nor of more than the region has. With BLAME false, as readings may
 * have been held back, nobody is named for a total.
 */
int lm_readings_finish(struct lm_readings *readings, bool blame, struct lm_findings *findings,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
