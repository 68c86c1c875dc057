/*
 * From a meter's registers, which only ever count up, to what flowed in each settlement period.
 *
 * A period's energy is the difference of the registers at its two ends. Where a sample stands
 * exactly there, that is measured. Where the end lies between two samples, the register there is
 * interpolated on the straight line between them, rounded down to a whole Wh, and the reading is
 * estimated. A register at a boundary is computed once and used by both periods beside it, so the
 * readings between two exact boundaries always sum to the difference of the registers.
 *
 * Nothing is made up. No reading is written for a period
 * - of which an end lies before the first or after the last sample,
 * - of which an end would be interpolated over more than max_gap_s,
 * - between whose ends the registers ran backwards: a meter that was replaced or reset. The sample
 *   that shows it is refused, and the next one starts anew.
 * A sample older than the one before it is refused and changes nothing.
 *
 *     struct lm_registers registers = {.period_minutes = 30, .max_gap_s = 86400};
 *     while (... a sample ...)
 *         if (lm_registers_add(&registers, &sample, &error) == 0)
 *             while (lm_registers_next(&registers, &interval))
 *                 ...
 */
#ifndef LM_METER_REGISTERS_H
#define LM_METER_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/base/period.h"

/* The registers at an instant: all that ever flowed out of the grid and into it. */
struct lm_sample {
    int64_t at_s;
    int64_t import_wh; /* 0 to 2^53-1 */
    int64_t export_wh;
};

/* What flowed in a period. */
struct lm_interval {
    struct lm_period period;
    int64_t import_wh;
    int64_t export_wh;
    bool estimated;
};

struct lm_registers {
    /* Set by the caller; the rest zero. */
    int64_t period_minutes; /* divides 1440 */
    int64_t max_gap_s;
    /* The module's own. */
    bool started;             /* earlier and later are there */
    bool broken;              /* no difference may be taken over later */
    struct lm_sample earlier; /* boundaries after this sample, */
    struct lm_sample later;   /* up to this one, are being computed */
    int64_t boundary_s;       /* the next of them */
    bool known;               /* the registers at the boundary before it are: */
    bool estimated;           /* interpolated */
    struct lm_sample boundary;
};

/*
 * Takes the next sample. All readings of the one before must have been fetched. The exact repeat
 * of a sample is taken once. -1 with LM_BACKWARDS where the clock or a register runs backwards, or
 * where one instant has two values. Returns 1 where the gap before the sample leaves a period
 * without a reading.
 */
int lm_registers_add(struct lm_registers *registers, const struct lm_sample *sample,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The next interval that the samples so far tell, by time. False where there is none. */
bool lm_registers_next(struct lm_registers *registers,
                       struct lm_interval *interval) LM_NONNULL LM_MUST_CHECK;

#endif
