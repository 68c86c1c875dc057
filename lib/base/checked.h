/*
 * Arithmetic that notices overflow (gcc 12 has no stdckdint.h). Each function stores the result
 * and returns true, or returns false and leaves *result unspecified.
 */
#ifndef LM_BASE_CHECKED_H
#define LM_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attributes.h"

/* 128 bits hold any price times any energy, and sums of 2^11 such products at the extremes. */
__extension__ typedef __int128 lm_i128;
__extension__ typedef unsigned __int128 lm_u128;

LM_MUST_CHECK static inline bool lm_add_i64(int64_t a, int64_t b, int64_t *result) {
    return !__builtin_add_overflow(a, b, result);
}

LM_MUST_CHECK static inline bool lm_sub_i64(int64_t a, int64_t b, int64_t *result) {
    return !__builtin_sub_overflow(a, b, result);
}

LM_MUST_CHECK static inline bool lm_mul_i64(int64_t a, int64_t b, int64_t *result) {
    return !__builtin_mul_overflow(a, b, result);
}

LM_MUST_CHECK static inline bool lm_add_i128(lm_i128 a, lm_i128 b, lm_i128 *result) {
    return !__builtin_add_overflow(a, b, result);
}

LM_MUST_CHECK static inline bool lm_sub_i128(lm_i128 a, lm_i128 b, lm_i128 *result) {
    return !__builtin_sub_overflow(a, b, result);
}

LM_MUST_CHECK static inline bool lm_mul_i128(lm_i128 a, lm_i128 b, lm_i128 *result) {
    return !__builtin_mul_overflow(a, b, result);
}

LM_MUST_CHECK static inline bool lm_mul_size(size_t a, size_t b, size_t *result) {
    return !__builtin_mul_overflow(a, b, result);
}

#endif
