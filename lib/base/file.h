/*
 * Small files as a whole: read into memory, or replaced so that a crash leaves the old one or the
 * new one and never a part. And bytes at their place in a larger one.
 */
#ifndef LM_BASE_FILE_H
#define LM_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"

/* Appends what is in PATH ("-" is standard input), which is at most MAX bytes (LM_TOO_LONG).
 * LM_NO_INPUT where there is no such file or it is a folder, LM_IO where reading fails. */
int lm_file_read(const char *path, size_t max, struct lm_buffer *out,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Reads SIZE bytes of a regular file, or those that it has: *got says how many. -1 with errno. */
int lm_file_read_at(int fd, void *bytes, size_t size, off_t offset, size_t *got) LM_MUST_CHECK;
/* Writes all of the bytes to a regular file. -1 with errno. */
int lm_file_write_at(int fd, const void *bytes, size_t size, off_t offset) LM_MUST_CHECK;
/* The same, and waits until they are on the disk. */
int lm_file_write_durably_at(int fd, const void *bytes, size_t size, off_t offset) LM_MUST_CHECK;
/* Another descriptor of the same open file, which now stands at OFFSET. -1 with errno. */
int lm_file_again_at(int fd, off_t offset) LM_MUST_CHECK;

/* Writes the bytes to PATH, in the place of what is there: by way of PATH.new, and durable with its
 * name when this returns. Callers that may meet one another lock each other out. LM_IO. */
int lm_file_replace(const char *path, const char *bytes, size_t size,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
