/*
 * Which of the records of a name counts, at every instant at once: what lib/record/latest.h says of
 * one instant, for whoever asks about many. However many records a name has, a lookup is a binary
 * search.
 */
#ifndef LM_RECORD_TIMELINE_H
#define LM_RECORD_TIMELINE_H

#include "lib/record/record.h"

struct lm_timeline_row {
    struct lm_validity valid;
    int64_t known_s;        /* see lib/record/latest.h; those of one content are known together */
    const uint8_t *content; /* the digest of what it says, 32 bytes */
    uint32_t name;
};

struct lm_timeline;

/* No row counts. */
#define LM_TIMELINE_NONE UINT32_MAX

/* The timeline of COUNT rows, below UINT32_MAX, in the order of their names, which are below
 * NAME_COUNT, those of one content one after the other. NULL with *error. */
struct lm_timeline *lm_timeline_new(const struct lm_timeline_row *rows, size_t count,
                                    size_t name_count, struct lm_error *error)
    LM_NONNULL_AT(4) LM_MUST_CHECK;
void lm_timeline_free(struct lm_timeline *timeline);

/* The place in the rows of what counts for a name at an instant, or of one of those that contradict
 * each other then, which *ambiguous tells and the timeline remembers; LM_TIMELINE_NONE. */
uint32_t lm_timeline_find(struct lm_timeline *timeline, uint32_t name, int64_t instant_s,
                          bool *ambiguous) LM_NONNULL LM_MUST_CHECK;

/* Once nothing more is looked up: tells of each row, in MET, whether it was in a contradiction that
 * a lookup met. */
int lm_timeline_met(const struct lm_timeline *timeline, bool *met,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
