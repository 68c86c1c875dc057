/* "My bill is wrong": the bill by its settlements, those by readings, trades and terms. */
#include <string.h>

#include "lib/evidence/dispute_bill.h"
#include "lib/evidence/dispute_parts.h"

static struct lm_fact *find_bill(const struct lm_dispute *dispute) {
    struct lm_fact *fact;
    for (size_t place = SIZE_MAX; (fact = lm_dispute_next(dispute, LM_TYPE_BILL, &place));) {
        if (fact->log && strcmp(fact->record.as.bill.user, lm_dispute_claimant(dispute)) == 0 &&
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
    return lm_billing_compare(LM_TYPE_BILL, &own->as.bill, bill, differs, error);
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

int lm_dispute_bill(struct lm_dispute *dispute, struct lm_error *error) {
    const char *claimant = lm_dispute_claimant(dispute);
    char month[LM_TIME_SIZE];
    bool other;
    if (!dispute->month.year)
        return lm_dispute_undecidable(dispute, "nothing under a checkpoint says which bill is "
                                               "meant: name the month, or the entry of the bill");
    (void)lm_month_format(dispute->month, month);
    struct lm_fact *bill = find_bill(dispute);
    if (!bill)
        return lm_dispute_undecidable(dispute, "no bill of %s for %s is under a checkpoint", month,
                                      claimant);
    struct lm_billing billing = {
        .dispute = dispute, .bill = bill, .supplier = bill->record.as.bill.supplier};
    bill->used = true;
    if (find_other_bill(dispute, bill, &other, error) < 0)
        return -1;
    if (other)
        return lm_dispute_upheld(dispute, billing.supplier,
                                 "%s has signed two different bills of %s for %s", billing.supplier,
                                 month, claimant);
    return judge(&billing, month, error);
}
