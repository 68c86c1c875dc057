/* "My bill is wrong": the bill by its settlements, those by readings, trades and terms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/groups.h"
#include "lib/evidence/dispute_parts.h"
#include "lib/evidence/period_set.h"
#include "lib/settle/bills.h"
#include "lib/settle/settle.h"

struct judging {
    struct lm_dispute *dispute;
    struct lm_settle *settle; /* that makes its settlements again */
    bool lenient;             /* by the fees that any keeper's log had, too */
    struct lm_fact *bill;
    const char *supplier;
    struct lm_groups settlements; /* that supplier's with her, by period; places in the view */
    struct lm_period_set traded;  /* the periods that she has a trade in */
    struct lm_groups cleared;     /* clearings by period; places in the view */
    struct lm_period_set made;    /* the periods of those that were made again */
    struct lm_period_set excused; /* the periods that were settled by such fees */
    struct lm_period_set billed;  /* the periods of those that the bill rests on */
    bool any;                     /* the bill was made again */
    bool differs;                 /* and is another one */
    struct lm_fact *wrong;        /* a settlement that is not what it should be */
    struct lm_fact *unmade;       /* a settlement that could not be made again */
    bool doubted;                 /* something could not be made again: */
    char why[256];
};

static const char *claimant_of(const struct judging *judging) {
    return judging->dispute->claim->claimant;
}

/* Whether a record, made again, is the one that was issued. */
static int compare(enum lm_type type, const void *made, const struct lm_fact *issued, bool *differs,
                   struct lm_error *error) {
    struct lm_buffer ours = {0};
    struct lm_buffer theirs = {0};
    lm_record_write(type, made, &ours);
    lm_record_payload(&issued->record, &theirs);
    bool ok = lm_buffer_ok(&ours) && lm_buffer_ok(&theirs);
    *differs = ok && (ours.size != theirs.size || memcmp(ours.data, theirs.data, ours.size) != 0);
    lm_buffer_free(&ours);
    lm_buffer_free(&theirs);
    return ok ? 0 : lm_fail_memory(error);
}

/* Months are local, and zones reach from 14 hours before UTC to 12 behind. */
static bool may_be_in_month(struct lm_month month, struct lm_period period) {
    struct lm_civil first = {.year = month.year, .month = month.month, .day = 1};
    struct lm_civil next = {
        .year = month.year + (month.month == 12), .month = month.month % 12 + 1, .day = 1};
    return period.start_s >= lm_civil_to_seconds(&first) - (int64_t)14 * 3600 &&
           period.start_s < lm_civil_to_seconds(&next) + (int64_t)12 * 3600;
}

static bool is_own_settlement(const struct judging *judging, const struct lm_fact *fact) {
    const struct lm_settlement *settlement = &fact->record.as.settlement;
    return (fact->record.type == LM_TYPE_SETTLEMENT || fact->record.type == LM_TYPE_ADJUSTMENT) &&
           fact->counts && !fact->repeated && fact->log &&
           strcmp(settlement->party, claimant_of(judging)) == 0 &&
           strcmp(settlement->supplier, judging->supplier) == 0;
}

static bool is_own_trade(const struct judging *judging, const struct lm_fact *fact) {
    return fact->record.type == LM_TYPE_TRADE && fact->counts && fact->log &&
           strcmp(fact->record.as.trade.from, claimant_of(judging)) == 0;
}

static int place_in(struct lm_groups *groups, struct lm_period period, size_t place,
                    struct lm_error *error) {
    int64_t key[2];
    lm_period_key(period, key);
    struct lm_group *group = lm_groups_enter(groups, key, sizeof key, error);
    return group ? lm_group_add(group, place, error) : -1;
}

/* Sorts what is asked for by its period. */
static int sort_facts(struct judging *judging, struct lm_error *error) {
    const struct lm_view *view = judging->dispute->view;
    int result = 0;
    for (size_t i = 0; i < view->count && result == 0; i++) {
        const struct lm_fact *fact = view->items[i];
        const union lm_body *body = &fact->record.as;
        if (is_own_settlement(judging, fact))
            result = place_in(&judging->settlements, body->settlement.period, i, error);
        else if (is_own_trade(judging, fact))
            result = lm_period_set_add(&judging->traded, body->trade.period, error);
        else if (fact->record.type == LM_TYPE_CLEARING && fact->counts && fact->log)
            result = place_in(&judging->cleared, body->clearing.period, i, error);
    }
    return result;
}

static const struct lm_group *settlements_of(const struct judging *judging,
                                             struct lm_period period) {
    int64_t key[2];
    lm_period_key(period, key);
    return lm_groups_find(&judging->settlements, key, sizeof key);
}

static struct lm_fact *settlement_at(const struct judging *judging, const struct lm_group *group,
                                     size_t i) {
    return judging->dispute->view->items[group->items[i]];
}

/* ---- the bill ---- */

static int on_bill(void *context, const struct lm_bill *bill, struct lm_error *error) {
    struct judging *judging = context;
    if (strcmp(bill->user, claimant_of(judging)) != 0)
        return 0;
    judging->any = true;
    return compare(LM_TYPE_BILL, bill, judging->bill, &judging->differs, error);
}

static int doubt(struct judging *judging, const char *why) {
    if (judging->lenient)
        return 0;
    if (!judging->doubted)
        (void)snprintf(judging->why, sizeof judging->why, "%s", why);
    judging->doubted = true;
    return 0;
}

static int on_doubt(void *context, const char *source, uint64_t line, const struct lm_error *why,
                    struct lm_error *error) {
    (void)source;
    (void)line;
    (void)error;
    return doubt(context, why->detail);
}

static bool is_for_bill(const struct judging *judging, const struct lm_fact *fact) {
    const struct lm_record *record = &fact->record;
    if (!fact->counts)
        return false;
    switch (record->type) {
    case LM_TYPE_TARIFF:
        return strcmp(record->as.tariff.supplier, judging->supplier) == 0;
    case LM_TYPE_CONTRACT:
        return strcmp(record->as.contract.user, claimant_of(judging)) == 0;
    case LM_TYPE_BILL:
        return fact->log && strcmp(record->as.bill.user, claimant_of(judging)) == 0 &&
               strcmp(record->as.bill.supplier, judging->supplier) == 0 &&
               lm_month_compare(record->as.bill.month, judging->dispute->month) < 0;
    case LM_TYPE_SETTLEMENT:
        return is_own_settlement(judging, fact) &&
               may_be_in_month(judging->dispute->month, record->as.settlement.period);
    case LM_TYPE_ADJUSTMENT:
        return is_own_settlement(judging, fact) &&
               lm_month_compare(record->as.settlement.month, judging->dispute->month) == 0;
    default:
        return false;
    }
}

static int bill_again(struct judging *judging, struct lm_error *error) {
    const struct lm_bills_options options = {.supplier = judging->supplier,
                                             .month = judging->dispute->month};
    const struct lm_bills_visitor visitor = {
        .bill = on_bill, .reject = on_doubt, .context = judging};
    struct lm_bills *bills = lm_bills_new(&options, error);
    int result = bills ? 0 : -1;
    for (size_t i = 0; i < judging->dispute->view->count && result == 0; i++) {
        struct lm_fact *fact = judging->dispute->view->items[i];
        if (!is_for_bill(judging, fact))
            continue;
        fact->used = true;
        if (is_own_settlement(judging, fact) &&
            lm_period_set_add(&judging->billed, fact->record.as.settlement.period, error) < 0) {
            result = -1;
            break;
        }
        struct lm_error why;
        if (lm_bills_add(bills, &fact->record, "", i + 1, &why) == 0)
            continue;
        if (lm_reason_exit(why.reason) != LM_EXIT_REJECT) {
            *error = why;
            result = -1;
            continue;
        }
        (void)on_doubt(judging, NULL, 0, &why, error);
    }
    if (result == 0)
        result = lm_bills_run(bills, &visitor, error);
    lm_bills_free(bills);
    return result;
}

/* ---- its settlements ---- */

/* Where it was adjusted, all that was issued has to add up to what is right. */
static bool differs_adjusted(const struct judging *judging, const struct lm_group *group,
                             const struct lm_settlement *made) {
    lm_i128 amount_nano = 0;
    lm_i128 without_nano = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct lm_settlement *issued =
            &settlement_at(judging, group, i)->record.as.settlement;
        if (!lm_add_i128(amount_nano, issued->amount_nano, &amount_nano) ||
            !lm_add_i128(without_nano, issued->without_market_nano, &without_nano))
            return true;
    }
    return amount_nano != made->amount_nano || without_nano != made->without_market_nano;
}

/* Whether her trades of a settlement are known, where it was made of some: there are some here, or
 * the market's clearing, so that there would be. The answer rests on that clearing then. */
static bool knows_trades(const struct judging *judging, const struct lm_settlement *issued) {
    bool traded = (issued->bought_wh != LM_ABSENT && issued->bought_wh > 0) ||
                  (issued->sold_wh != LM_ABSENT && issued->sold_wh > 0);
    int64_t key[2];
    if (!traded || lm_period_set_has(&judging->traded, issued->period))
        return true;
    lm_period_key(issued->period, key);
    const struct lm_group *group = lm_groups_find(&judging->cleared, key, sizeof key);
    for (size_t i = 0; group && i < group->count; i++) {
        struct lm_fact *clearing = judging->dispute->view->items[group->items[i]];
        const char *market = clearing->record.as.clearing.market;
        if (!issued->market || strcmp(market, issued->market) != 0 || !clearing->keeper ||
            strcmp(market, clearing->keeper) != 0)
            continue;
        clearing->used = true;
        return true;
    }
    return false;
}

static int on_settlement(void *context, enum lm_type type, const struct lm_settlement *made,
                         struct lm_error *error) {
    struct judging *judging = context;
    const struct lm_group *group = settlements_of(judging, made->period);
    struct lm_fact *issued = NULL;
    bool adjusted = false;
    bool differs = false;
    (void)type;
    if (strcmp(made->party, claimant_of(judging)) != 0 || judging->wrong || !group)
        return 0;
    for (size_t i = 0; i < group->count; i++) {
        struct lm_fact *fact = settlement_at(judging, group, i);
        adjusted = adjusted || fact->record.type == LM_TYPE_ADJUSTMENT;
        if (!issued || fact->record.type == LM_TYPE_SETTLEMENT)
            issued = fact;
    }
    if (!issued || !issued->used || !knows_trades(judging, &issued->record.as.settlement))
        return 0;
    if (adjusted)
        differs = differs_adjusted(judging, group, made);
    else if (compare(LM_TYPE_SETTLEMENT, made, issued, &differs, error) < 0)
        return -1;
    if (judging->lenient)
        return differs ? 0 : lm_period_set_add(&judging->excused, made->period, error);
    if (differs && lm_settle_lacks_fee(judging->settle, made->period))
        return doubt(judging, "a network fee was not known when that period began");
    if (differs && lm_period_set_has(&judging->excused, made->period))
        return doubt(judging, "it is by a network fee that another log had than a market's");
    if (differs)
        judging->wrong = issued;
    return lm_period_set_add(&judging->made, made->period, error);
}

static bool is_for_settlement(const struct judging *judging, const struct lm_fact *fact) {
    const struct lm_record *record = &fact->record;
    const char *whose;
    if (!fact->counts)
        return false;
    switch (record->type) {
    case LM_TYPE_TRADE:
        return is_own_trade(judging, fact);
    case LM_TYPE_READING:
        return fact->log &&
               lm_dispute_concerns(judging->dispute->registry, record, claimant_of(judging));
    default:
        return lm_fact_term_of(record, &whose) &&
               (!whose || strcmp(whose, claimant_of(judging)) == 0);
    }
}

static bool is_markets(const struct judging *judging, const struct lm_fact *fact) {
    struct lm_registered keeper;
    struct lm_error ignored;
    return lm_registry_by_id(judging->dispute->registry, fact->keeper, fact->record.entry_at_s,
                             &keeper, &ignored) == 0 &&
           keeper.role == LM_ROLE_MARKET;
}

/* Of fees a market's log tells where it holds some of that operator and region. */
static bool is_elsewhere(const struct judging *judging, const struct lm_fact *fact) {
    const struct lm_network_fee *fee = &fact->record.as.network_fee;
    struct lm_fact *other;
    if (fact->record.type != LM_TYPE_NETWORK_FEE || !fact->keeper || is_markets(judging, fact))
        return false;
    for (size_t place = SIZE_MAX;
         (other = lm_dispute_next(judging->dispute, LM_TYPE_NETWORK_FEE, &place));) {
        const struct lm_network_fee *theirs = &other->record.as.network_fee;
        if (other->keeper && strcmp(theirs->by, fee->by) == 0 &&
            strcmp(theirs->region, fee->region) == 0 && is_markets(judging, other))
            return true;
    }
    return false;
}

/* Whether a settlement that is in the bill is of that period. */
static bool is_billed(void *context, struct lm_period period) {
    const struct judging *judging = context;
    return lm_period_set_has(&judging->billed, period);
}

static int settle_by(struct judging *judging, struct lm_error *error) {
    const struct lm_settle_options options = {
        .supplier = judging->supplier, .month = judging->dispute->month, .unbalanced = true};
    const struct lm_settle_visitor visitor = {
        .settlement = on_settlement, .reject = on_doubt, .context = judging};
    struct lm_settle *settle = lm_settle_new(&options, error);
    int result = settle ? 0 : -1;
    judging->settle = settle;
    for (size_t i = 0; i < judging->dispute->view->count && result == 0; i++) {
        struct lm_fact *fact = judging->dispute->view->items[i];
        const struct lm_record *record = &fact->record;
        struct lm_error why;
        if (!is_for_settlement(judging, fact) || (!judging->lenient && is_elsewhere(judging, fact)))
            continue;
        if (record->type == LM_TYPE_TRADE)
            fact->used = fact->used || is_billed(judging, record->as.trade.period);
        else if (record->type == LM_TYPE_READING)
            fact->used = fact->used || is_billed(judging, record->as.reading.period);
        else
            fact->used = true;
        if (lm_settle_add(settle, record, "", i + 1, &why) == 0)
            continue;
        if (lm_reason_exit(why.reason) != LM_EXIT_REJECT) {
            *error = why;
            result = -1;
        }
    }
    if (result == 0) {
        lm_settle_only(settle, is_billed, judging);
        result = lm_settle_run(settle, &visitor, error);
    }
    lm_settle_free(settle);
    return result;
}

static bool any_elsewhere(const struct judging *judging) {
    const struct lm_fact *fact;
    for (size_t place = SIZE_MAX;
         (fact = lm_dispute_next(judging->dispute, LM_TYPE_NETWORK_FEE, &place));) {
        if (is_elsewhere(judging, fact))
            return true;
    }
    return false;
}

/* First as whoever went by another log might have done it, so that she is not named. */
static int settle_again(struct judging *judging, struct lm_error *error) {
    judging->lenient = any_elsewhere(judging);
    if (judging->lenient && settle_by(judging, error) < 0)
        return -1;
    judging->lenient = false;
    return settle_by(judging, error);
}

/* ---- the answer ---- */

static struct lm_fact *find_bill(const struct lm_dispute *dispute) {
    struct lm_fact *fact;
    for (size_t place = SIZE_MAX; (fact = lm_dispute_next(dispute, LM_TYPE_BILL, &place));) {
        if (fact->log && strcmp(fact->record.as.bill.user, dispute->claim->claimant) == 0 &&
            lm_month_compare(fact->record.as.bill.month, dispute->month) == 0)
            return fact;
    }
    return NULL;
}

/* The bill that she was sent, signed by the supplier, and another one in its log. */
static int find_other_bill(const struct lm_dispute *dispute, const struct lm_fact *bill,
                           bool *differs, struct lm_error *error) {
    const struct lm_record *own = dispute->own;
    *differs = false;
    if (!own || own->type != LM_TYPE_BILL ||
        strcmp(own->as.bill.supplier, bill->record.as.bill.supplier) != 0 ||
        strcmp(own->as.bill.user, bill->record.as.bill.user) != 0 ||
        lm_month_compare(own->as.bill.month, dispute->month) != 0)
        return 0;
    return compare(LM_TYPE_BILL, &own->as.bill, bill, differs, error);
}

/* A settlement in the bill of a period that there is nothing to settle by: no reading, say, or no
 * log of the market. */
static struct lm_fact *find_unmade(const struct judging *judging) {
    for (size_t i = 0; i < judging->dispute->view->count; i++) {
        struct lm_fact *fact = judging->dispute->view->items[i];
        if (fact->used && is_own_settlement(judging, fact) &&
            lm_period_set_has(&judging->billed, fact->record.as.settlement.period) &&
            !lm_period_set_has(&judging->made, fact->record.as.settlement.period))
            return fact;
    }
    return NULL;
}

static int make_again(struct judging *judging, struct lm_error *error) {
    lm_groups_start(&judging->settlements);
    lm_groups_start(&judging->cleared);
    lm_period_set_start(&judging->traded);
    lm_period_set_start(&judging->excused);
    lm_period_set_start(&judging->billed);
    lm_period_set_start(&judging->made);
    int result = sort_facts(judging, error);
    if (result == 0)
        result = bill_again(judging, error);
    if (result == 0)
        result = settle_again(judging, error);
    if (result == 0)
        judging->unmade = find_unmade(judging);
    lm_groups_free(&judging->settlements);
    lm_groups_free(&judging->cleared);
    lm_period_set_free(&judging->traded);
    lm_period_set_free(&judging->excused);
    lm_period_set_free(&judging->billed);
    lm_period_set_free(&judging->made);
    return result;
}

int lm_dispute_bill(struct lm_dispute *dispute, struct lm_error *error) {
    struct judging judging = {.dispute = dispute};
    char month[LM_TIME_SIZE];
    char period[LM_TIME_SIZE];
    if (!dispute->month.year)
        return lm_dispute_undecidable(dispute, "nothing under a checkpoint says which bill is "
                                               "meant: name the month, or the entry of the bill");
    (void)lm_month_format(dispute->month, month);
    judging.bill = find_bill(dispute);
    if (!judging.bill)
        return lm_dispute_undecidable(dispute, "no bill of %s for %s is under a checkpoint", month,
                                      dispute->claim->claimant);
    judging.bill->used = true;
    judging.supplier = judging.bill->record.as.bill.supplier;
    bool other;
    if (find_other_bill(dispute, judging.bill, &other, error) < 0)
        return -1;
    if (other)
        return lm_dispute_upheld(dispute, judging.supplier,
                                 "%s has signed two different bills of %s for %s", judging.supplier,
                                 month, dispute->claim->claimant);
    if (make_again(&judging, error) < 0)
        return -1;
    if (judging.differs)
        return lm_dispute_upheld(
            dispute, judging.supplier,
            "the bill of %s is not what the settlements that %s signed come to", month,
            judging.supplier);
    if (judging.wrong) {
        (void)lm_period_format(judging.wrong->record.as.settlement.period, period);
        return lm_dispute_upheld(
            dispute, judging.supplier,
            "the settlement of %s in the bill of %s is not what readings, trades and terms come to",
            period, month);
    }
    if (judging.any && judging.unmade) {
        (void)lm_period_format(judging.unmade->record.as.settlement.period, period);
        return lm_dispute_undecidable(dispute,
                                      "the settlement of %s in the bill of %s cannot be made again "
                                      "from what is under a checkpoint%s%s",
                                      period, month, judging.doubted ? ": " : "", judging.why);
    }
    if (!judging.any)
        return lm_dispute_undecidable(
            dispute, "the bill of %s cannot be made again from what is under a checkpoint%s%s",
            month, judging.doubted ? ": " : "", judging.why);
    return lm_dispute_refuted(dispute,
                              "the bill of %s is what its settlements come to, and they are what "
                              "meters, trades and terms come to",
                              month);
}
