/* A bill, made again by the settlements that its supplier signed. */
#include <string.h>

#include "lib/evidence/dispute_bill.h"
#include "lib/settle/bills.h"

/* Months are local, and zones reach from 14 hours before UTC to 12 behind. */
static bool may_be_in_month(struct lm_month month, struct lm_period period) {
    struct lm_civil first = {.year = month.year, .month = month.month, .day = 1};
    return period.start_s >= lm_civil_to_seconds(&first) - (int64_t)14 * 3600 &&
           period.start_s < lm_month_end(month) + (int64_t)12 * 3600;
}

static int on_bill(void *context, const struct lm_bill *bill, struct lm_error *error) {
    struct lm_billing *billing = context;
    if (strcmp(bill->user, lm_billing_claimant(billing)) != 0)
        return 0;
    billing->bill_made = true;
    return lm_billing_compare(LM_TYPE_BILL, bill, billing->bill, &billing->bill_differs, error);
}

static bool is_for_bill(const struct lm_billing *billing, const struct lm_fact *fact) {
    const struct lm_record *record = &fact->record;
    if (!fact->counts)
        return false;
    switch (record->type) {
    case LM_TYPE_TARIFF:
        return strcmp(record->as.tariff.supplier, billing->supplier) == 0;
    case LM_TYPE_CONTRACT:
        return strcmp(record->as.contract.user, lm_billing_claimant(billing)) == 0;
    case LM_TYPE_BILL:
        return fact->log && strcmp(record->as.bill.user, lm_billing_claimant(billing)) == 0 &&
               strcmp(record->as.bill.supplier, billing->supplier) == 0 &&
               lm_month_compare(record->as.bill.month, billing->dispute->month) < 0;
    case LM_TYPE_SETTLEMENT:
        return lm_billing_is_settlement(billing, fact) &&
               may_be_in_month(billing->dispute->month, record->as.settlement.period);
    case LM_TYPE_ADJUSTMENT:
        return lm_billing_is_settlement(billing, fact) &&
               lm_month_compare(record->as.settlement.month, billing->dispute->month) == 0;
    default:
        return false;
    }
}

int lm_billing_bill(struct lm_billing *billing, struct lm_error *error) {
    const struct lm_bills_visitor visitor = {
        .bill = on_bill, .reject = lm_billing_on_reject, .context = billing};
    struct lm_bills *bills = lm_bills_new(billing->supplier, error);
    int result = bills ? lm_bills_want(bills, billing->dispute->month, error) : -1;
    for (size_t i = 0; i < billing->dispute->view->count && result == 0; i++) {
        struct lm_fact *fact = billing->dispute->view->items[i];
        if (!is_for_bill(billing, fact))
            continue;
        fact->used = true;
        if (lm_billing_is_settlement(billing, fact) &&
            lm_period_set_add(&billing->billed, fact->record.as.settlement.period, error) < 0) {
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
        lm_billing_doubt(billing, why.detail);
    }
    if (result == 0)
        result = lm_bills_run(bills, &visitor, error);
    lm_bills_free(bills);
    return result;
}
