/*
 * Growing arrays.
 */
#ifndef LM_BASE_ARRAY_H
#define LM_BASE_ARRAY_H

#include <stddef.h>

#include "lib/base/error.h"

/* Makes room for one more item in an array of COUNT items of SIZE bytes, and sets *room to what
 * fits now. Returns the array, which may have moved, or NULL with *error: then the old one stays
 * as it is. */
void *lm_array_room(void *array, size_t *room, size_t count, size_t size, struct lm_error *error)
    LM_NONNULL_AT(2, 5) LM_MUST_CHECK;

#endif
