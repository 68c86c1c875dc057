/*
 * What a record says, as a digest: by it those that say the same are told, whoever signed them.
 */
#ifndef LM_CRYPTO_CONTENT_H
#define LM_CRYPTO_CONTENT_H

#include "lib/record/record.h"

/* The SHA-256 of the canonical form (RFC 8785) without sig. Fails only for want of memory. */
int lm_record_content(const struct lm_record *record, uint8_t digest[32],
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
