#include "lib/base/array.h"

#include <stdlib.h>

#include "lib/base/checked.h"

void *lm_array_room(void *array, size_t *room, size_t count, size_t size, struct lm_error *error) {
    if (count < *room)
        return array;
    size_t wanted = *room ? *room + *room / 2 + 1 : 16;
    size_t bytes;
    void *grown = lm_mul_size(wanted, size, &bytes) ? realloc(array, bytes) : NULL;
    if (!grown) {
        lm_fail_memory(error);
        return NULL;
    }
    *room = wanted;
    return grown;
}

size_t lm_array_lower_bound(const void *array, size_t count, size_t size, const void *key,
                            bool (*is_before)(const void *row, const void *key)) {
    const char *rows = array;
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(rows + middle * size, key))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
