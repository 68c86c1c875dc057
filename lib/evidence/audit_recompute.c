/* The end of an audit: what should have been issued, beside what was. */
#include <stdio.h>
#include <string.h>

#include "lib/evidence/audit_state.h"
#include "lib/evidence/names.h"

int lm_audit_tell_refused(struct lm_audit *audit, const struct lm_error *why,
                          const struct lm_place *place, struct lm_error *error) {
    const char *party = NULL;
    if (why->reason == LM_AMBIGUOUS && !lm_terms_history_tell(&audit->terms, place, &party))
        return 0;
    return lm_findings_refuse(&audit->findings, why, party, place, error);
}

/* ---- bills ---- */

/* Who has billed somebody for a month has to bill everybody; when that is, nobody says. */
static int say_bill(void *context, const struct lm_bill *bill, struct lm_error *error) {
    struct lm_audit *audit = context;
    union lm_body body = {.bill = *bill};
    bool expected;
    if (lm_audit_expects_bill(audit, bill, &expected, error) < 0)
        return -1;
    if (!expected)
        return 0;
    return lm_audit_remade(&audit->strict, LM_TYPE_BILL, &body, false, error);
}

static int on_bill_reject(void *context, const char *source, uint64_t line,
                          const struct lm_error *why, struct lm_error *error) {
    struct lm_audit *audit = context;
    const struct lm_place place = {source, line};
    return lm_audit_tell_refused(audit, why, &place, error);
}

static int bill_again(struct lm_audit *audit, struct lm_error *error) {
    const struct lm_bills_visitor visitor = {
        .bill = say_bill, .reject = on_bill_reject, .context = audit};
    return lm_bills_run(audit->bills, &visitor, error);
}

/* ---- what is due ---- */

/* By when an input's keeper says that it was as it is here. */
static int64_t newest_of(const struct lm_audited *audited) {
    return audited->signed_s > audited->newest_at_s ? audited->signed_s : audited->newest_at_s;
}

/* How far the logs of markets go, or of one; LM_ABSENT where there is none. */
static int64_t markets_until(const struct lm_audit *audit, const char *market) {
    int64_t until_s = LM_ABSENT;
    for (size_t i = 0; i < audit->input_count; i++) {
        const struct lm_audited *audited = audit->inputs[i];
        if (audited->keeper && audited->keeper_role == LM_ROLE_MARKET &&
            (!market || strcmp(audited->keeper, market) == 0) &&
            (until_s == LM_ABSENT || newest_of(audited) > until_s))
            until_s = newest_of(audited);
    }
    return until_s;
}

/* The same of the log that holds a period's orders, where one does. */
static int64_t book_until(const struct lm_audit *audit, const struct lm_issued_key *key) {
    for (size_t i = 0; i < audit->input_count; i++) {
        const struct lm_audited *audited = audit->inputs[i];
        if (audited->keeper && strcmp(audited->keeper, key->party) == 0 &&
            lm_audit_holds_orders(audit, audited, key->party, key->period))
            return newest_of(audited);
    }
    return markets_until(audit, key->party);
}

static bool is_of_auction(enum lm_type type) {
    return type == LM_TYPE_CLEARING || type == LM_TYPE_TRADE || type == LM_TYPE_NOTICE;
}

static bool is_of_settlement(enum lm_type type) {
    return type == LM_TYPE_SETTLEMENT || type == LM_TYPE_ADJUSTMENT || type == LM_TYPE_TRANSFER;
}

/* A market has cleared, and told all, when the period begins. */
static bool is_auction_due(const struct lm_audit *audit, const struct lm_issued_key *key) {
    int64_t until_s = book_until(audit, key);
    return (until_s == LM_ABSENT ? audit->options.now_s : until_s) >= key->period.start_s;
}

/* By when a period has to be settled: at the end of the month that follows its own. */
static int64_t settled_by(struct lm_period period) {
    struct lm_civil civil = lm_civil_from_seconds(period.start_s);
    struct lm_month month = {civil.year + civil.month / 12, civil.month % 12 + 1};
    return lm_month_end(month);
}

/* A supplier has settled a period when it settles or bills a later one, or at the latest by then.
 */
static bool is_settlement_due(const struct lm_audit *audit, const struct lm_issued_key *key) {
    bool any = false;
    for (size_t i = 0; i < audit->input_count; i++) {
        const struct lm_audited *audited = audit->inputs[i];
        if (!audited->keeper || strcmp(audited->keeper, key->party) != 0)
            continue;
        any = true;
        if (audited->settled_until_s >= key->period.start_s ||
            newest_of(audited) >= settled_by(key->period))
            return true;
    }
    return !any;
}

/* What a copy of before does not have is not missing. */
static bool is_due(const struct lm_audit *audit, const struct lm_issued_key *key) {
    if (is_of_auction(key->type))
        return is_auction_due(audit, key);
    return !is_of_settlement(key->type) || is_settlement_due(audit, key);
}

/* Whoever settles has seen auctions that no log of a market here reaches. */
static bool is_beyond_markets(const struct lm_audit *audit, const struct lm_issued_key *key) {
    if (!is_of_settlement(key->type) || lm_period_set_has(&audit->cleared, key->period))
        return false;
    int64_t until_s = markets_until(audit, NULL);
    return until_s != LM_ABSENT && until_s < key->period.start_s;
}

/* ---- what differs ---- */

/* Fees are no supplier's, and rules no market's: without them, or before they were known, it may
 * have done as it should; and who issues just what they call for as she could know them has gone by
 * what was there. */
static const char *blame(const struct lm_audit *audit, const struct lm_issued_key *key,
                         bool excused) {
    bool by_fees = key->type == LM_TYPE_SETTLEMENT || key->type == LM_TYPE_ADJUSTMENT;
    bool by_rules = is_of_auction(key->type);
    if (excused || is_beyond_markets(audit, key) ||
        (by_fees && lm_settle_lacks_fee(audit->strict.settle, key->period)) ||
        (by_rules && lm_books_late(audit->strict.books, key->party, key->period)))
        return NULL;
    return lm_audit_blame(audit, key->party);
}

/* Where nothing of a period can be settled, that has been told, and says nothing about who settled
 * it all the same. */
static bool is_pardoned(const struct lm_audit *audit, const struct lm_issued_key *key) {
    return is_of_settlement(key->type) && lm_settle_refused(audit->strict.settle, key->period);
}

struct differing {
    const struct lm_audit *audit;
    struct lm_names *parties;
};

/* Who would be named if she had no excuse. */
static int note_party(void *context, const struct lm_discrepancy *discrepancy,
                      struct lm_error *error) {
    const struct differing *differing = context;
    const struct lm_issued_key *key = &discrepancy->key;
    const char *party =
        is_pardoned(differing->audit, key) ? NULL : blame(differing->audit, key, false);
    uint32_t number;
    return party ? lm_names_add(differing->parties, party, strlen(party), &number, error) : 0;
}

static int tell_used(struct lm_audit *audit, const struct lm_discrepancy *discrepancy,
                     struct lm_error *error) {
    char code[LM_CODE_SIZE];
    char text[512];
    lm_code_of_used(discrepancy->refused, code);
    (void)snprintf(text, sizeof text, "trade %s was issued, but its order had to be refused: %s",
                   discrepancy->key.name, lm_reason_meaning(discrepancy->refused));
    return lm_findings_tell(&audit->findings, code,
                            blame(audit, &discrepancy->key, discrepancy->excused),
                            discrepancy->places, discrepancy->place_count, text, error);
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
        any = any || (keeper && audit->inputs[i]->keeper_role != LM_ROLE_REGISTRAR);
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
    bool missing = discrepancy->difference == LM_DIFFERENCE_MISSING;
    if (is_pardoned(audit, key) || (missing && is_out_of_sight(audit, key->party)))
        return 0;
    if (missing && !is_due(audit, key)) {
        audit->not_due++;
        return 0;
    }
    if (discrepancy->refused != LM_NONE)
        return tell_used(audit, discrepancy, error);
    lm_code_of_difference(key->type, discrepancy->difference, code);
    (void)snprintf(text, sizeof text, "%s %s %s", lm_schema_of(key->type)->name, key->name,
                   says[discrepancy->difference]);
    return lm_findings_tell(&audit->findings, code,
                            blame(audit, &discrepancy->key, discrepancy->excused),
                            discrepancy->places, discrepancy->place_count, text, error);
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
    return lm_findings_tell(&audit->findings, code, blame(audit, &key, false), place, 1, text,
                            error);
}

int lm_audit_recompute(struct lm_audit *audit, struct lm_names *parties, struct lm_error *error) {
    struct differing differing = {audit, parties};
    if (lm_audit_remake_run(&audit->strict, error) < 0 || bill_again(audit, error) < 0)
        return -1;
    return lm_comparison_each(audit->comparison, note_party, &differing, error);
}

int lm_audit_compare(struct lm_audit *audit, struct lm_error *error) {
    for (size_t i = 0; i < audit->excuse_count; i++) {
        if (lm_audit_remake_run(&audit->excuses[i], error) < 0)
            return -1;
    }
    if (lm_adjustments_judge(&audit->adjustments, on_adjustment, audit, error) < 0)
        return -1;
    return lm_comparison_each(audit->comparison, on_discrepancy, audit, error);
}
