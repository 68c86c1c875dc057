/*
 * A platform attester: a program of the machine's that says what software runs on it.
 */
#ifndef LM_CMD_ATTESTER_H
#define LM_CMD_ATTESTER_H

#include "lib/base/buffer.h"
#include "lib/base/error.h"

/* What it may print, and how long it may take. */
#define LM_ATTESTER_OUTPUT_MAX 32768
#define LM_ATTESTER_SECONDS    30

/*
 * Runs PROGRAM (found along PATH where it has no slash) with DIGEST as its one argument, without a
 * shell, standard input empty, and appends what it prints, without the last line feed, and a NUL.
 * LM_ATTESTER where it cannot be run, takes too long, fails, or prints nothing, too much, or what
 * is no text.
 */
int lm_attester_run(const char *program, const char *digest, struct lm_buffer *out,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
