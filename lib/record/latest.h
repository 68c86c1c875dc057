/*
 * Which of several records of one name counts at an instant (identities of an id, tariffs, fees,
 * contracts, market-rules): of those that are valid then the one whose valid.start is latest.
 * Where different ones begin together none does, and no earlier one takes their place. The same
 * content twice is one record.
 */
#ifndef LM_RECORD_LATEST_H
#define LM_RECORD_LATEST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/period.h"

/* All zero before the first record is considered. */
struct lm_latest {
    const void *record; /* what counts, or one of those that contradict each other; NULL for none */
    bool ambiguous;
    int64_t start_s;
    const uint8_t *content;
};

/* Considers a record, in any order: RECORD is the caller's, CONTENT the digest of what it says,
 * which must stay until the last is considered. */
void lm_latest_consider(struct lm_latest *latest, const void *record, struct lm_validity valid,
                        const uint8_t content[32], int64_t instant_s) LM_NONNULL;

#endif
