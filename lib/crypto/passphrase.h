/*
 * Passphrases: bytes in guarded memory, however they came.
 */
#ifndef LM_CRYPTO_PASSPHRASE_H
#define LM_CRYPTO_PASSPHRASE_H

#include <stddef.h>

#include "lib/base/error.h"

#define LM_PASSPHRASE_SIZE_MAX 1024

struct lm_passphrase {
    char *bytes; /* room for LM_PASSPHRASE_SIZE_MAX */
    size_t size;
};

/* An empty one. */
int lm_passphrase_new(struct lm_passphrase *passphrase,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Wipes and frees it; harmless on a zeroed one. */
void lm_passphrase_free(struct lm_passphrase *passphrase) LM_NONNULL;

/* The first line of a file or pipe, without LF or CR LF. LM_PERMISSION where group or others have
 * any right to it, LM_NO_INPUT where there is none, LM_BAD_KEY where that line is empty, too long
 * or holds a NUL. */
int lm_passphrase_load(const char *path, struct lm_passphrase *passphrase,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
