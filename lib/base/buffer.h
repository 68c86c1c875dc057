/*
 * A growable byte buffer. Running out of memory is remembered, not reported at every append:
 * a caller appends freely and asks lm_buffer_ok once before using the bytes.
 */
#ifndef LM_BASE_BUFFER_H
#define LM_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attributes.h"

struct lm_buffer {
    char *data; /* not NUL-terminated; owned */
    size_t size;
    size_t capacity;
    bool failed;
};

/* Frees the bytes and leaves an empty buffer. */
void lm_buffer_free(struct lm_buffer *buffer) LM_NONNULL;
/* Empties the buffer and keeps its memory. */
void lm_buffer_reset(struct lm_buffer *buffer) LM_NONNULL;
/* False where an append since the last reset ran out of memory. */
bool lm_buffer_ok(const struct lm_buffer *buffer) LM_NONNULL LM_MUST_CHECK;
/* Makes room for SIZE more bytes and returns where they go, or NULL; the caller adds to size. Even
 * with SIZE 0 the data is then there: an empty line is not a missing one. */
char *lm_buffer_reserve(struct lm_buffer *buffer, size_t size) LM_NONNULL LM_MUST_CHECK;
void lm_buffer_byte(struct lm_buffer *buffer, char byte) LM_NONNULL;
void lm_buffer_bytes(struct lm_buffer *buffer, const char *bytes, size_t size) LM_NONNULL;
void lm_buffer_text(struct lm_buffer *buffer, const char *text) LM_NONNULL;
void lm_buffer_integer(struct lm_buffer *buffer, int64_t value) LM_NONNULL;
void lm_buffer_format(struct lm_buffer *buffer, const char *format, ...) LM_NONNULL LM_PRINTF(2, 3);
/* Appends TEXT so that it can go to a terminal: control bytes, DEL and what is not UTF-8 as \xHH,
 * C1 controls and what changes the direction of text as \uHHHH, backslashes doubled. */
void lm_buffer_escaped(struct lm_buffer *buffer, const char *text, size_t size) LM_NONNULL;

#endif
