#include "lib/record/types.h"

#include <string.h>

#include "lib/record/schemas.h"

static const struct lm_schema *const schemas[LM_TYPE_COUNT] = {
    [LM_TYPE_IDENTITY] = &lm_identity_schema,
    [LM_TYPE_REVOCATION] = &lm_revocation_schema,
    [LM_TYPE_FIRMWARE] = &lm_firmware_schema,
    [LM_TYPE_MARKET_RULES] = &lm_market_rules_schema,
    [LM_TYPE_TARIFF] = &lm_tariff_schema,
    [LM_TYPE_CONTRACT] = &lm_contract_schema,
    [LM_TYPE_NETWORK_FEE] = &lm_network_fee_schema,
    [LM_TYPE_ORDER] = &lm_order_schema,
    [LM_TYPE_CLEARING] = &lm_clearing_schema,
    [LM_TYPE_TRADE] = &lm_trade_schema,
    [LM_TYPE_CURVE] = &lm_curve_schema,
    [LM_TYPE_NOTICE] = &lm_notice_schema,
    [LM_TYPE_READING] = &lm_reading_schema,
    [LM_TYPE_TOTAL] = &lm_total_schema,
    [LM_TYPE_SETTLEMENT] = &lm_settlement_schema,
    [LM_TYPE_TRANSFER] = &lm_transfer_schema,
    [LM_TYPE_ADJUSTMENT] = &lm_adjustment_schema,
    [LM_TYPE_BILL] = &lm_bill_schema,
    [LM_TYPE_CHALLENGE] = &lm_challenge_schema,
    [LM_TYPE_RESPONSE] = &lm_response_schema,
    [LM_TYPE_SEALED] = &lm_sealed_schema,
    [LM_TYPE_ENTRY] = &lm_entry_schema,
    [LM_TYPE_RECEIPT] = &lm_receipt_schema,
    [LM_TYPE_REJECT] = &lm_reject_schema,
    [LM_TYPE_ALERT] = &lm_alert_schema,
    [LM_TYPE_CLAIM] = &lm_claim_schema,
    [LM_TYPE_FINDING] = &lm_finding_schema,
    [LM_TYPE_VERDICT] = &lm_verdict_schema,
    [LM_TYPE_EXHIBIT] = &lm_exhibit_schema,
};

const struct lm_schema *lm_schema_of(enum lm_type type) {
    return schemas[type];
}

enum lm_type lm_type_named(const char *name) {
    for (int type = 0; type < LM_TYPE_COUNT; type++) {
        if (strcmp(schemas[type]->name, name) == 0)
            return (enum lm_type)type;
    }
    return LM_TYPE_COUNT;
}

void lm_record_write(enum lm_type type, const void *body, struct lm_buffer *out) {
    lm_members_write(schemas[type]->members, schemas[type]->name, body, out);
}

void lm_record_clear(enum lm_type type, void *body) {
    lm_members_clear(schemas[type]->members, body);
}
