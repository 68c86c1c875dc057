/*
 * Decimal strings as exact integers: prices in micro-units (10^-6), amounts in nano-units (10^-9).
 * Price per kWh times energy in Wh is an amount without rounding, as 10^-6 · 10^-3 = 10^-9.
 */
#ifndef LM_BASE_DECIMAL_H
#define LM_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/checked.h"

#define LM_PRICE_DIGITS  6
#define LM_AMOUNT_DIGITS 9
/* Room for any formatted decimal and its NUL: sign, 39 digits, point. */
#define LM_DECIMAL_SIZE 48

/*
 * Reads TEXT of SIZE bytes, -?digits[.digits], at most DIGITS of them after the point, and stores
 * it times 10^DIGITS. No plus sign, no superfluous leading zero, no exponent, nothing around it.
 * False where it is not that, or does not fit.
 */
bool lm_decimal_parse(const char *text, size_t size, int digits,
                      lm_i128 *value) LM_NONNULL LM_MUST_CHECK;
/* The same for a price in micro-units. */
bool lm_price_parse(const char *text, size_t size, int64_t *price_micro) LM_NONNULL LM_MUST_CHECK;
/* The same for an amount in nano-units. */
bool lm_amount_parse(const char *text, size_t size, lm_i128 *amount_nano) LM_NONNULL LM_MUST_CHECK;

/* Writes VALUE / 10^DIGITS in its shortest form ("0.62", "-0.8", "0") with a NUL; returns its
 * length. */
size_t lm_decimal_format(lm_i128 value, int digits, char text[LM_DECIMAL_SIZE]) LM_NONNULL;
size_t lm_price_format(int64_t price_micro, char text[LM_DECIMAL_SIZE]) LM_NONNULL;
size_t lm_amount_format(lm_i128 amount_nano, char text[LM_DECIMAL_SIZE]) LM_NONNULL;

/* price · energy as an exact amount in nano-units. It always fits. */
lm_i128 lm_amount_of(int64_t price_micro, int64_t energy_wh);

/* value / divisor rounded to the nearest integer, a half to the even one. divisor > 0. */
lm_i128 lm_divide_half_even(lm_i128 value, lm_i128 divisor);

/* Reads an energy as people write it, "2kWh", "500Wh", "1.5MWh": a decimal that comes to whole,
 * non-negative watt-hours within 2^53-1. */
bool lm_energy_parse(const char *text, size_t size, int64_t *energy_wh) LM_NONNULL LM_MUST_CHECK;

#endif
