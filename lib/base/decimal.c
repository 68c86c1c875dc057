#include "lib/base/decimal.h"

#include <string.h>

#include "lib/base/limits.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool lm_decimal_parse(const char *text, size_t size, int digits, lm_i128 *value) {
    const char *end = text + size;
    const char *at = text;
    bool negative = at < end && *at == '-';
    if (negative)
        at++;
    if (at == end || !is_digit(*at))
        return false;
    if (*at == '0' && end - at > 1 && is_digit(at[1]))
        return false;

    /* Accumulated negatively: the negative range is the larger one. */
    lm_i128 sum = 0;
    int fraction = -1; /* digits after the point so far, -1 before it */
    for (; at < end; at++) {
        if (*at == '.' && fraction < 0 && end - at > 1) {
            fraction = 0;
            continue;
        }
        if (!is_digit(*at) || fraction == digits)
            return false;
        if (!lm_mul_i128(sum, 10, &sum) || !lm_sub_i128(sum, *at - '0', &sum))
            return false;
        if (fraction >= 0)
            fraction++;
    }
    for (int i = fraction < 0 ? 0 : fraction; i < digits; i++) {
        if (!lm_mul_i128(sum, 10, &sum))
            return false;
    }
    return negative ? (*value = sum, true) : lm_sub_i128(0, sum, value);
}

bool lm_price_parse(const char *text, size_t size, int64_t *price_micro) {
    lm_i128 value;
    /* INT64_MIN marks an absent price in records, so it is not one. */
    if (!lm_decimal_parse(text, size, LM_PRICE_DIGITS, &value) || value > INT64_MAX ||
        value <= INT64_MIN)
        return false;
    *price_micro = (int64_t)value;
    return true;
}

bool lm_amount_parse(const char *text, size_t size, lm_i128 *amount_nano) {
    return lm_decimal_parse(text, size, LM_AMOUNT_DIGITS, amount_nano);
}

size_t lm_decimal_format(lm_i128 value, int digits, char text[LM_DECIMAL_SIZE]) {
    char reversed[LM_DECIMAL_SIZE];
    size_t size = 0;
    lm_u128 rest = value < 0 ? (lm_u128)0 - (lm_u128)value : (lm_u128)value;
    bool significant = false; /* a non-zero digit after the point has been seen */
    for (int i = 0; i < digits; i++) {
        char digit = (char)('0' + (int)(rest % 10));
        rest /= 10;
        significant = significant || digit != '0';
        if (significant)
            reversed[size++] = digit;
    }
    if (significant)
        reversed[size++] = '.';
    do {
        reversed[size++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest);
    if (value < 0)
        reversed[size++] = '-';
    for (size_t i = 0; i < size; i++)
        text[i] = reversed[size - 1 - i];
    text[size] = '\0';
    return size;
}

size_t lm_price_format(int64_t price_micro, char text[LM_DECIMAL_SIZE]) {
    return lm_decimal_format(price_micro, LM_PRICE_DIGITS, text);
}

size_t lm_amount_format(lm_i128 amount_nano, char text[LM_DECIMAL_SIZE]) {
    return lm_decimal_format(amount_nano, LM_AMOUNT_DIGITS, text);
}

lm_i128 lm_amount_of(int64_t price_micro, int64_t energy_wh) {
    return (lm_i128)price_micro * energy_wh;
}

lm_i128 lm_divide_half_even(lm_i128 value, lm_i128 divisor) {
    lm_i128 quotient = value / divisor;
    lm_i128 rest = value % divisor;
    lm_i128 magnitude = rest < 0 ? -rest : rest;
    lm_i128 step = value < 0 ? -1 : 1;
    /* magnitude against divisor − magnitude: doubling could overflow. */
    if (magnitude > divisor - magnitude || (magnitude == divisor - magnitude && quotient % 2 != 0))
        quotient += step;
    return quotient;
}

bool lm_energy_parse(const char *text, size_t size, int64_t *energy_wh) {
    static const struct {
        const char *unit;
        int digits; /* the unit is 10^digits Wh */
    } units[] = {{"kWh", 3}, {"MWh", 6}, {"Wh", 0}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t unit_size = strlen(units[i].unit);
        if (size <= unit_size || memcmp(text + size - unit_size, units[i].unit, unit_size) != 0)
            continue;
        lm_i128 value;
        if (!lm_decimal_parse(text, size - unit_size, units[i].digits, &value) || value < 0 ||
            value > LM_INTEGER_MAX)
            return false;
        *energy_wh = (int64_t)value;
        return true;
    }
    return false;
}
