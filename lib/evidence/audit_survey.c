/* The first pass: who is who, and of what there is anything to be judged. */
#include "lib/evidence/audit_state.h"

/* Whether clearing or settlement is about such records. */
static bool is_judged(enum lm_type type) {
    return type == LM_TYPE_ORDER || type == LM_TYPE_CLEARING || type == LM_TYPE_TRADE ||
           type == LM_TYPE_READING || type == LM_TYPE_SETTLEMENT || type == LM_TYPE_ADJUSTMENT ||
           type == LM_TYPE_TRANSFER || type == LM_TYPE_BILL;
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
        return lm_bills_want(audit->bills, record->as.bill.month, error);
    default:
        return 0;
    }
}
