/* "My bill is wrong": the bill by its settlements, those by readings, trades and terms. */
#include <stdio.h>
#include <string.h>

#include "lib/evidence/dispute_bill.h"
#include "lib/evidence/dispute_parts.h"

/* Her bills of the month: the first one after PLACE, as lm_dispute_next has it. */
static struct lm_fact *next_bill(const struct lm_dispute *dispute, size_t *place) {
    struct lm_fact *fact;
    while ((fact = lm_dispute_next(dispute, LM_TYPE_BILL, place))) {
        if (fact->log && strcmp(fact->record.as.bill.user, lm_dispute_claimant(dispute)) == 0 &&
            lm_month_compare(fact->record.as.bill.month, dispute->month) == 0)
            return fact;
    }
    return NULL;
}

/* Whether the claim points at some of them. */
static bool names_bill(const struct lm_dispute *dispute) {
    const struct lm_fact *fact;
    for (size_t place = SIZE_MAX; (fact = next_bill(dispute, &place));) {
        if (lm_dispute_named(dispute, fact))
            return true;
    }
    return false;
}

/* Whether she was sent another one, signed by the supplier, than is in its log. */
static int compare_own(const struct lm_dispute *dispute, const struct lm_fact *bill, bool *differs,
                       struct lm_error *error) {
    const struct lm_record *own = dispute->own;
    *differs = false;
    if (!own || own->type != LM_TYPE_BILL ||
        strcmp(own->as.bill.supplier, bill->record.as.bill.supplier) != 0 ||
        strcmp(own->as.bill.user, bill->record.as.bill.user) != 0 ||
        lm_month_compare(own->as.bill.month, dispute->month) != 0)
        return 0;
    return lm_billing_compare(LM_TYPE_BILL, &own->as.bill, bill, differs, error);
}

static bool same_supplier(const struct lm_fact *a, const struct lm_fact *b) {
    return strcmp(a->record.as.bill.supplier, b->record.as.bill.supplier) == 0;
}

/* Whether its supplier has signed another one for the month, which the answer rests on then. */
static int compare_others(const struct lm_dispute *dispute, const struct lm_fact *bill,
                          bool *differs, struct lm_error *error) {
    struct lm_fact *other;
    *differs = false;
    for (size_t place = SIZE_MAX; !*differs && (other = next_bill(dispute, &place));) {
        if (other == bill || !same_supplier(other, bill))
            continue;
        if (lm_billing_compare(LM_TYPE_BILL, &bill->record.as.bill, other, differs, error) < 0)
            return -1;
        other->used = other->used || *differs;
    }
    return 0;
}

/* Whether one before it, of the same content, has been judged. */
static bool is_judged(const struct lm_dispute *dispute, const struct lm_fact *bill, bool named) {
    const struct lm_fact *other;
    for (size_t place = SIZE_MAX; (other = next_bill(dispute, &place)) && other != bill;) {
        if (same_supplier(other, bill) && (!named || lm_dispute_named(dispute, other)))
            return true;
    }
    return false;
}

/* A settlement in the bill of a period that there is nothing to settle by: no reading, say, or no
 * log of the market. */
static struct lm_fact *find_unmade(const struct lm_billing *billing) {
    for (size_t i = 0; i < billing->dispute->view->count; i++) {
        struct lm_fact *fact = billing->dispute->view->items[i];
        if (fact->used && lm_billing_is_settlement(billing, fact) &&
            lm_period_set_has(&billing->billed, fact->record.as.settlement.period) &&
            !lm_period_set_has(&billing->made, fact->record.as.settlement.period))
            return fact;
    }
    return NULL;
}

static int answer(const struct lm_billing *billing, const char *month) {
    struct lm_dispute *dispute = billing->dispute;
    const char *because = billing->doubted ? ": " : "";
    char period[LM_TIME_SIZE];
    if (billing->bill_differs)
        return lm_dispute_upheld(
            dispute, billing->supplier,
            "the bill of %s is not what the settlements that %s signed come to", month,
            billing->supplier);
    if (billing->wrong) {
        (void)lm_period_format(billing->wrong->record.as.settlement.period, period);
        return lm_dispute_upheld(
            dispute, billing->supplier,
            "the settlement of %s in the bill of %s is not what readings, trades and terms come to",
            period, month);
    }
    if (!billing->bill_made)
        return lm_dispute_undecidable(
            dispute, "the bill of %s cannot be made again from what is under a checkpoint%s%s",
            month, because, billing->why);
    const struct lm_fact *unmade = find_unmade(billing);
    if (unmade) {
        (void)lm_period_format(unmade->record.as.settlement.period, period);
        return lm_dispute_undecidable(dispute,
                                      "the settlement of %s in the bill of %s cannot be made again "
                                      "from what is under a checkpoint%s%s",
                                      period, month, because, billing->why);
    }
    return lm_dispute_refuted(dispute,
                              "the bill of %s is what its settlements come to, and they are what "
                              "meters, trades and terms come to",
                              month);
}

static int judge(struct lm_billing *billing, const char *month, struct lm_error *error) {
    int result = lm_billing_start(billing, error);
    if (result == 0)
        result = lm_billing_bill(billing, error);
    if (result == 0)
        result = lm_billing_settle(billing, error);
    if (result == 0)
        result = answer(billing, month);
    lm_billing_free(billing);
    return result;
}

/* One of her bills. */
static int judge_bill(struct lm_dispute *dispute, struct lm_fact *bill, const char *month,
                      struct lm_error *error) {
    struct lm_billing billing = {
        .dispute = dispute, .bill = bill, .supplier = bill->record.as.bill.supplier};
    bool other;
    bool another;
    if (compare_own(dispute, bill, &other, error) < 0 ||
        compare_others(dispute, bill, &another, error) < 0)
        return -1;
    bill->used = true;
    if (other || another)
        return lm_dispute_upheld(dispute, billing.supplier,
                                 "%s has signed two different bills of %s for %s", billing.supplier,
                                 month, lm_dispute_claimant(dispute));
    return judge(&billing, month, error);
}

/* Whoever moves has two suppliers in a month, and a bill of each. */
int lm_dispute_bill(struct lm_dispute *dispute, struct lm_error *error) {
    char month[LM_TIME_SIZE];
    char open[sizeof dispute->text];
    bool undecidable = false;
    bool any = false;
    struct lm_fact *bill;
    if (!dispute->month.year)
        return lm_dispute_undecidable(dispute, "nothing under a checkpoint says which bill is "
                                               "meant: name the month, or the entry of the bill");
    (void)lm_month_format(dispute->month, month);
    bool named = names_bill(dispute);
    for (size_t place = SIZE_MAX; (bill = next_bill(dispute, &place));) {
        if ((named && !lm_dispute_named(dispute, bill)) || is_judged(dispute, bill, named))
            continue;
        any = true;
        if (judge_bill(dispute, bill, month, error) < 0)
            return -1;
        if (dispute->result == LM_RESULT_UPHELD)
            return 0;
        if (dispute->result == LM_RESULT_UNDECIDABLE && !undecidable)
            (void)snprintf(open, sizeof open, "%s", dispute->text);
        undecidable = undecidable || dispute->result == LM_RESULT_UNDECIDABLE;
    }
    if (!any)
        return lm_dispute_undecidable(dispute, "no bill of %s for %s is under a checkpoint", month,
                                      lm_dispute_claimant(dispute));
    return undecidable ? lm_dispute_undecidable(dispute, "%s", open) : 0;
}
