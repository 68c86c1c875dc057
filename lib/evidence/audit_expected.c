/* What there has to be all of, as there is some: an auction's notices, a supplier's bills of a
 * month. */
#include "lib/evidence/audit_state.h"

static int note(struct lm_audit *audit, struct lm_names *names, struct lm_error *error) {
    uint32_t number;
    if (!lm_buffer_ok(&audit->name))
        return lm_fail_memory(error);
    return lm_names_add(names, audit->name.data, audit->name.size, &number, error);
}

static int ask(const struct lm_audit *audit, const struct lm_names *names, bool *expected,
               struct lm_error *error) {
    uint32_t number;
    if (!lm_buffer_ok(&audit->name))
        return lm_fail_memory(error);
    *expected = lm_names_find(names, audit->name.data, audit->name.size, &number);
    return 0;
}

static void name_auction(struct lm_audit *audit, const char *market, struct lm_period period) {
    char text[LM_TIME_SIZE];
    (void)lm_period_format(period, text);
    lm_buffer_reset(&audit->name);
    lm_buffer_format(&audit->name, "%s %s", text, market);
}

int lm_audit_expect_notices(struct lm_audit *audit, const char *market, struct lm_period period,
                            struct lm_error *error) {
    name_auction(audit, market, period);
    return note(audit, &audit->notified, error);
}

int lm_audit_expects_notices(struct lm_audit *audit, const char *market, struct lm_period period,
                             bool *expected, struct lm_error *error) {
    name_auction(audit, market, period);
    return ask(audit, &audit->notified, expected, error);
}

static void name_bill(struct lm_audit *audit, const struct lm_bill *bill) {
    char month[LM_TIME_SIZE];
    (void)lm_month_format(bill->month, month);
    lm_buffer_reset(&audit->name);
    lm_buffer_format(&audit->name, "%s %s", month, bill->supplier);
}

int lm_audit_expect_bills(struct lm_audit *audit, const struct lm_bill *bill,
                          struct lm_error *error) {
    name_bill(audit, bill);
    return note(audit, &audit->billed, error);
}

int lm_audit_expects_bill(struct lm_audit *audit, const struct lm_bill *bill, bool *expected,
                          struct lm_error *error) {
    name_bill(audit, bill);
    return ask(audit, &audit->billed, expected, error);
}
