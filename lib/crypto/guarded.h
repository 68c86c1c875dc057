/*
 * Secrets on their way in: files read into guarded memory, which is not swapped and is wiped when
 * it is freed, and JSON parsed there, so that no copy of a secret stays behind in the heap.
 */
#ifndef LM_CRYPTO_GUARDED_H
#define LM_CRYPTO_GUARDED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

struct lm_guarded_file {
    const char *path;
    const char *what;  /* "key file", for messages */
    bool private_only; /* LM_PERMISSION where group or others have any right to it */
    bool regular_only; /* LM_BAD_KEY where it is a pipe, a device, a folder */
    size_t size_max;   /* LM_BAD_KEY where it is larger */
};

/* Reads a file whole into *TEXT, which the caller frees with sodium_free; NULL on failure.
 * LM_NO_INPUT where there is none. */
int lm_guarded_read(const struct lm_guarded_file *file, char **text, size_t *size,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Once a file has turned out to hold a secret: LM_PERMISSION where group or others have any right
 * to it. A key that others can read is nobody's to go by, even for its public half. */
int lm_guarded_secret(const struct lm_guarded_file *file,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Parses TEXT as strict I-JSON in guarded memory, gives it to USE and wipes it. What USE returns is
 * returned; where TEXT does not parse, or needs absurdly much memory, -1. Nothing that USE makes
 * with jansson outlives it, and no other thread may use jansson meanwhile. */
int lm_guarded_json(const char *text, size_t size,
                    int (*use)(json_t *json, void *context, struct lm_error *error), void *context,
                    struct lm_error *error) LM_NONNULL_AT(1, 3, 5) LM_MUST_CHECK;

#endif
