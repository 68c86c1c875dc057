/*
 * A set of settlement periods.
 */
#ifndef LM_EVIDENCE_PERIOD_SET_H
#define LM_EVIDENCE_PERIOD_SET_H

#include "lib/base/names.h"
#include "lib/base/period.h"

struct lm_period_set {
    struct lm_names names;
};

void lm_period_set_start(struct lm_period_set *set) LM_NONNULL;
void lm_period_set_free(struct lm_period_set *set) LM_NONNULL;
int lm_period_set_add(struct lm_period_set *set, struct lm_period period,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
bool lm_period_set_has(const struct lm_period_set *set,
                       struct lm_period period) LM_NONNULL LM_MUST_CHECK;
/* When they start, ascending, into an array that the caller frees; those that start together are
 * there once each. */
int lm_period_set_starts(const struct lm_period_set *set, int64_t **starts_s,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
