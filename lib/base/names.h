/*
 * Byte strings kept once each and known by a small number: ids of a million orders cost little
 * memory, compare as integers, and sort by rank.
 */
#ifndef LM_BASE_NAMES_H
#define LM_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"

struct lm_names {
    struct lm_buffer bytes; /* each followed by a NUL */
    struct lm_name *items;
    size_t count;
    size_t room;
    uint32_t *slots; /* open addressing; number + 1, 0 where free */
    size_t slot_count;
    uint8_t key[16]; /* keyed hashing: nobody can choose ids that collide */
};

/* Prepares an empty set. */
void lm_names_start(struct lm_names *names) LM_NONNULL;
void lm_names_free(struct lm_names *names) LM_NONNULL;
/* The number of BYTES, from 0 in the order of first appearance. */
int lm_names_add(struct lm_names *names, const void *bytes, size_t size, uint32_t *number,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The bytes of a number, NUL-terminated; they stay until the next lm_names_add. */
const char *lm_names_text(const struct lm_names *names, uint32_t number) LM_NONNULL;
/* For each number its place in byte order, as an array that the caller frees. NULL with *error.
 * The names may hold no NUL. */
uint32_t *lm_names_ranks(const struct lm_names *names,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
