#include "lib/market/policy.h"

#include <string.h>

#define CLEARING(to, whose, form)                                                                  \
    {                                                                                              \
        LM_STAGE_CLEARING, LM_ROLE_MARKET, LM_TYPE_TRADE, LM_ROLE_##to, LM_WHOSE_##whose,          \
            LM_FORM_##form                                                                         \
    }
#define SETTLEMENT(by, of, to, whose, form)                                                        \
    {                                                                                              \
        LM_STAGE_SETTLEMENT, LM_ROLE_##by, LM_TYPE_##of, LM_ROLE_##to, LM_WHOSE_##whose,           \
            LM_FORM_##form                                                                         \
    }

const struct lm_right lm_rights[] = {
    CLEARING(USER, OWN, ORDERS),
    CLEARING(SUPPLIER, OWN, ORDERS),
    CLEARING(SUPPLIER, CUSTOMERS, TRADED),

    SETTLEMENT(METER, READING, SUPPLIER, CUSTOMERS, COPY),
    SETTLEMENT(DSO, READING, DSO, REGIONS, REGION_TOTAL),
    SETTLEMENT(DSO, READING, DSO, REGIONS, SUPPLIER_TOTALS),
    SETTLEMENT(DSO, READING, TSO, REGIONS, REGION_TOTAL),

    SETTLEMENT(SUPPLIER, SETTLEMENT, USER, OWN, RECORD),
    SETTLEMENT(SUPPLIER, SETTLEMENT, SUPPLIER, OWN, RECORD),
    SETTLEMENT(SUPPLIER, SETTLEMENT, DSO, OWN, RECORD),
    SETTLEMENT(SUPPLIER, SETTLEMENT, TSO, OWN, RECORD),
    SETTLEMENT(SUPPLIER, SETTLEMENT, MARKET, OWN, RECORD),
    SETTLEMENT(SUPPLIER, ADJUSTMENT, USER, OWN, RECORD),
    SETTLEMENT(SUPPLIER, ADJUSTMENT, SUPPLIER, OWN, RECORD),
    SETTLEMENT(SUPPLIER, ADJUSTMENT, DSO, OWN, RECORD),
    SETTLEMENT(SUPPLIER, ADJUSTMENT, TSO, OWN, RECORD),
    SETTLEMENT(SUPPLIER, ADJUSTMENT, MARKET, OWN, RECORD),
    SETTLEMENT(SUPPLIER, TRANSFER, SUPPLIER, OWN, RECORD),
    SETTLEMENT(SUPPLIER, BILL, USER, OWN, RECORD),
};
const size_t lm_right_count = sizeof lm_rights / sizeof *lm_rights;

static const char *const whose_words[] = {
    [LM_WHOSE_OWN] = "own",
    [LM_WHOSE_CUSTOMERS] = "of its customers",
    [LM_WHOSE_REGIONS] = "of its regions",
};

static const char *const form_words[] = {
    [LM_FORM_ORDERS] = "notice: price, energy of each order",
    [LM_FORM_TRADED] = "notice: price, sum bought, sum sold",
    [LM_FORM_COPY] = "a copy addressed to it",
    [LM_FORM_SUPPLIER_TOTALS] = "total: of each region and supplier",
    [LM_FORM_REGION_TOTAL] = "total: of each region",
    [LM_FORM_RECORD] = "the record",
};

bool lm_policy_own(int role, enum lm_type type) {
    for (size_t i = 0; i < lm_right_count; i++) {
        const struct lm_right *right = &lm_rights[i];
        if (right->of == type && right->to == role && right->whose == LM_WHOSE_OWN)
            return true;
    }
    return false;
}

bool lm_policy_form(int role, enum lm_form form) {
    for (size_t i = 0; i < lm_right_count; i++) {
        if (lm_rights[i].to == role && lm_rights[i].form == form)
            return true;
    }
    return false;
}

static void write_row(const char *to, const char *of, const char *whose, const char *form,
                      const char *by, struct lm_buffer *out) {
    lm_buffer_format(out, "%-8s  %-10s  %-16s  %-35s  %s\n", to, of, whose, form, by);
}

void lm_policy_write(struct lm_buffer *out) {
    write_row("told", "of", "whose", "as", "by", out);
    for (size_t i = 0; i < lm_right_count; i++) {
        const struct lm_right *right = &lm_rights[i];
        write_row(lm_role_words[right->to], lm_schema_of(right->of)->name,
                  whose_words[right->whose], form_words[right->form], lm_role_words[right->by],
                  out);
    }
}
