/*
 * What suppliers adjusted of users' settlements, step by step: that all of it together comes to
 * what is due says nothing of the bills in between.
 *
 * An adjustment that leaves what a later one comes back to, though no meter of the user's has sent
 * another reading of the period, had no reason: until then the supplier had her money. And an
 * adjustment is for a bill that is still to come: of no month before its period, and of none after
 * the one that follows its entry in the supplier's log.
 */
#ifndef LM_EVIDENCE_ADJUSTMENTS_H
#define LM_EVIDENCE_ADJUSTMENTS_H

#include "lib/base/names.h"
#include "lib/evidence/findings.h"
#include "lib/record/record.h"

struct lm_adjustments_row;

struct lm_adjustments {
    struct lm_names texts;    /* suppliers; "user period supplier" */
    struct lm_names meters;   /* "meter period" with a reading */
    struct lm_names contents; /* "meter period" with what the readings say */
    struct lm_names changed;  /* "user period" of which a meter sent more than one reading */
    struct lm_adjustments_row *rows;
    size_t count;
    size_t room;
    struct lm_buffer scratch;
};

void lm_adjustments_start(struct lm_adjustments *adjustments) LM_NONNULL;
void lm_adjustments_free(struct lm_adjustments *adjustments) LM_NONNULL;

/* Adds a settlement or adjustment as its supplier signed it; others than of users are passed over.
 * KEEPER answers for the log that it stands in; NULL for none. The place's source must outlive the
 * adjustments. */
int lm_adjustments_add(struct lm_adjustments *adjustments, const struct lm_record *record,
                       const struct lm_place *place, const char *keeper, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 3, 5) LM_MUST_CHECK;
/* Notes a reading of a meter of USER's. */
int lm_adjustments_reading(struct lm_adjustments *adjustments, const struct lm_reading *reading,
                           const char *user, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* What is wrong with an adjustment. */
enum lm_adjustment_fault { LM_ADJUSTMENT_NO_REASON, LM_ADJUSTMENT_MONTH };

/* NAME says of whom, when and by whom it is; SUPPLIER is NULL where it does not stand in that one's
 * own log, so that readings may be missing. */
typedef int lm_adjustments_tell(void *context, enum lm_adjustment_fault fault, const char *supplier,
                                const char *name, const struct lm_place *place,
                                struct lm_error *error);

/* Calls TELL for each adjustment that is wrong. Stops where TELL fails. */
int lm_adjustments_judge(struct lm_adjustments *adjustments, lm_adjustments_tell *tell,
                         void *context, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4) LM_MUST_CHECK;

#endif
