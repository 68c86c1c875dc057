#include "lib/base/names.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct lm_name {
    size_t offset;
    size_t size;
    uint64_t hash;
};

_Static_assert(sizeof((struct lm_names *)0)->key == crypto_shorthash_KEYBYTES, "key size");

void lm_names_start(struct lm_names *names) {
    *names = (struct lm_names){0};
    /* The numbers do not depend on the key, so neither does any output. */
    randombytes_buf(names->key, sizeof names->key);
}

void lm_names_free(struct lm_names *names) {
    lm_buffer_free(&names->bytes);
    free(names->items);
    free(names->slots);
    *names = (struct lm_names){0};
}

/* Where a name of that hash is, or the free slot where it belongs. */
static size_t find_slot(const struct lm_names *names, const void *bytes, size_t size,
                        uint64_t hash) {
    size_t mask = names->slot_count - 1;
    size_t slot = (size_t)hash & mask;
    for (; names->slots[slot]; slot = (slot + 1) & mask) {
        const struct lm_name *name = &names->items[names->slots[slot] - 1];
        if (name->hash == hash && name->size == size &&
            memcmp(names->bytes.data + name->offset, bytes, size) == 0)
            break;
    }
    return slot;
}

static int grow_slots(struct lm_names *names, struct lm_error *error) {
    size_t slot_count = names->slot_count ? 2 * names->slot_count : 64;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (!slots)
        return lm_fail_memory(error);
    for (size_t i = 0; i < names->count; i++) {
        size_t slot = (size_t)names->items[i].hash & (slot_count - 1);
        while (slots[slot])
            slot = (slot + 1) & (slot_count - 1);
        slots[slot] = (uint32_t)i + 1;
    }
    free(names->slots);
    names->slots = slots;
    names->slot_count = slot_count;
    return 0;
}

static int make_room(struct lm_names *names, struct lm_error *error) {
    if (names->count + 1 >= UINT32_MAX)
        return lm_fail_memory(error);
    if (2 * (names->count + 1) > names->slot_count && grow_slots(names, error) < 0)
        return -1;
    if (names->count == names->room) {
        size_t room = names->room ? 2 * names->room : 32;
        struct lm_name *items = realloc(names->items, room * sizeof *items);
        if (!items)
            return lm_fail_memory(error);
        names->items = items;
        names->room = room;
    }
    return 0;
}

int lm_names_add(struct lm_names *names, const void *bytes, size_t size, uint32_t *number,
                 struct lm_error *error) {
    uint64_t hash;
    (void)crypto_shorthash((unsigned char *)&hash, bytes, size, names->key);
    if (make_room(names, error) < 0)
        return -1;
    size_t slot = find_slot(names, bytes, size, hash);
    if (!names->slots[slot]) {
        size_t offset = names->bytes.size;
        lm_buffer_bytes(&names->bytes, bytes, size);
        lm_buffer_byte(&names->bytes, '\0');
        if (!lm_buffer_ok(&names->bytes))
            return lm_fail_memory(error);
        names->items[names->count++] = (struct lm_name){offset, size, hash};
        names->slots[slot] = (uint32_t)names->count;
    }
    *number = names->slots[slot] - 1;
    return 0;
}

const char *lm_names_text(const struct lm_names *names, uint32_t number) {
    return names->bytes.data + names->items[number].offset;
}

/* The first eight bytes decide most comparisons without a look at the text. */
struct ranked {
    uint64_t prefix;
    const char *text;
    uint32_t number;
};

static int compare_ranked(const void *a, const void *b) {
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    return strcmp(x->text, y->text);
}

uint32_t *lm_names_ranks(const struct lm_names *names, struct lm_error *error) {
    struct ranked *sorted = calloc(names->count + 1, sizeof *sorted);
    uint32_t *ranks = calloc(names->count + 1, sizeof *ranks);
    if (!sorted || !ranks) {
        free(sorted);
        free(ranks);
        lm_fail_memory(error);
        return NULL;
    }
    for (size_t i = 0; i < names->count; i++) {
        const struct lm_name *name = &names->items[i];
        const char *text = names->bytes.data + name->offset;
        uint64_t prefix = 0;
        for (size_t k = 0; k < 8; k++)
            prefix = prefix << 8 | (k < name->size ? (unsigned char)text[k] : 0);
        sorted[i] = (struct ranked){prefix, text, (uint32_t)i};
    }
    qsort(sorted, names->count, sizeof *sorted, compare_ranked);
    for (size_t i = 0; i < names->count; i++)
        ranks[sorted[i].number] = (uint32_t)i;
    free(sorted);
    return ranks;
}
