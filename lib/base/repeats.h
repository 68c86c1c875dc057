/*
 * A window of the last lines seen, by keyed digest: byte-identical repeats are told in constant
 * memory before anything dear is done with them.
 */
#ifndef LM_BASE_REPEATS_H
#define LM_BASE_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attributes.h"

/* So many lines are remembered. */
#define LM_REPEATS_WINDOW ((size_t)1 << 20)

enum lm_repeat {
    LM_REPEAT_NEW,      /* not in the window; it is now */
    LM_REPEAT_ACCEPTED, /* seen, and not marked as refused since */
    LM_REPEAT_REFUSED,  /* seen, and refused */
};

struct lm_repeats;

/* NULL without memory. */
struct lm_repeats *lm_repeats_new(void) LM_MUST_CHECK;
void lm_repeats_free(struct lm_repeats *repeats);

/* Looks a line up and remembers it. *place names it to lm_repeats_refuse until LM_REPEATS_WINDOW
 * more lines have come. */
enum lm_repeat lm_repeats_see(struct lm_repeats *repeats, const void *bytes, size_t size,
                              size_t *place) LM_NONNULL;
/* Whether the line at a place was refused. */
bool lm_repeats_refused(const struct lm_repeats *repeats, size_t place) LM_NONNULL;
/* Marks a line as refused. */
void lm_repeats_refuse(struct lm_repeats *repeats, size_t place) LM_NONNULL;

#endif
