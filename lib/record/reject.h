/*
 * What becomes of a line that was refused: a reject record that keeps it.
 */
#ifndef LM_RECORD_REJECT_H
#define LM_RECORD_REJECT_H

#include <stdint.h>

#include "lib/record/types.h"

/* Appends TEXT with what is not UTF-8, or no character, replaced by U+FFFD, so that it can stand in
 * a record. */
void lm_text_clean(const char *text, size_t size, struct lm_buffer *out) LM_NONNULL;

/*
 * Appends the canonical reject record (no line feed) for line NUMBER of PROGRAM's input, whose
 * SIZE bytes are TEXT (NULL where they are no longer at hand). A line that is an I-JSON object and
 * fits, in size and depth, is kept whole in `record`, anything else in `text`, cut to fit, with
 * what is not UTF-8, or no character, replaced by U+FFFD.
 */
void lm_reject_write(const char *program, uint64_t number, const char *text, size_t size,
                     const struct lm_error *error, struct lm_buffer *out) LM_NONNULL_AT(1, 5, 6);

#endif
