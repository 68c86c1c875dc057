/* The end of an audit: what should have been issued, beside what was. */
#include <stdio.h>
#include <string.h>

#include "lib/evidence/audit_state.h"
#include "lib/evidence/names.h"

int lm_audit_expect(struct lm_audit *audit, enum lm_type type, const union lm_body *body,
                    bool optional, struct lm_error *error) {
    struct lm_issued_key key;
    if (!lm_issued_key(type, body, &audit->name, &key))
        return lm_fail(error, LM_DEFECT, "a %s has no name", lm_schema_of(type)->name);
    lm_buffer_reset(&audit->payload);
    lm_record_write(type, body, &audit->payload);
    if (!lm_buffer_ok(&audit->name) || !lm_buffer_ok(&audit->payload))
        return lm_fail_memory(error);
    return lm_comparison_expected(audit->comparison, &key, audit->payload.data, audit->payload.size,
                                  optional, error);
}

/* ---- the auction ---- */

static int expect_clearing(void *context, const struct lm_clearing *clearing,
                           struct lm_error *error) {
    union lm_body body = {.clearing = *clearing};
    if (lm_audit_auction(context, LM_TYPE_CLEARING, &body, error) < 0)
        return -1;
    return lm_audit_expect(context, LM_TYPE_CLEARING, &body, false, error);
}

static int expect_trade(void *context, const struct lm_trade *trade, struct lm_error *error) {
    union lm_body body = {.trade = *trade};
    if (lm_audit_auction(context, LM_TYPE_TRADE, &body, error) < 0)
        return -1;
    return lm_audit_expect(context, LM_TYPE_TRADE, &body, trade->energy_wh == 0, error);
}

/* Terms that contradict each other are those of whoever signed both, and are told once. */
static int tell_terms(struct lm_audit *audit, const struct lm_error *why,
                      const struct lm_place *place, struct lm_error *error) {
    const char *party;
    if (!lm_terms_history_tell(&audit->terms, place, &party))
        return 0;
    return lm_findings_refuse(&audit->findings, why, party, place, error);
}

/* An order that the market has to refuse is no finding, only that it traded it all the same; the
 * auction is held without it. Rules that contradict each other are, as nothing can be cleared by
 * them. */
static int on_order_reject(void *context, const struct lm_books_rejected *rejected,
                           struct lm_error *error) {
    struct lm_audit *audit = context;
    struct lm_issued_key key;
    if (!rejected->from)
        return tell_terms(audit, &rejected->why, &rejected->place, error);
    lm_issued_trade_key(rejected->market, rejected->period, rejected->from, rejected->id,
                        &audit->name, &key);
    if (!lm_buffer_ok(&audit->name))
        return lm_fail_memory(error);
    return lm_comparison_refused(audit->comparison, &key, rejected->why.reason, &rejected->place,
                                 error);
}

static int clear_again(struct lm_audit *audit, struct lm_error *error) {
    const struct lm_books_visitor visitor = {
        .clearing = expect_clearing, .trade = expect_trade, .context = audit};
    if (lm_books_judge(audit->books, on_order_reject, audit, error) < 0)
        return -1;
    if (lm_books_clear(audit->books, &visitor, error) < 0)
        return -1;
    return lm_audit_expect_notices(audit, error);
}

/* ---- settlement ---- */

/* Where there are only trades, nobody has settled yet, and nobody says that somebody should. */
static bool is_settled(void *context, struct lm_period period) {
    const struct lm_audit *audit = context;
    return lm_period_set_has(&audit->settled, period);
}

static int add_issued(struct lm_audit *audit, const struct lm_record *record,
                      const struct lm_place *place, struct lm_error *error) {
    struct lm_error why;
    if (lm_settle_add_issued(audit->settle, record, place->source, place->line, &why) == 0)
        return 0;
    if (lm_reason_exit(why.reason) == LM_EXIT_REJECT)
        return lm_findings_refuse(&audit->findings, &why, NULL, place, error);
    *error = why;
    return -1;
}

/* Settlements are compared one by one, but for periods that were adjusted: there they and the
 * adjustments have to add up. Transfers are never adjusted, and where nothing flowed or was traded
 * there is nothing to add up to. */
static int hand_on_deferred(struct lm_audit *audit, struct lm_error *error) {
    for (size_t at = 0; at < audit->deferred.size;) {
        struct lm_audit_deferred deferred;
        struct lm_record record;
        memcpy(&deferred, audit->deferred.data + at, sizeof deferred);
        at += sizeof deferred;
        /* It parsed before. */
        if (lm_record_parse(audit->deferred.data + at, deferred.size, &record, error) < 0)
            return -1;
        at += deferred.size;
        bool adds_up = deferred.type != LM_TYPE_TRANSFER &&
                       lm_period_set_has(&audit->adjusted, deferred.period) &&
                       lm_settle_is_about(audit->settle, deferred.period);
        int result = adds_up ? add_issued(audit, &record, &deferred.place, error)
                             : lm_audit_issued(audit, &record, &deferred.place, error);
        lm_record_free(&record);
        if (result < 0)
            return -1;
    }
    return 0;
}

static int expect_settlement(void *context, enum lm_type type,
                             const struct lm_settlement *settlement, struct lm_error *error) {
    union lm_body body = {.settlement = *settlement};
    return lm_audit_expect(context, type, &body, false, error);
}

static int expect_transfer(void *context, const struct lm_transfer *transfer,
                           struct lm_error *error) {
    union lm_body body = {.transfer = *transfer};
    return lm_audit_expect(context, LM_TYPE_TRANSFER, &body, false, error);
}

/* For what cannot be settled nobody is to blame yet, but for terms. */
static int on_settle_reject(void *context, const char *source, uint64_t line,
                            const struct lm_error *why, struct lm_error *error) {
    struct lm_audit *audit = context;
    const struct lm_place place = {source, line};
    audit->fees_missing = audit->fees_missing || why->reason == LM_NO_FEE;
    audit->reading_missing = audit->reading_missing || why->reason == LM_NO_READING;
    if (why->reason == LM_AMBIGUOUS)
        return tell_terms(audit, why, &place, error);
    return lm_findings_refuse(&audit->findings, why, NULL, &place, error);
}

static int settle_again(struct lm_audit *audit, struct lm_error *error) {
    const struct lm_settle_visitor visitor = {.settlement = expect_settlement,
                                              .transfer = expect_transfer,
                                              .reject = on_settle_reject,
                                              .context = audit};
    lm_settle_only(audit->settle, is_settled, audit);
    if (hand_on_deferred(audit, error) < 0)
        return -1;
    return lm_settle_run(audit->settle, &visitor, error);
}

/* ---- bills ---- */

/* Who has billed somebody for a month has to bill everybody; when that is, nobody says. */
static int expect_bill(void *context, const struct lm_bill *bill, struct lm_error *error) {
    struct lm_audit *audit = context;
    union lm_body body = {.bill = *bill};
    char month[LM_TIME_SIZE];
    uint32_t number;
    (void)lm_month_format(bill->month, month);
    lm_buffer_reset(&audit->name);
    lm_buffer_format(&audit->name, "%s %s", month, bill->supplier);
    if (!lm_buffer_ok(&audit->name))
        return lm_fail_memory(error);
    if (!lm_names_find(&audit->billed, audit->name.data, audit->name.size, &number))
        return 0;
    return lm_audit_expect(audit, LM_TYPE_BILL, &body, false, error);
}

static int bill_again(struct lm_audit *audit, struct lm_error *error) {
    const struct lm_bills_visitor visitor = {
        .bill = expect_bill, .reject = on_settle_reject, .context = audit};
    for (size_t i = 0; i < audit->month_count; i++) {
        if (lm_bills_run(audit->months[i].bills, &visitor, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- what differs ---- */

/* Fees are no supplier's: without them, or where they were changed behind its back, it may have
 * settled as it should. So may a market have cleared, by the rules that it knew. */
static const char *blame(const struct lm_audit *audit, const struct lm_issued_key *key) {
    bool of_fees = key->type == LM_TYPE_SETTLEMENT || key->type == LM_TYPE_ADJUSTMENT;
    bool by_rules =
        key->type == LM_TYPE_CLEARING || key->type == LM_TYPE_TRADE || key->type == LM_TYPE_NOTICE;
    if ((of_fees && (audit->fees_missing || audit->doubts.fees)) ||
        (by_rules && audit->doubts.rules))
        return NULL;
    return lm_audit_blame(audit, key->party);
}

static int tell_used(struct lm_audit *audit, const struct lm_discrepancy *discrepancy,
                     struct lm_error *error) {
    char code[LM_CODE_SIZE];
    char text[512];
    lm_code_of_used(discrepancy->refused, code);
    (void)snprintf(text, sizeof text, "trade %s was issued, but its order had to be refused: %s",
                   discrepancy->key.name, lm_reason_meaning(discrepancy->refused));
    return lm_findings_tell(&audit->findings, code, blame(audit, &discrepancy->key),
                            discrepancy->places, discrepancy->place_count, text, error);
}

/* Where nothing of a period can be settled, that has been told, and says nothing about who settled
 * it all the same. */
static bool is_pardoned(const struct lm_audit *audit, const struct lm_issued_key *key) {
    return (key->type == LM_TYPE_SETTLEMENT || key->type == LM_TYPE_ADJUSTMENT ||
            key->type == LM_TYPE_TRANSFER) &&
           lm_settle_refused(audit->settle, key->period);
}

/* Where keepers' logs are here and PARTY's is not, what it issued may be there. */
static bool is_out_of_sight(const struct lm_audit *audit, const char *party) {
    uint32_t number;
    bool any = false;
    if (lm_names_find(&audit->in_sight, party, strlen(party), &number))
        return false;
    for (size_t i = 0; i < audit->input_count; i++) {
        const char *keeper = audit->inputs[i]->keeper;
        if (keeper && strcmp(keeper, party) == 0)
            return false;
        any = any || (keeper && !audit->inputs[i]->of_registrar);
    }
    return any;
}

static int on_discrepancy(void *context, const struct lm_discrepancy *discrepancy,
                          struct lm_error *error) {
    static const char *const says[] = {
        [LM_DIFFERENCE_DIFFERS] = "is not what it should be",
        [LM_DIFFERENCE_MISSING] = "was not issued",
        [LM_DIFFERENCE_UNFOUNDED] = "was issued and nothing calls for it",
        [LM_DIFFERENCE_REPEATED] = "was issued twice with different content",
    };
    struct lm_audit *audit = context;
    const struct lm_issued_key *key = &discrepancy->key;
    char code[LM_CODE_SIZE];
    char text[512];
    if (is_pardoned(audit, key) ||
        (discrepancy->difference == LM_DIFFERENCE_MISSING && is_out_of_sight(audit, key->party)))
        return 0;
    if (discrepancy->refused != LM_NONE)
        return tell_used(audit, discrepancy, error);
    lm_code_of_difference(key->type, discrepancy->difference, code);
    (void)snprintf(text, sizeof text, "%s %s %s", lm_schema_of(key->type)->name, key->name,
                   says[discrepancy->difference]);
    return lm_findings_tell(&audit->findings, code, blame(audit, key), discrepancy->places,
                            discrepancy->place_count, text, error);
}

static int on_adjustment(void *context, enum lm_adjustment_fault fault, const char *supplier,
                         const char *name, const struct lm_place *place, struct lm_error *error) {
    struct lm_audit *audit = context;
    bool month = fault == LM_ADJUSTMENT_MONTH;
    const struct lm_issued_key key = {.type = LM_TYPE_ADJUSTMENT, .party = supplier};
    char code[LM_CODE_SIZE];
    char text[512];
    lm_code_of_difference(LM_TYPE_ADJUSTMENT,
                          month ? LM_DIFFERENCE_DIFFERS : LM_DIFFERENCE_UNFOUNDED, code);
    (void)snprintf(text, sizeof text, "adjustment %s %s", name,
                   month ? "is for a bill of another time than when it was made"
                         : "was taken back, and no reading had changed");
    return lm_findings_tell(&audit->findings, code, blame(audit, &key), place, 1, text, error);
}

int lm_audit_recompute(struct lm_audit *audit, struct lm_error *error) {
    if (lm_terms_history_doubts(&audit->terms, &audit->doubts, error) < 0 ||
        clear_again(audit, error) < 0 || settle_again(audit, error) < 0 ||
        bill_again(audit, error) < 0)
        return -1;
    /* Of a meter that nobody knew of there is no reading, and who settled without it is right. */
    audit->fees_missing =
        audit->fees_missing || (audit->reading_missing && lm_audit_meter_late(audit));
    if (lm_adjustments_judge(&audit->adjustments, on_adjustment, audit, error) < 0)
        return -1;
    return lm_comparison_finish(audit->comparison, on_discrepancy, audit, error);
}
