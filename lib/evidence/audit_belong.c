/* Whose log a record belongs into, and what it is worth elsewhere. */
#include <stdio.h>
#include <string.h>

#include "lib/evidence/audit_state.h"

/* Whose log a record belongs into, a supplier's terms as well. */
static const char *belongs_to(const struct lm_audit *audit, const struct lm_record *record,
                              struct lm_registered *user) {
    if (record->type == LM_TYPE_TARIFF)
        return record->as.tariff.supplier;
    if (record->type == LM_TYPE_CONTRACT)
        return record->as.contract.supplier;
    return lm_fact_belongs(audit->registry, record, user);
}

bool lm_audit_misplaced(const struct lm_audit *audit, const struct lm_audit_item *item) {
    bool committed = item->audited->log && item->audited->committed > 0;
    return lm_fact_misplaced(audit->registry, &item->record,
                             committed ? item->audited->keeper : NULL);
}

/* What a log that holds such a record is to hold all of. False for records that are not asked for.
 */
static bool write_kind(const struct lm_audited *audited, const struct lm_record *record,
                       struct lm_buffer *name) {
    const union lm_body *as = &record->as;
    char period[LM_TIME_SIZE];
    lm_buffer_reset(name);
    lm_buffer_format(name, "%zu ", audited->place);
    switch (record->type) {
    case LM_TYPE_ORDER:
        (void)lm_period_format(as->order.period, period);
        lm_buffer_format(name, "order %s %s", period, as->order.market);
        return true;
    case LM_TYPE_READING:
        (void)lm_period_format(as->reading.period, period);
        lm_buffer_format(name, "reading %s", period);
        return true;
    case LM_TYPE_TARIFF:
        lm_buffer_format(name, "tariff %s %s", as->tariff.supplier,
                         as->tariff.id ? as->tariff.id : "");
        return true;
    case LM_TYPE_CONTRACT:
        lm_buffer_format(name, "terms %s", as->contract.supplier);
        return true;
    case LM_TYPE_NETWORK_FEE:
        lm_buffer_format(name, "fee %s %s", as->network_fee.by, as->network_fee.region);
        return true;
    default:
        return false;
    }
}

bool lm_audit_holds_orders(const struct lm_audit *audit, const struct lm_audited *audited,
                           const char *market, struct lm_period period) {
    char text[LM_TIME_SIZE];
    char name[LM_TIME_SIZE + LM_ID_SIZE_MAX + 32];
    uint32_t number;
    (void)lm_period_format(period, text);
    int size = snprintf(name, sizeof name, "%zu order %s %s", audited->place, text, market);
    return size > 0 && lm_names_find(&audit->kinds, name, (size_t)size, &number);
}

static int note_name(struct lm_audit *audit, struct lm_error *error) {
    uint32_t number;
    if (!lm_buffer_ok(&audit->name))
        return lm_fail_memory(error);
    return lm_names_add(&audit->kinds, audit->name.data, audit->name.size, &number, error);
}

int lm_audit_note_kind(struct lm_audit *audit, const struct lm_audited *audited,
                       const struct lm_record *record, struct lm_error *error) {
    if (!write_kind(audited, record, &audit->name))
        return 0;
    if (note_name(audit, error) < 0)
        return -1;
    if (record->type != LM_TYPE_TARIFF)
        return 0;
    /* Whose tariffs are in her log has her contracts there. */
    lm_buffer_reset(&audit->name);
    lm_buffer_format(&audit->name, "%zu terms %s", audited->place, record->as.tariff.supplier);
    return note_name(audit, error);
}

/* Whether a log comes before where a record stands. A fee is in the log that a market lets all
 * read, else in those of suppliers; a supplier's terms are in her own, or in a market's. */
static bool comes_before(const struct lm_audited *log, const struct lm_audit_item *item,
                         const char *owner) {
    bool committed = item->audited->log && item->audited->keeper;
    if (!log->log || !log->keeper)
        return false;
    bool terms = item->record.type == LM_TYPE_TARIFF || item->record.type == LM_TYPE_CONTRACT;
    if (item->record.type != LM_TYPE_NETWORK_FEE)
        return !committed && owner &&
               (strcmp(log->keeper, owner) == 0 || (terms && log->keeper_role == LM_ROLE_MARKET));
    return !committed ||
           (log->keeper_role == LM_ROLE_MARKET && item->audited->keeper_role != LM_ROLE_MARKET);
}

int lm_audit_stray(struct lm_audit *audit, struct lm_audit_item *item, struct lm_error *error) {
    struct lm_registered user;
    uint32_t number;
    bool committed = item->audited->log && item->audited->keeper;
    if (!item->good || (committed && item->record.type != LM_TYPE_NETWORK_FEE))
        return 0;
    const char *owner = belongs_to(audit, &item->record, &user);
    for (size_t i = 0; !item->stray && i < audit->input_count; i++) {
        const struct lm_audited *audited = audit->inputs[i];
        if (!comes_before(audited, item, owner) ||
            !write_kind(audited, &item->record, &audit->name))
            continue;
        if (!lm_buffer_ok(&audit->name))
            return lm_fail_memory(error);
        item->stray = lm_names_find(&audit->kinds, audit->name.data, audit->name.size, &number);
    }
    return 0;
}
