/*
 * Where findings go: each is put together, cleaned of what no record may hold, counted and handed
 * on.
 *
 * A place names the log, or the file, and the entry. Its `line` is one more than the number that
 * the finding shows (an entry's n, which begins at 0, or the line of a bare record), so that 0 can
 * mean nowhere.
 */
#ifndef LM_EVIDENCE_FINDINGS_H
#define LM_EVIDENCE_FINDINGS_H

#include <stdbool.h>

#include "lib/base/lines.h"
#include "lib/evidence/codes.h"

struct lm_findings {
    int (*tell)(void *context, const struct lm_finding *finding, struct lm_error *error);
    void *context;
    uint64_t count;
    struct lm_buffer text; /* scratch */
    struct lm_buffer name;
};

void lm_findings_free(struct lm_findings *findings) LM_NONNULL;

/* Tells that CODE holds of the COUNT records at PLACES (those that are nowhere are left out).
 * PARTY is who is at fault, NULL where that is not proven. TEXT may hold anything. */
int lm_findings_tell(struct lm_findings *findings, const char *code, const char *party,
                     const struct lm_place *places, size_t count, const char *text,
                     struct lm_error *error) LM_NONNULL_AT(1, 2, 6, 7) LM_MUST_CHECK;

/* The same for one place and a reason, with its detail. */
int lm_findings_refuse(struct lm_findings *findings, const struct lm_error *why, const char *party,
                       const struct lm_place *place, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4, 5) LM_MUST_CHECK;

#endif
