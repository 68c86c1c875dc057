/*
 * RFC 8785, JSON Canonicalization Scheme, for the I-JSON that records are made of: no reals, and
 * integers within ±(2^53−1), so that section 3.2.2.3's number format is the plain decimal one.
 */
#ifndef LM_RECORD_CANONICAL_H
#define LM_RECORD_CANONICAL_H

#include <jansson.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"

/*
 * Checks VALUE against RFC 7493 as records want it: no real number, no integer beyond ±(2^53−1),
 * no Unicode noncharacter in a string or name, no nesting deeper than LM_DEPTH_MAX in a record.
 * (Duplicate names, lone surrogates and NUL are refused while parsing.)
 */
int lm_ijson_check(const json_t *value, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* True where TEXT, which is UTF-8, holds a Unicode noncharacter. */
bool lm_noncharacter_in(const char *text, size_t size) LM_NONNULL LM_MUST_CHECK;

/*
 * Appends the canonical form of VALUE, which has passed lm_ijson_check. Members of the outermost
 * object that are named in WITHOUT (ends with NULL; may be NULL itself) are left out: a signature
 * covers the record without it. Memory running out shows in lm_buffer_ok.
 */
void lm_canonical(const json_t *value, const char *const *without, struct lm_buffer *out)
    LM_NONNULL_AT(1, 3);

/* Appends TEXT as a JSON string with RFC 8785's escapes (section 3.2.2.2). TEXT is UTF-8. */
void lm_canonical_string(const char *text, size_t size, struct lm_buffer *out) LM_NONNULL;

/* Order of names by UTF-16 code units (section 3.2.3), given in UTF-8. */
int lm_canonical_compare(const char *a, const char *b) LM_NONNULL;

#endif
