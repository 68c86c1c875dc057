/* A market made again, from its records: auctions, their notices, settlement. */
#include <string.h>

#include "lib/evidence/audit_state.h"
#include "lib/evidence/names.h"
#include "lib/record/price_rule.h"

int lm_audit_remake_start(struct lm_audit_remake *remake, struct lm_audit *audit,
                          const struct lm_audited *log, struct lm_error *error) {
    const bool market = !log || log->keeper_role == LM_ROLE_MARKET;
    const bool supplier = !log || log->keeper_role == LM_ROLE_SUPPLIER;
    const struct lm_books_options books_options = {.market = log ? log->keeper : NULL};
    /* Adjustments that are missing are of some month; which does not matter. */
    const struct lm_settle_options settle_options = {
        .supplier = log ? log->keeper : NULL, .month = {1970, 1}, .unbalanced = true};
    remake->audit = audit;
    remake->log = log;
    if (market) {
        remake->books = lm_books_new(&books_options, error);
        remake->inform =
            remake->books ? lm_inform_new(LM_STAGE_CLEARING, LM_ROLE_MARKET, error) : NULL;
    }
    if (supplier)
        remake->settle = lm_settle_new(&settle_options, error);
    return (!market || remake->inform) && (!supplier || remake->settle) ? 0 : -1;
}

void lm_audit_remake_free(struct lm_audit_remake *remake) {
    lm_books_free(remake->books);
    lm_settle_free(remake->settle);
    lm_inform_free(remake->inform);
    lm_outlook_free(&remake->outlook);
}

/* What the rules of an auction do not say, where there are none, its clearing does. */
static int add_book(struct lm_audit_remake *remake, const struct lm_record *record,
                    const struct lm_place *place, struct lm_error *error) {
    const struct lm_clearing *clearing = &record->as.clearing;
    struct lm_price_rule rule;
    if (record->type == LM_TYPE_MARKET_RULES &&
        lm_inform_add(remake->inform, record, place, "", 0, error) < 0)
        return -1;
    if (record->type != LM_TYPE_CLEARING)
        return lm_books_add(remake->books, record, place, "", 0, error);
    if (!lm_price_rule_parse(clearing->price_rule, strlen(clearing->price_rule), &rule))
        return lm_fail(error, LM_DEFECT, "a clearing's price rule does not parse");
    return lm_books_want(remake->books, clearing->market, clearing->period, &rule, error);
}

int lm_audit_remake_add(struct lm_audit_remake *remake, const struct lm_record *record,
                        const struct lm_place *place, struct lm_error *error) {
    if (remake->books && add_book(remake, record, place, error) < 0)
        return -1;
    return remake->settle ? lm_settle_add(remake->settle, record, place->source, place->line, error)
                          : 0;
}

int lm_audit_remade(struct lm_audit_remake *remake, enum lm_type type, const union lm_body *body,
                    bool optional, struct lm_error *error) {
    struct lm_audit *audit = remake->audit;
    struct lm_issued_key key;
    if (!lm_issued_key(type, body, &audit->name, &key))
        return lm_fail(error, LM_DEFECT, "a %s has no name", lm_schema_of(type)->name);
    if (remake->log && strcmp(key.party, remake->log->keeper) != 0)
        return 0;
    lm_buffer_reset(&audit->payload);
    lm_record_write(type, body, &audit->payload);
    if (!lm_buffer_ok(&audit->name) || !lm_buffer_ok(&audit->payload))
        return lm_fail_memory(error);
    if (remake->log)
        return lm_comparison_excused(audit->comparison, &key, &audit->payload, optional, error);
    return lm_comparison_expected(audit->comparison, &key, &audit->payload, optional, error);
}

/* ---- the auction ---- */

static int say_clearing(void *context, const struct lm_clearing *clearing, struct lm_error *error) {
    union lm_body body = {.clearing = *clearing};
    if (lm_audit_auction(context, LM_TYPE_CLEARING, &body, error) < 0)
        return -1;
    return lm_audit_remade(context, LM_TYPE_CLEARING, &body, false, error);
}

static int say_trade(void *context, const struct lm_trade *trade, struct lm_error *error) {
    union lm_body body = {.trade = *trade};
    if (lm_audit_auction(context, LM_TYPE_TRADE, &body, error) < 0)
        return -1;
    return lm_audit_remade(context, LM_TYPE_TRADE, &body, trade->energy_wh == 0, error);
}

/* An order that the market has to refuse is no finding, only that it traded it all the same; the
 * auction is held without it. Rules that contradict each other are, as nothing can be cleared by
 * them. */
static int on_order_reject(void *context, const struct lm_books_rejected *rejected,
                           struct lm_error *error) {
    const struct lm_audit_remake *remake = context;
    struct lm_audit *audit = remake->audit;
    struct lm_issued_key key;
    if (remake->log)
        return 0;
    if (!rejected->from)
        return lm_audit_tell_refused(audit, &rejected->why, &rejected->place, error);
    lm_issued_trade_key(rejected->market, rejected->period, rejected->from, rejected->id,
                        &audit->name, &key);
    if (!lm_buffer_ok(&audit->name))
        return lm_fail_memory(error);
    return lm_comparison_refused(audit->comparison, &key, rejected->why.reason, &rejected->place,
                                 error);
}

static int clear_again(struct lm_audit_remake *remake, struct lm_error *error) {
    const struct lm_books_visitor visitor = {
        .clearing = say_clearing, .trade = say_trade, .context = remake};
    if (lm_books_judge(remake->books, on_order_reject, remake, error) < 0)
        return -1;
    if (lm_books_clear(remake->books, &visitor, error) < 0)
        return -1;
    return lm_audit_remake_notices(remake, error);
}

/* ---- settlement ---- */

/* Where there are only trades, nobody has settled yet, and nobody says that somebody should. */
static bool is_settled(void *context, struct lm_period period) {
    const struct lm_audit *audit = context;
    return lm_period_set_has(&audit->settled, period);
}

static int add_issued(struct lm_audit_remake *remake, const struct lm_record *record,
                      const struct lm_place *place, struct lm_error *error) {
    struct lm_error why;
    if (lm_settle_add_issued(remake->settle, record, place->source, place->line, &why) == 0)
        return 0;
    if (lm_reason_exit(why.reason) != LM_EXIT_REJECT) {
        *error = why;
        return -1;
    }
    return remake->log ? 0
                       : lm_findings_refuse(&remake->audit->findings, &why,
                                            lm_audit_signer(remake->audit, record), place, error);
}

/* Settlements are compared one by one, but for periods that were adjusted: there they and the
 * adjustments have to add up. Transfers are never adjusted, and where nothing flowed or was traded
 * there is nothing to add up to. */
static int hand_on_deferred(struct lm_audit_remake *remake, struct lm_error *error) {
    struct lm_audit *audit = remake->audit;
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
                       lm_settle_is_about(remake->settle, deferred.period);
        int result = 0;
        if (adds_up)
            result = add_issued(remake, &record, &deferred.place, error);
        else if (!remake->log)
            result = lm_audit_issued(audit, &record, &deferred.place, error);
        lm_record_free(&record);
        if (result < 0)
            return -1;
    }
    return 0;
}

static int say_settlement(void *context, enum lm_type type, const struct lm_settlement *settlement,
                          struct lm_error *error) {
    union lm_body body = {.settlement = *settlement};
    return lm_audit_remade(context, type, &body, false, error);
}

static int say_transfer(void *context, const struct lm_transfer *transfer, struct lm_error *error) {
    union lm_body body = {.transfer = *transfer};
    return lm_audit_remade(context, LM_TYPE_TRANSFER, &body, false, error);
}

/* For what cannot be settled nobody is to blame yet, but for terms. */
static int on_settle_reject(void *context, const char *source, uint64_t line,
                            const struct lm_error *why, struct lm_error *error) {
    const struct lm_audit_remake *remake = context;
    const struct lm_place place = {source, line};
    return remake->log ? 0 : lm_audit_tell_refused(remake->audit, why, &place, error);
}

static int settle_again(struct lm_audit_remake *remake, struct lm_error *error) {
    const struct lm_settle_visitor visitor = {.settlement = say_settlement,
                                              .transfer = say_transfer,
                                              .reject = on_settle_reject,
                                              .context = remake};
    lm_settle_only(remake->settle, is_settled, remake->audit);
    if (hand_on_deferred(remake, error) < 0)
        return -1;
    return lm_settle_run(remake->settle, &visitor, error);
}

int lm_audit_remake_run(struct lm_audit_remake *remake, struct lm_error *error) {
    if (remake->books && clear_again(remake, error) < 0)
        return -1;
    return remake->settle ? settle_again(remake, error) : 0;
}
