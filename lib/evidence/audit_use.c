/* The second pass: each record goes to those who will recompute what it is about. */
#include <stdio.h>
#include <string.h>

#include "lib/crypto/jws.h"
#include "lib/evidence/audit_state.h"
#include "lib/evidence/names.h"
#include "lib/record/latest.h"
#include "lib/registry/authority.h"

/* What the whole market goes by is held to the very bytes: a period clears to one result, whoever
 * clears it. In the others, members that are free to be added are their issuer's own matter. */
static bool is_exact(enum lm_type type) {
    return type == LM_TYPE_CLEARING || type == LM_TYPE_TRADE;
}

int lm_audit_issued(struct lm_audit *audit, const struct lm_record *record,
                    const struct lm_place *place, struct lm_error *error) {
    struct lm_issued_key key;
    if (!lm_issued_key(record->type, &record->as, &audit->name, &key))
        return 0;
    const struct lm_buffer *meaning = &audit->payload;
    lm_buffer_reset(&audit->payload);
    lm_record_payload(record, &audit->payload);
    if (!is_exact(record->type)) {
        meaning = &audit->meaning;
        lm_buffer_reset(&audit->meaning);
        lm_record_write(record->type, &record->as, &audit->meaning);
    }
    if (!lm_buffer_ok(&audit->name) || !lm_buffer_ok(&audit->payload) || !lm_buffer_ok(meaning))
        return lm_fail_memory(error);
    return lm_comparison_issued(audit->comparison, &key, &audit->payload, meaning, place, error);
}

int64_t lm_audit_instant(const struct lm_audit *audit, const struct lm_record *record) {
    if (record->wrapped)
        return record->entry_at_s;
    return record->type == LM_TYPE_RECEIPT
               ? lm_registry_signed_at(audit->registry, record, audit->options.now_s)
               : audit->options.now_s;
}

const char *lm_audit_signer(const struct lm_audit *audit, const struct lm_record *record) {
    struct lm_registered registered;
    struct lm_error ignored;
    char kid[LM_DIGEST_TEXT_SIZE];
    int64_t at_s = lm_audit_instant(audit, record);
    if (lm_jws_kid(&record->signature, kid, &ignored) < 0 ||
        lm_registry_signer(audit->registry, kid, lm_record_subject(record->type, &record->as), at_s,
                           &registered, &ignored) < 0)
        return NULL;
    return registered.id;
}

/* A log of clearings is one of notices as well. */
static int use_clearing(struct lm_audit *audit, const struct lm_audit_item *item,
                        const struct lm_place *place, struct lm_error *error) {
    const struct lm_clearing *clearing = &item->record.as.clearing;
    if (lm_period_set_add(&audit->cleared, clearing->period, error) < 0)
        return -1;
    if (lm_audited_keeper(item->audited, item->number) && item->record.wrapped &&
        lm_terms_history_auction(&audit->terms, clearing, item->record.entry_at_s, place, error) <
            0)
        return -1;
    if (!item->audited->log)
        return 0;
    return lm_audit_expect_notices(audit, clearing->market, clearing->period, error);
}

/* Who issues outside of logs keeps none that is missing here. */
static int note_sight(struct lm_audit *audit, const struct lm_audit_item *item, const char *party,
                      struct lm_error *error) {
    uint32_t number;
    return item->audited->log
               ? 0
               : lm_names_add(&audit->in_sight, party, strlen(party), &number, error);
}

/* Where something of the period may have been adjusted, settlements are put by. */
static int use_settlement(struct lm_audit *audit, const struct lm_audit_item *item,
                          const struct lm_place *place, struct lm_error *error) {
    const struct lm_record *record = &item->record;
    bool transfer = record->type == LM_TYPE_TRANSFER;
    struct lm_period period = transfer ? record->as.transfer.period : record->as.settlement.period;
    if (note_sight(audit, item,
                   transfer ? record->as.transfer.from : record->as.settlement.supplier, error) < 0)
        return -1;
    if ((record->type == LM_TYPE_ADJUSTMENT &&
         lm_period_set_add(&audit->adjusted, period, error) < 0) ||
        lm_period_set_add(&audit->settled, period, error) < 0)
        return -1;
    if (!lm_period_set_has(&audit->maybe_adjusted, period))
        return lm_audit_issued(audit, record, place, error);
    if (!transfer && lm_adjustments_add(&audit->adjustments, record, place,
                                        lm_audited_keeper(item->audited, item->number), error) < 0)
        return -1;
    const struct lm_audit_deferred deferred = {*place, period, record->type, item->size};
    lm_buffer_bytes(&audit->deferred, (const char *)&deferred, sizeof deferred);
    lm_buffer_bytes(&audit->deferred, audit->texts.data + item->start, item->size);
    return lm_buffer_ok(&audit->deferred) ? 0 : lm_fail_memory(error);
}

/* An order counts only where the witnesses had seen it when its gate closed, or soon after. */
static int check_anchor(struct lm_audit *audit, const struct lm_audit_item *item,
                        const struct lm_place *place, struct lm_error *error) {
    const struct lm_order *order = &item->record.as.order;
    struct lm_registered_rules rules;
    struct lm_error ignored;
    char gate[LM_TIME_SIZE];
    char text[512];
    if (audit->options.witness_count == 0 || !item->audited->log ||
        lm_registry_rules(audit->registry, order->market, order->period.start_s, &rules, &ignored) <
            0)
        return 0;
    /* Both are below 2^53, and 60 · 2^53 fits. */
    int64_t gate_s = order->period.start_s - 60 * rules.gate_minutes;
    /* What its keeper says came late is refused, whoever has seen it. */
    if (item->record.entry_at_s >= gate_s ||
        lm_commitments_anchored(item->audited, item->number, gate_s + rules.grace_seconds))
        return 0;
    (void)lm_instant_format(gate_s, gate);
    (void)snprintf(text, sizeof text,
                   "order %s of %s is under no checkpoint that the witnesses had cosigned when its "
                   "gate closed at %s",
                   order->id, order->from, gate);
    return lm_findings_tell(&audit->findings, lm_code_word(LM_CODE_UNANCHORED),
                            lm_audited_keeper(item->audited, item->number), place, 1, text, error);
}

static int use_reading(struct lm_audit *audit, const struct lm_audit_item *item,
                       const struct lm_place *place, struct lm_error *error) {
    const struct lm_reading *reading = &item->record.as.reading;
    struct lm_registered meter;
    struct lm_error ignored;
    if (lm_period_set_add(&audit->settled, reading->period, error) < 0)
        return -1;
    if (lm_period_set_has(&audit->maybe_adjusted, reading->period) &&
        lm_registry_by_id(audit->registry, reading->meter, reading->period.start_s, &meter,
                          &ignored) == 0 &&
        meter.user && lm_adjustments_reading(&audit->adjustments, reading, meter.user, error) < 0)
        return -1;
    return lm_readings_add(&audit->readings, &item->record, lm_audit_is_behind(audit, item), place,
                           lm_audited_keeper(item->audited, item->number), &audit->findings, error);
}

/* A reading that counts for nothing where it stands. That its meter has signed another of that name
 * is so all the same, but not where the key is not good now: when it was used nobody can say. */
static int see_elsewhere(struct lm_audit *audit, const struct lm_audit_item *item,
                         const struct lm_place *place, struct lm_error *error) {
    struct lm_error why;
    const char *signer;
    if (item->record.type != LM_TYPE_READING)
        return 0;
    if (lm_registry_check(audit->registry, &item->record, audit->options.now_s, &signer, &why) == 0)
        return lm_readings_see(&audit->readings, &item->record, place, error);
    if (lm_reason_exit(why.reason) == LM_EXIT_REJECT)
        return 0;
    *error = why;
    return -1;
}

/* What counts, though no log says when it came, where nothing that one holds does. */
static bool is_terms(enum lm_type type) {
    return type == LM_TYPE_TARIFF || type == LM_TYPE_CONTRACT || type == LM_TYPE_NETWORK_FEE;
}

/* What somebody has signed says something about her, wherever it stands. */
static int see_terms(struct lm_audit *audit, const struct lm_audit_item *item,
                     const struct lm_place *place, struct lm_error *error) {
    const char *signer = is_terms(item->record.type) ? lm_audit_signer(audit, &item->record) : NULL;
    return signer ? lm_terms_history_stray(&audit->terms, &item->record, signer, place, error) : 0;
}

static int use_notice(struct lm_audit *audit, const struct lm_record *record,
                      const struct lm_place *place, struct lm_error *error) {
    const struct lm_notice *notice = &record->as.notice;
    if (lm_audit_expect_notices(audit, notice->market, notice->period, error) < 0)
        return -1;
    return lm_audit_issued(audit, record, place, error);
}

static int use_bill(struct lm_audit *audit, const struct lm_audit_item *item,
                    const struct lm_place *place, struct lm_error *error) {
    const struct lm_record *record = &item->record;
    if (note_sight(audit, item, record->as.bill.supplier, error) < 0 ||
        lm_audit_expect_bills(audit, &record->as.bill, error) < 0)
        return -1;
    return lm_audit_issued(audit, record, place, error);
}

static int use_total(struct lm_audit *audit, const struct lm_record *record,
                     const struct lm_place *place, struct lm_error *error) {
    const char *signer = lm_audit_signer(audit, record);
    return signer ? lm_readings_total(&audit->readings, record, signer, place, error) : 0;
}

/* A record that books, settlement or bills refuse by itself is a finding: its signer's. */
static int refuse(struct lm_audit *audit, const struct lm_record *record,
                  const struct lm_place *place, const struct lm_error *why,
                  struct lm_error *error) {
    if (lm_reason_exit(why->reason) == LM_EXIT_REJECT)
        return lm_findings_refuse(&audit->findings, why, lm_audit_signer(audit, record), place,
                                  error);
    *error = *why;
    return -1;
}

int lm_audit_as_held(const struct lm_audit *audit, const struct lm_audit_item *item,
                     struct lm_record *held, bool *counts, struct lm_error *error) {
    *counts = !item->stray || is_terms(item->record.type);
    if (lm_registry_as_known(audit->registry, &item->record, held, error) < 0)
        return -1;
    if (item->stray) {
        held->wrapped = true;
        held->entry_at_s = LM_KNOWN_NEVER;
    }
    return 0;
}

static int hand_on(struct lm_audit *audit, const struct lm_audit_item *item,
                   const struct lm_place *place, struct lm_error *error) {
    const struct lm_record *record = &item->record;
    struct lm_record held;
    struct lm_error why;
    bool counts;
    if (lm_audit_as_held(audit, item, &held, &counts, error) < 0)
        return -1;
    if (!counts)
        return 0;
    if (lm_audit_note_outlook(audit, item, &held, error) < 0)
        return -1;
    if (lm_audit_remake_add(&audit->strict, &held, place, &why) < 0)
        return refuse(audit, record, place, &why, error);
    if (lm_bills_add(audit->bills, &held, place->source, place->line, &why) < 0)
        return refuse(audit, record, place, &why, error);
    return 0;
}

static int use_by_type(struct lm_audit *audit, const struct lm_audit_item *item,
                       const struct lm_place *place, struct lm_error *error) {
    const struct lm_record *record = &item->record;
    switch (record->type) {
    case LM_TYPE_ORDER:
        return check_anchor(audit, item, place, error);
    case LM_TYPE_CLEARING:
        if (use_clearing(audit, item, place, error) < 0)
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
    case LM_TYPE_NOTICE:
        return use_notice(audit, record, place, error);
    case LM_TYPE_BILL:
        return use_bill(audit, item, place, error);
    case LM_TYPE_TOTAL:
        return use_total(audit, record, place, error);
    case LM_TYPE_TARIFF:
    case LM_TYPE_CONTRACT:
    case LM_TYPE_NETWORK_FEE:
    case LM_TYPE_MARKET_RULES:
        return lm_terms_history_add(&audit->terms, record, lm_audit_signer(audit, record),
                                    lm_audited_keeper(item->audited, item->number), place, error);
    default:
        return 0;
    }
}

int lm_audit_use(struct lm_audit *audit, const struct lm_audit_item *item, struct lm_error *error) {
    struct lm_place place = lm_audited_place(item->audited, item->number, &item->record);
    if (item->stray && (see_elsewhere(audit, item, &place, error) < 0 ||
                        see_terms(audit, item, &place, error) < 0))
        return -1;
    if (item->stray)
        return hand_on(audit, item, &place, error);
    if (lm_audit_misplaced(audit, item))
        return see_elsewhere(audit, item, &place, error) < 0
                   ? -1
                   : lm_findings_tell(
                         &audit->findings, lm_code_word(LM_CODE_MISPLACED),
                         lm_audit_blame(audit, lm_audited_keeper(item->audited, item->number)),
                         &place, 1,
                         "this log's keeper is not who the record is for: it counts for "
                         "nothing here",
                         error);
    if (use_by_type(audit, item, &place, error) < 0)
        return -1;
    return item->late ? 0 : hand_on(audit, item, &place, error);
}
