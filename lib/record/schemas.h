/*
 * The schemas, one a record type. Private to lib/record: others ask lm_schema_of.
 */
#ifndef LM_RECORD_SCHEMAS_H
#define LM_RECORD_SCHEMAS_H

#include "lib/record/types.h"

/* One row of a table: the struct, the member's name, its kind (without LM_KIND_), its flags, the
 * struct's field, what it means. The two others add the words or the nested members. */
#define LM_ROW(structure, member, of_kind, of_flags, field, says)                                  \
    {                                                                                              \
        .name = (member), .kind = LM_KIND_##of_kind, .flags = (of_flags),                          \
        .offset = offsetof(structure, field), .meaning = (says)                                    \
    }
#define LM_WORD_ROW(structure, member, of_flags, field, of_words, says)                            \
    {                                                                                              \
        .name = (member), .kind = LM_KIND_WORD, .flags = (of_flags),                               \
        .offset = offsetof(structure, field), .words = (of_words), .meaning = (says)               \
    }
#define LM_OBJECT_ROW(structure, member, of_flags, field, members, says)                           \
    {                                                                                              \
        .name = (member), .kind = LM_KIND_OBJECT, .flags = (of_flags),                             \
        .offset = offsetof(structure, field), .object = &(members), .meaning = (says)              \
    }
#define LM_MEMBERS(table, structure)                                                               \
    { .rows = (table), .count = sizeof(table) / sizeof *(table), .size = sizeof(structure) }

extern const struct lm_schema lm_identity_schema;
extern const struct lm_schema lm_revocation_schema;
extern const struct lm_schema lm_firmware_schema;
extern const struct lm_schema lm_market_rules_schema;
extern const struct lm_schema lm_tariff_schema;
extern const struct lm_schema lm_contract_schema;
extern const struct lm_schema lm_network_fee_schema;
extern const struct lm_schema lm_order_schema;
extern const struct lm_schema lm_clearing_schema;
extern const struct lm_schema lm_trade_schema;
extern const struct lm_schema lm_curve_schema;
extern const struct lm_schema lm_notice_schema;
extern const struct lm_schema lm_reading_schema;
extern const struct lm_schema lm_total_schema;
extern const struct lm_schema lm_settlement_schema;
extern const struct lm_schema lm_transfer_schema;
extern const struct lm_schema lm_adjustment_schema;
extern const struct lm_schema lm_bill_schema;
extern const struct lm_schema lm_challenge_schema;
extern const struct lm_schema lm_response_schema;
extern const struct lm_schema lm_sealed_schema;
extern const struct lm_schema lm_entry_schema;
extern const struct lm_schema lm_receipt_schema;
extern const struct lm_schema lm_reject_schema;
extern const struct lm_schema lm_alert_schema;
extern const struct lm_schema lm_claim_schema;
extern const struct lm_schema lm_finding_schema;
extern const struct lm_schema lm_verdict_schema;
extern const struct lm_schema lm_exhibit_schema;

#endif
