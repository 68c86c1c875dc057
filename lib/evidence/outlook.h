/*
 * What the keeper of a log could know of network fees and market rules, and when: what her own log
 * holds, the markets' and the registrar's. By all the logs together it may have been otherwise.
 *
 *     lm_outlooks_start(&outlooks);
 *     while (... a fee or rules, signed as they should be ...)
 *         lm_outlooks_note(&outlooks, &record, &where, counts_s, &error);
 *     lm_outlooks_find(&outlooks, keeper, &outlook, &differs, &error);
 *     if (differs && lm_outlook_known(&outlook, input, line, &known_s)) ...
 *     lm_outlook_free(&outlook);
 *     lm_outlooks_free(&outlooks);
 *
 * Where her own log holds other terms than a market's or the registrar's that begin with them, she
 * goes by her own. What stands in no log counts where none that she sees holds any of its name.
 */
#ifndef LM_EVIDENCE_OUTLOOK_H
#define LM_EVIDENCE_OUTLOOK_H

#include "lib/base/names.h"
#include "lib/record/record.h"

struct lm_outlook_row;

struct lm_outlooks {
    struct lm_outlook_row *rows; /* as they were noted */
    size_t count;
    size_t room;
    size_t *order;         /* of the rows: by name, start, content */
    struct lm_names names; /* of the terms, and of keepers */
    struct lm_buffer scratch;
};

/* Where terms stand: KEEPER has signed that they are there, NULL for nobody. Inputs are noted in
 * ascending order, and their lines. */
struct lm_outlook_place {
    size_t input;
    uint64_t line;
    const char *keeper;
    bool all_see; /* the keeper is a market or the registrar */
};

void lm_outlooks_start(struct lm_outlooks *outlooks) LM_NONNULL;
void lm_outlooks_free(struct lm_outlooks *outlooks) LM_NONNULL;

/* Notes a network-fee or market-rules and since when it counts by all the logs together
 * (lib/record/latest.h); passes over other types. */
int lm_outlooks_note(struct lm_outlooks *outlooks, const struct lm_record *record,
                     const struct lm_outlook_place *place, int64_t counts_s,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

struct lm_outlook {
    const struct lm_outlooks *outlooks;
    int64_t *known_s; /* by row */
};

/* After the last: what a keeper could know. *differs says whether other terms may have counted for
 * her than by all the logs together; only then there is anything to free. */
int lm_outlooks_find(struct lm_outlooks *outlooks, const char *keeper, struct lm_outlook *outlook,
                     bool *differs, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_outlook_free(struct lm_outlook *outlook) LM_NONNULL;

/* Since when she knew what was noted at a place; false where she could not see it. */
bool lm_outlook_known(const struct lm_outlook *outlook, size_t input, uint64_t line,
                      int64_t *known_s) LM_NONNULL LM_MUST_CHECK;

#endif
