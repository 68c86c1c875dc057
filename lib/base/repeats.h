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
    LM_REPEAT_ACCEPTED, /* seen, and not marked otherwise since */
    LM_REPEAT_REFUSED,  /* seen, and refused */
    LM_REPEAT_DEFERRED, /* seen, and refused for a reason that passes with time */
};

struct lm_repeats;

/* NULL without memory. */
struct lm_repeats *lm_repeats_new(void) LM_MUST_CHECK;
void lm_repeats_free(struct lm_repeats *repeats);

/* Looks a line up and remembers it. *place names it to the other two until LM_REPEATS_WINDOW more
 * lines have come. */
enum lm_repeat lm_repeats_see(struct lm_repeats *repeats, const void *bytes, size_t size,
                              size_t *place) LM_NONNULL;
/* What the line at a place is marked as: never LM_REPEAT_NEW. */
enum lm_repeat lm_repeats_mark_of(const struct lm_repeats *repeats, size_t place) LM_NONNULL;
/* Marks a line. */
void lm_repeats_mark(struct lm_repeats *repeats, size_t place, enum lm_repeat mark) LM_NONNULL;

#endif
