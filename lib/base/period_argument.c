#include "lib/base/period_argument.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/decimal.h"
#include "lib/base/limits.h"

/* How many periods after the present one TEXT names. */
static bool parse_steps(const char *text, int64_t *steps) {
    lm_i128 n;
    if (strcmp(text, "now") == 0) {
        *steps = 0;
        return true;
    }
    if (strcmp(text, "next") == 0) {
        *steps = 1;
        return true;
    }
    if (strncmp(text, "next+", 5) != 0 || !lm_decimal_parse(text + 5, strlen(text + 5), 0, &n) ||
        text[5] == '-' || n >= LM_INTEGER_MAX)
        return false;
    *steps = (int64_t)n + 1;
    return true;
}

int lm_period_argument(const char *text, int64_t now_s, int64_t minutes, struct lm_period *period,
                       struct lm_error *error) {
    int64_t steps;
    if (lm_period_parse(text, strlen(text), period))
        return 0;
    if (!parse_steps(text, &steps)) {
        lm_fail(error, LM_USAGE, "'%s' is not a period", text);
        return lm_hint(error, "write 2016-04-01T12:00Z/PT30M, now, next or next+N");
    }
    if (minutes <= 0 || minutes > 1440 || 1440 % minutes != 0)
        return lm_fail(error, LM_USAGE, "a period of %lld minutes does not divide a day",
                       (long long)minutes);
    if (!lm_period_of(now_s, minutes, period) || !lm_period_add(*period, steps, period))
        return lm_fail(error, LM_USAGE, "'%s' lies beyond the years 1 to 9999", text);
    return 0;
}
