/*
 * The output: buffered, every write and the close checked, short writes and EINTR carried on.
 */
#ifndef LM_BASE_WRITER_H
#define LM_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"

struct lm_writer {
    int fd;
    bool regular; /* a regular file: it is not flushed at pauses */
    struct lm_buffer buffer;
};

/* Prepares a writer on FD, which lm_writer_close closes. */
void lm_writer_open(struct lm_writer *writer, int fd) LM_NONNULL;
/* Writes BYTES and, with them, a line feed. Whole lines leave together where they fit the buffer.
 * -1 with *error where the output fails. */
int lm_writer_line(struct lm_writer *writer, const char *bytes, size_t size,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Writes BYTES as they are. */
int lm_writer_bytes(struct lm_writer *writer, const char *bytes, size_t size,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_writer_flush(struct lm_writer *writer, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Flushes, closes and frees; a failing close is an error like a failing write. */
int lm_writer_close(struct lm_writer *writer, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
