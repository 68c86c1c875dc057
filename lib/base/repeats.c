#include "lib/base/repeats.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (2 * LM_REPEATS_WINDOW)

/* 128 bits under a secret key: nobody can make two lines that are taken for one. */
struct digest {
    uint64_t words[2];
};

struct lm_repeats {
    uint8_t key[crypto_generichash_KEYBYTES];
    size_t next; /* in digests, where the oldest is */
    size_t count;
    struct digest digests[LM_REPEATS_WINDOW]; /* a ring */
    uint8_t marks[LM_REPEATS_WINDOW];         /* enum lm_repeat */
    uint32_t slots[SLOTS];                    /* open addressing: place + 1, 0 where free */
};

struct lm_repeats *lm_repeats_new(void) {
    /* Pages that no line has reached yet cost nothing. */
    struct lm_repeats *repeats = calloc(1, sizeof *repeats);
    if (repeats)
        randombytes_buf(repeats->key, sizeof repeats->key);
    return repeats;
}

void lm_repeats_free(struct lm_repeats *repeats) {
    free(repeats);
}

static size_t home(const struct digest *digest) {
    return (size_t)digest->words[0] & (SLOTS - 1);
}

static size_t find(const struct lm_repeats *repeats, const struct digest *digest) {
    size_t slot = home(digest);
    while (repeats->slots[slot] &&
           memcmp(&repeats->digests[repeats->slots[slot] - 1], digest, sizeof *digest) != 0)
        slot = (slot + 1) & (SLOTS - 1);
    return slot;
}

/* Takes a digest out and closes the gap, so that those behind it are still found. */
static void forget(struct lm_repeats *repeats, const struct digest *digest) {
    size_t gap = find(repeats, digest);
    size_t slot = gap;
    for (;;) {
        slot = (slot + 1) & (SLOTS - 1);
        if (!repeats->slots[slot])
            break;
        size_t wanted = home(&repeats->digests[repeats->slots[slot] - 1]);
        if (((slot - wanted) & (SLOTS - 1)) >= ((slot - gap) & (SLOTS - 1))) {
            repeats->slots[gap] = repeats->slots[slot];
            gap = slot;
        }
    }
    repeats->slots[gap] = 0;
}

enum lm_repeat lm_repeats_see(struct lm_repeats *repeats, const void *bytes, size_t size,
                              size_t *place) {
    struct digest digest;
    (void)crypto_generichash((uint8_t *)&digest, sizeof digest, bytes, size, repeats->key,
                             sizeof repeats->key);
    size_t slot = find(repeats, &digest);
    if (repeats->slots[slot]) {
        *place = repeats->slots[slot] - 1;
        return lm_repeats_mark_of(repeats, *place);
    }
    *place = repeats->next;
    if (repeats->count == LM_REPEATS_WINDOW) {
        forget(repeats, &repeats->digests[*place]);
        slot = find(repeats, &digest);
    } else {
        repeats->count++;
    }
    repeats->digests[*place] = digest;
    repeats->marks[*place] = LM_REPEAT_ACCEPTED;
    repeats->slots[slot] = (uint32_t)*place + 1;
    repeats->next = (*place + 1) & (LM_REPEATS_WINDOW - 1);
    return LM_REPEAT_NEW;
}

enum lm_repeat lm_repeats_mark_of(const struct lm_repeats *repeats, size_t place) {
    return (enum lm_repeat)repeats->marks[place];
}

void lm_repeats_mark(struct lm_repeats *repeats, size_t place, enum lm_repeat mark) {
    repeats->marks[place] = (uint8_t)mark;
}
