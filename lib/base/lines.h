/*
 * The line reader: bytes from a file descriptor to lines with a hard cap, each checked for what
 * no record may hold. A bad line costs no more memory than a good one and does not hide the next.
 */
#ifndef LM_BASE_LINES_H
#define LM_BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

struct lm_lines;

/* One line. The bytes are the reader's and stay until the next call. */
struct lm_line {
    const char *data; /* without the line feed; not NUL-terminated */
    size_t size;
    uint64_t number; /* from 1 */
};

/* Where a line stood, as messages name it. */
struct lm_place {
    const char *source; /* a file's name, borrowed */
    uint64_t line;
};

enum lm_lines_result {
    LM_LINES_END,  /* no more input */
    LM_LINES_LINE, /* *line is filled */
    LM_LINES_BAD,  /* *line is filled as far as it was kept, *error says why it is no record */
    LM_LINES_FAIL, /* reading failed, *error says why */
};

/* Takes over FD, which lm_lines_free closes. size_max is the longest line in bytes. NULL without
 * memory. */
struct lm_lines *lm_lines_new(int fd, size_t size_max) LM_MUST_CHECK;
void lm_lines_free(struct lm_lines *lines);
/* Reads no more than so many bytes from now on: of a file that grows, what there was of it. */
void lm_lines_limit(struct lm_lines *lines, uint64_t bytes) LM_NONNULL;

/* The next line. With `text`, also refuses what is not UTF-8, NUL bytes, CR LF and emptiness;
 * else (CSV, P1 telegrams) those are the caller's business. A last line without a line feed is
 * refused as truncated. */
enum lm_lines_result lm_lines_next(struct lm_lines *lines, bool text, struct lm_line *line,
                                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* True where the next lm_lines_next would have to wait for input: time to flush the output. */
bool lm_lines_would_wait(struct lm_lines *lines) LM_NONNULL;

/* True once a byte has been read. */
bool lm_lines_any(const struct lm_lines *lines) LM_NONNULL;
/* Bytes read so far, for progress. */
uint64_t lm_lines_bytes(const struct lm_lines *lines) LM_NONNULL;

/* The offset of the first byte that is not well-formed UTF-8 (RFC 3629), or SIZE. */
size_t lm_utf8_valid(const char *data, size_t size) LM_NONNULL;

#endif
