/*
 * Arrays that grow, and sorted ones that are searched.
 */
#ifndef LM_BASE_ARRAY_H
#define LM_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

/* Makes room for one more item in an array of COUNT items of SIZE bytes, and sets *room to what
 * fits now. Returns the array, which may have moved, or NULL with *error: then the old one stays
 * as it is. */
void *lm_array_room(void *array, size_t *room, size_t count, size_t size, struct lm_error *error)
    LM_NONNULL_AT(2, 5) LM_MUST_CHECK;

/* Where the rows begin that are not before KEY, of COUNT rows of SIZE bytes; COUNT where all are.
 * IS_BEFORE has to be true of the first ones of the array alone. */
size_t lm_array_lower_bound(const void *array, size_t count, size_t size, const void *key,
                            bool (*is_before)(const void *row, const void *key))
    LM_NONNULL_AT(4, 5) LM_MUST_CHECK;

#endif
