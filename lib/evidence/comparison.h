/*
 * What was issued beside what should have been: records of one name, matched and compared by the
 * SHA-256 of the bytes that their signatures cover.
 */
#ifndef LM_EVIDENCE_COMPARISON_H
#define LM_EVIDENCE_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/record/types.h"

enum lm_difference {
    LM_DIFFERENCE_DIFFERS,   /* issued, but not as it should have been */
    LM_DIFFERENCE_MISSING,   /* should have been issued and was not */
    LM_DIFFERENCE_UNFOUNDED, /* issued, and nothing calls for it */
    LM_DIFFERENCE_REPEATED,  /* issued twice with different content */
};

/* One difference. Texts are the comparison's. */
struct lm_discrepancy {
    enum lm_difference difference;
    enum lm_type type;
    const char *party; /* who answers for the record */
    const char *name;  /* the record's name, for people */
    size_t origins[2]; /* the caller's numbers of the records concerned */
    size_t origin_count;
};

struct lm_comparison;

struct lm_comparison *lm_comparison_new(void) LM_MUST_CHECK;
void lm_comparison_free(struct lm_comparison *comparison);

/*
 * Adds a record: its TYPE, its NAME (what tells it from the others of its type: market, period,
 * party…), PARTY (who answers for it), its payload (the canonical form without sig). ORIGIN is
 * the caller's number of an issued record; an expected one has none. Copies what it is given.
 */
int lm_comparison_issued(struct lm_comparison *comparison, enum lm_type type, const char *name,
                         const char *party, const char *payload, size_t size, size_t origin,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* With OPTIONAL, the record may as well be missing (trades of no energy). */
int lm_comparison_expected(struct lm_comparison *comparison, enum lm_type type, const char *name,
                           const char *party, const char *payload, size_t size, bool optional,
                           struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Calls EACH for every difference, by type, name and content. A repeat of the same content is none;
 * where several contents were issued, the expected one is the first of origins, if it is there. */
int lm_comparison_finish(struct lm_comparison *comparison,
                         int (*each)(void *context, const struct lm_discrepancy *discrepancy,
                                     struct lm_error *error),
                         void *context, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4) LM_MUST_CHECK;

#endif
