#include "lib/market/gate.h"

#include "lib/base/checked.h"
#include "lib/base/decimal.h"
#include "lib/market/terms.h"

static int check_price(const struct lm_registered_rules *rules, const struct lm_order *order,
                       struct lm_error *error) {
    char price[LM_DECIMAL_SIZE];
    char limit[LM_DECIMAL_SIZE];
    bool low =
        rules->price_floor_micro != LM_ABSENT && order->price_micro < rules->price_floor_micro;
    bool high = rules->price_cap_micro != LM_ABSENT && order->price_micro > rules->price_cap_micro;
    if (order->energy_wh == 0 || (!low && !high))
        return 0;
    (void)lm_price_format(order->price_micro, price);
    (void)lm_price_format(low ? rules->price_floor_micro : rules->price_cap_micro, limit);
    return lm_fail(error, LM_PRICE, "price %s is %s %s of the market's rules", price,
                   low ? "below the floor" : "above the cap", limit);
}

int lm_gate_check(const struct lm_registered_rules *rules, const struct lm_order *order,
                  int64_t at_s, int64_t *gate_s, struct lm_error *error) {
    int64_t ahead_s;
    char at[LM_TIME_SIZE];
    char period[LM_TIME_SIZE];
    *gate_s = INT64_MIN;
    if (order->period.minutes != rules->period_minutes)
        return lm_fail(error, LM_PERIOD, "period of %d minutes, but the market's have %lld",
                       (int)order->period.minutes, (long long)rules->period_minutes);
    lm_instant_format(at_s, at);
    lm_period_format(order->period, period);
    if (!lm_terms_gate(order->period, rules->gate_minutes, gate_s) || at_s >= *gate_s)
        return lm_fail(error, LM_LATE,
                       "came at %s, but the gate of %s closed %lld minutes before it begins", at,
                       period, (long long)rules->gate_minutes);
    if (!lm_sub_i64(order->period.start_s, at_s, &ahead_s) ||
        ahead_s > (int64_t)LM_GATE_DAYS * 86400)
        return lm_fail(error, LM_EARLY, "came at %s for a period that is more than %d days ahead",
                       at, LM_GATE_DAYS);
    return check_price(rules, order, error);
}
