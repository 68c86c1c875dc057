/*
 * Any bytes as a decimal, a period, an instant, a validity, a month, an energy, a price rule: what
 * is read is written again as something that reads as the same. And as what --period takes, as a
 * local time, as the name of a zone.
 */
#include "lib/base/decimal.h"
#include "lib/base/limits.h"
#include "lib/base/local_time.h"
#include "lib/base/period.h"
#include "lib/base/period_argument.h"
#include "lib/base/zone.h"
#include "lib/record/price_rule.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_decimals(const char *text, size_t size) {
    char written[LM_DECIMAL_SIZE];
    lm_i128 amount;
    lm_i128 amount_again;
    int64_t price;
    int64_t price_again;
    if (lm_amount_parse(text, size, &amount)) {
        HOLDS(lm_amount_parse(written, lm_amount_format(amount, written), &amount_again));
        HOLDS(amount_again == amount && strlen(written) <= size);
    }
    if (lm_price_parse(text, size, &price)) {
        HOLDS(lm_price_parse(written, lm_price_format(price, written), &price_again));
        HOLDS(price_again == price && strlen(written) <= size);
    }
    int64_t energy_wh;
    if (lm_energy_parse(text, size, &energy_wh))
        HOLDS(energy_wh >= 0 && energy_wh <= LM_INTEGER_MAX);
}

static void check_times(const char *text, size_t size) {
    char written[LM_TIME_SIZE];
    struct lm_period period;
    struct lm_validity validity;
    struct lm_month month;
    int64_t instant_s;
    /* All of these have one spelling only. */
    if (lm_period_parse(text, size, &period)) {
        HOLDS(lm_period_format(period, written) == size && memcmp(written, text, size) == 0);
        HOLDS(period.start_s % (period.minutes * 60) == 0 && 1440 % period.minutes == 0);
    }
    if (lm_instant_parse(text, size, &instant_s))
        HOLDS(lm_instant_format(instant_s, written) == size && memcmp(written, text, size) == 0);
    if (lm_validity_parse(text, size, &validity)) {
        HOLDS(lm_validity_format(validity, written) == size && memcmp(written, text, size) == 0);
        HOLDS(validity.start_s < validity.end_s);
    }
    if (lm_month_parse(text, size, &month))
        HOLDS(lm_month_format(month, written) == size && memcmp(written, text, size) == 0);
}

static void check_price_rule(const char *text, size_t size) {
    char written[LM_PRICE_RULE_SIZE];
    struct lm_price_rule rule;
    struct lm_price_rule again;
    if (!lm_price_rule_parse(text, size, &rule))
        return;
    lm_price_rule_format(rule, written);
    HOLDS(lm_price_rule_parse(written, strlen(written), &again) && again.k_micro == rule.k_micro);
    int64_t price_micro = lm_price_rule_apply(rule, INT64_MIN + 1, INT64_MAX);
    HOLDS(price_micro > INT64_MIN);
    HOLDS(lm_price_rule_apply(rule, 7, 7) == 7);
}

/* Texts of the command line and of meters: they end at a NUL. */
static void check_arguments(const char *bytes, size_t size) {
    struct lm_period period;
    struct lm_error error;
    int64_t instant_s;
    char text[128];
    if (size >= sizeof text)
        return;
    memcpy(text, bytes, size);
    text[size] = '\0';
    if (lm_period_argument(text, 1459508400, 30, &period, &error) == 0) {
        HOLDS(1440 % period.minutes == 0 && period.start_s % (period.minutes * 60) == 0);
    } else {
        HOLDS(error.reason == LM_USAGE);
    }
    if (lm_local_time_parse(text, "Europe/Brussels", &instant_s, &error) == 0)
        HOLDS(lm_period_of(instant_s, 1, &period));
    if (lm_zone_spelled(text))
        HOLDS(text[0] != '/' && !strstr(text, "..") && !strstr(text, "//"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check_arguments((const char *)data, size);
    check_decimals((const char *)data, size);
    check_times((const char *)data, size);
    check_price_rule((const char *)data, size);
    return 0;
}
