/*
 * What was issued beside what should have been: records of one name. What was issued is held
 * against what should have been by what it means, and against others of its name by all that was
 * signed.
 */
#ifndef LM_EVIDENCE_COMPARISON_H
#define LM_EVIDENCE_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buffer.h"
#include "lib/base/lines.h"
#include "lib/evidence/codes.h"

/* What names a record: its type, what tells it from the others of its type (market, period,
 * party…), who answers for it, and when it is about. */
struct lm_issued_key {
    enum lm_type type;
    const char *name;
    const char *party;
    struct lm_period period; /* minutes 0 where it has none */
};

/* One difference. Texts are the comparison's. */
struct lm_discrepancy {
    enum lm_difference difference;
    struct lm_issued_key key;
    struct lm_place places[2]; /* of the records concerned */
    size_t place_count;
    enum lm_reason refused; /* of an unfounded one: why its order had to be refused, or LM_NONE */
    bool excused;           /* it is what the records that excuse would have it */
};

struct lm_comparison;

struct lm_comparison *lm_comparison_new(void) LM_MUST_CHECK;
void lm_comparison_free(struct lm_comparison *comparison);

/*
 * Adds a record by its key, its PAYLOAD (the canonical form without sig) and its MEANING, which is
 * that as lm_record_write has it: without members that are free to be added, and decimals in their
 * shortest form. PLACE is where an issued record stands; an expected one stands nowhere, and is
 * what it means. Who holds an issued one to its very bytes gives PAYLOAD for both. Copies what it
 * is given, but for the source's name.
 */
int lm_comparison_issued(struct lm_comparison *comparison, const struct lm_issued_key *key,
                         const struct lm_buffer *payload, const struct lm_buffer *meaning,
                         const struct lm_place *place,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* With OPTIONAL, the record may as well be missing (trades of no energy). */
int lm_comparison_expected(struct lm_comparison *comparison, const struct lm_issued_key *key,
                           const struct lm_buffer *meaning, bool optional,
                           struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* PARTY is said to have had reason to think other records due: with those that follow, and without
 * all that do not, nothing is wrong with her. */
int lm_comparison_excuse(struct lm_comparison *comparison, const char *party,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_comparison_excused(struct lm_comparison *comparison, const struct lm_issued_key *key,
                          const struct lm_buffer *meaning, bool optional,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Whoever issues a record of that name goes by something at PLACE that had to be refused. */
int lm_comparison_refused(struct lm_comparison *comparison, const struct lm_issued_key *key,
                          enum lm_reason reason, const struct lm_place *place,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Calls EACH for every difference, by type, name and content; more may be added then, and it be
 * called again. A repeat of the same content is none;
 * where several contents were issued, the expected one is the first of places, if it is there. Of
 * an unfounded one whose order was refused the order is the first. */
int lm_comparison_each(struct lm_comparison *comparison,
                       int (*each)(void *context, const struct lm_discrepancy *discrepancy,
                                   struct lm_error *error),
                       void *context, struct lm_error *error) LM_NONNULL_AT(1, 2, 4) LM_MUST_CHECK;

#endif
