/* The first pass: who is who, and of what there is anything to be judged. */
#include "lib/base/array.h"
#include "lib/evidence/audit_state.h"

/* Whether clearing or settlement is about such records. */
static bool is_judged(enum lm_type type) {
    return type == LM_TYPE_ORDER || type == LM_TYPE_CLEARING || type == LM_TYPE_TRADE ||
           type == LM_TYPE_READING || type == LM_TYPE_SETTLEMENT || type == LM_TYPE_ADJUSTMENT ||
           type == LM_TYPE_TRANSFER || type == LM_TYPE_BILL;
}

static int add_month(struct lm_audit *audit, struct lm_month month, struct lm_error *error) {
    const struct lm_bills_options options = {.month = month};
    for (size_t i = 0; i < audit->month_count; i++) {
        if (lm_month_compare(audit->months[i].month, month) == 0)
            return 0;
    }
    struct lm_audit_month *months =
        lm_array_room(audit->months, &audit->month_room, audit->month_count, sizeof *months, error);
    if (!months)
        return -1;
    audit->months = months;
    struct lm_bills *bills = lm_bills_new(&options, error);
    if (!bills)
        return -1;
    months[audit->month_count++] = (struct lm_audit_month){month, bills};
    return 0;
}

int lm_audit_survey(struct lm_audit *audit, const struct lm_record *record, const char *file,
                    uint64_t number, struct lm_error *error) {
    audit->any_judged = audit->any_judged || is_judged(record->type);
    if (lm_registry_add(audit->registry, record, file, number, error) < 0)
        return -1;
    switch (record->type) {
    case LM_TYPE_IDENTITY:
        if (lm_commitments_key(&audit->commitments, &record->as.identity, error) < 0)
            return -1;
        return record->as.identity.role == LM_ROLE_METER
                   ? lm_readings_meter(&audit->readings, record->as.identity.id, error)
                   : 0;
    case LM_TYPE_ADJUSTMENT:
        return lm_period_set_add(&audit->maybe_adjusted, record->as.settlement.period, error);
    case LM_TYPE_BILL:
        return add_month(audit, record->as.bill.month, error);
    case LM_TYPE_NETWORK_FEE:
    case LM_TYPE_MARKET_RULES: {
        const struct lm_place place = {file ? file : "", number};
        return lm_terms_history_add(&audit->surveyed, record, NULL, NULL, &place, error);
    }
    default:
        return 0;
    }
}
