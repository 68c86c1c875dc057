/* The second pass: each record goes to those who will recompute what it is about. */
#include <stdlib.h>
#include <string.h>

#include "lib/crypto/jws.h"
#include "lib/evidence/audit_state.h"
#include "lib/evidence/names.h"
#include "lib/record/price_rule.h"

int lm_audit_issued(struct lm_audit *audit, const struct lm_record *record,
                    const struct lm_place *place, struct lm_error *error) {
    struct lm_issued_key key;
    if (!lm_issued_key(record->type, &record->as, &audit->name, &key))
        return 0;
    lm_buffer_reset(&audit->payload);
    lm_record_payload(record, &audit->payload);
    if (!lm_buffer_ok(&audit->name) || !lm_buffer_ok(&audit->payload))
        return lm_fail_memory(error);
    return lm_comparison_issued(audit->comparison, &key, audit->payload.data, audit->payload.size,
                                place, error);
}

/* Who signed a record whose signature has been checked. Borrowed from the registry. */
static const char *find_signer(const struct lm_audit *audit, const struct lm_record *record) {
    struct lm_registered registered;
    struct lm_error ignored;
    char kid[LM_DIGEST_TEXT_SIZE];
    int64_t at_s = record->wrapped ? record->entry_at_s : audit->options.now_s;
    if (lm_jws_kid(&record->signature, kid, &ignored) < 0 ||
        lm_registry_by_kid(audit->registry, kid, at_s, &registered, &ignored) < 0)
        return NULL;
    return registered.id;
}

static int use_clearing(struct lm_audit *audit, const struct lm_clearing *clearing,
                        struct lm_error *error) {
    struct lm_price_rule rule;
    if (!lm_price_rule_parse(clearing->price_rule, strlen(clearing->price_rule), &rule))
        return lm_fail(error, LM_DEFECT, "a clearing's price rule does not parse");
    return lm_books_want(audit->books, clearing->market, clearing->period, &rule, error);
}

/* Where something of the period may have been adjusted, settlements are put by. */
static int use_settlement(struct lm_audit *audit, const struct lm_audit_item *item,
                          const struct lm_place *place, struct lm_error *error) {
    const struct lm_record *record = &item->record;
    struct lm_period period = record->type == LM_TYPE_TRANSFER ? record->as.transfer.period
                                                               : record->as.settlement.period;
    if ((record->type == LM_TYPE_ADJUSTMENT &&
         lm_period_set_add(&audit->adjusted, period, error) < 0) ||
        lm_period_set_add(&audit->settled, period, error) < 0)
        return -1;
    if (!lm_period_set_has(&audit->maybe_adjusted, period))
        return lm_audit_issued(audit, record, place, error);
    const struct lm_audit_deferred deferred = {*place, period, record->type, item->size};
    lm_buffer_bytes(&audit->deferred, (const char *)&deferred, sizeof deferred);
    lm_buffer_bytes(&audit->deferred, audit->texts.data + item->start, item->size);
    return lm_buffer_ok(&audit->deferred) ? 0 : lm_fail_memory(error);
}

static int use_reading(struct lm_audit *audit, const struct lm_audit_item *item,
                       const struct lm_place *place, struct lm_error *error) {
    if (lm_period_set_add(&audit->settled, item->record.as.reading.period, error) < 0)
        return -1;
    return lm_readings_add(&audit->readings, &item->record, place,
                           lm_audited_keeper(item->audited, item->number), &audit->findings, error);
}

static int use_bill(struct lm_audit *audit, const struct lm_record *record,
                    const struct lm_place *place, struct lm_error *error) {
    char month[LM_TIME_SIZE];
    uint32_t number;
    (void)lm_month_format(record->as.bill.month, month);
    lm_buffer_reset(&audit->name);
    lm_buffer_format(&audit->name, "%s %s", month, record->as.bill.supplier);
    if (!lm_buffer_ok(&audit->name))
        return lm_fail_memory(error);
    if (lm_names_add(&audit->billed, audit->name.data, audit->name.size, &number, error) < 0)
        return -1;
    return lm_audit_issued(audit, record, place, error);
}

static int use_total(struct lm_audit *audit, const struct lm_record *record,
                     const struct lm_place *place, struct lm_error *error) {
    const char *signer = find_signer(audit, record);
    return signer ? lm_readings_total(&audit->readings, record, signer, place, error) : 0;
}

/* A record that books, settlement or bills refuse by itself is a finding: its signer's. */
static int refuse(struct lm_audit *audit, const struct lm_record *record,
                  const struct lm_place *place, const struct lm_error *why,
                  struct lm_error *error) {
    if (lm_reason_exit(why->reason) == LM_EXIT_REJECT)
        return lm_findings_refuse(&audit->findings, why, find_signer(audit, record), place, error);
    *error = *why;
    return -1;
}

static int hand_on(struct lm_audit *audit, const struct lm_record *record,
                   const struct lm_place *place, struct lm_error *error) {
    struct lm_error why;
    if (lm_books_add(audit->books, record, place, "", 0, error) < 0)
        return -1;
    if (lm_settle_add(audit->settle, record, place->source, place->line, &why) < 0)
        return refuse(audit, record, place, &why, error);
    for (size_t i = 0; i < audit->month_count; i++) {
        if (lm_bills_add(audit->months[i].bills, record, place->source, place->line, &why) < 0)
            return refuse(audit, record, place, &why, error);
    }
    return 0;
}

static int use_by_type(struct lm_audit *audit, const struct lm_audit_item *item,
                       const struct lm_place *place, struct lm_error *error) {
    const struct lm_record *record = &item->record;
    switch (record->type) {
    case LM_TYPE_CLEARING:
        if (use_clearing(audit, &record->as.clearing, error) < 0)
            return -1;
        return lm_audit_issued(audit, record, place, error);
    case LM_TYPE_TRADE:
        return lm_audit_issued(audit, record, place, error);
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
    case LM_TYPE_TRANSFER:
        return use_settlement(audit, item, place, error);
    case LM_TYPE_READING:
        return use_reading(audit, item, place, error);
    case LM_TYPE_BILL:
        return use_bill(audit, record, place, error);
    case LM_TYPE_TOTAL:
        return use_total(audit, record, place, error);
    case LM_TYPE_TARIFF:
    case LM_TYPE_CONTRACT:
    case LM_TYPE_NETWORK_FEE:
    case LM_TYPE_MARKET_RULES:
        return lm_terms_history_add(&audit->terms, record, find_signer(audit, record), place,
                                    error);
    default:
        return 0;
    }
}

int lm_audit_use(struct lm_audit *audit, const struct lm_audit_item *item, struct lm_error *error) {
    struct lm_place place = lm_audited_place(item->audited, item->number, &item->record);
    if (use_by_type(audit, item, &place, error) < 0)
        return -1;
    return hand_on(audit, &item->record, &place, error);
}
