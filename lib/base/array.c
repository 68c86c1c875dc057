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
