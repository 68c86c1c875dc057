/*
 * Which of several records of one name counts at an instant (identities of an id, tariffs, fees,
 * contracts, market-rules): of those that are valid then the one whose valid.start is latest.
 * Where different ones begin together none does, and no earlier one takes their place. The same
 * content twice is one record.
 *
 * Nothing is changed after the fact: where a record stands in a log, it takes the place of none
 * that was known at the instant, unless it was logged by then itself. Where none was known yet, the
 * first that was logged counts.
 */
#ifndef LM_RECORD_LATEST_H
#define LM_RECORD_LATEST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/record/record.h"

/* Since when a record is known: its entry's instant, or one of these. */
#define LM_KNOWN_ALWAYS INT64_MIN /* it came bare, and nothing says when */
#define LM_KNOWN_NEVER  INT64_MAX /* it is in no log, where there is one that should hold it */

/* All zero before the first record is considered. */
struct lm_latest {
    const void *record; /* what counts, or one of those that contradict each other; NULL for none */
    bool ambiguous;
    int64_t start_s;
    int64_t known_s;
    const uint8_t *content;
};

/* Considers a record, in any order: RECORD is the caller's, CONTENT the digest of what it says,
 * which must stay until the last is considered. */
void lm_latest_consider(struct lm_latest *latest, const void *record, struct lm_validity valid,
                        int64_t known_s, const uint8_t content[32], int64_t instant_s) LM_NONNULL;

/* After the last: whether a record is what counts, or one of those that contradict each other. */
bool lm_latest_is(const struct lm_latest *latest, struct lm_validity valid, int64_t known_s,
                  int64_t instant_s) LM_NONNULL LM_MUST_CHECK;

/* Since when a record is known, by itself: LM_KNOWN_ALWAYS without an entry around it. */
int64_t lm_known_since(const struct lm_record *record) LM_NONNULL LM_MUST_CHECK;

/* The two of one content are one record: a bare copy says nothing about when it came. */
int64_t lm_known_together(int64_t a_s, int64_t b_s) LM_MUST_CHECK;

#endif
