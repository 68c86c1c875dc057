/*
 * lm-verify: what its main hands to the work on batches.
 */
#ifndef LM_CMD_LM_VERIFY_VERIFY_H
#define LM_CMD_LM_VERIFY_VERIFY_H

#include "cmd/run.h"
#include "lib/base/repeats.h"
#include "lib/market/admission.h"
#include "lib/market/alarm.h"

struct lm_verify_task {
    struct lm_run *run;
    struct lm_admission *admission;
    struct lm_alarm *alarm;
    struct lm_repeats *repeats;
};

/* Works on all of the input: repeats are dropped, what is cheap is looked at first, then the
 * signatures, and the alarm sees every line. Does not return where something fails that is no
 * line's. */
void lm_verify_work(const struct lm_verify_task *task) LM_NONNULL;

#endif
