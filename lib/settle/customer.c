#include "lib/settle/customer.h"

#include "lib/base/decimal.h"
#include "lib/base/limits.h"

static int64_t above_zero(int64_t energy_wh) {
    return energy_wh > 0 ? energy_wh : 0;
}

static int64_t lesser(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* ENERGY at PRICE goes from one of them to the other. */
static int pay(struct lm_tally *payer, struct lm_tally *payee, enum lm_item item,
               int64_t price_micro, int64_t energy_wh, struct lm_error *error) {
    if (lm_tally_add(payer, item, price_micro, -(lm_i128)energy_wh, error) < 0)
        return -1;
    return lm_tally_add(payee, item, price_micro, energy_wh, error);
}

static int add_fees(const struct lm_flows *flows, const struct lm_customer_terms *terms,
                    struct lm_tally *user, struct lm_tally *supplier, struct lm_error *error) {
    const struct lm_fees_borne_by *borne = &terms->fees_borne_by;
    const struct {
        enum lm_item item;
        int bearer;
        int64_t energy_wh;
    } parts[] = {
        {LM_ITEM_FEE_IMPORT, borne->import, above_zero(flows->import_wh - flows->bought_wh)},
        {LM_ITEM_FEE_EXPORT, borne->export, above_zero(flows->export_wh - flows->sold_wh)},
        {LM_ITEM_FEE_BOUGHT, borne->bought, lesser(flows->import_wh, flows->bought_wh)},
        {LM_ITEM_FEE_SOLD, borne->sold, lesser(flows->export_wh, flows->sold_wh)},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        /* The parts of import and export add up to what is metered, on which the supplier owes. */
        if (lm_tally_add(supplier, parts[i].item, terms->fee_micro, -(lm_i128)parts[i].energy_wh,
                         error) < 0)
            return -1;
        if (parts[i].bearer == LM_BEARER_USER &&
            pay(user, supplier, parts[i].item, terms->fee_micro, parts[i].energy_wh, error) < 0)
            return -1;
    }
    return 0;
}

/* Seven products of at most 2^116 fit 2^127 together. */
static void without_market(const struct lm_flows *flows, const struct lm_customer_terms *terms,
                           struct lm_customer_amounts *amounts) {
    lm_i128 to_user = lm_amount_of(terms->feed_in_micro, flows->export_wh) -
                      lm_amount_of(terms->retail_micro, flows->import_wh);
    if (terms->fees_borne_by.import == LM_BEARER_USER)
        to_user -= lm_amount_of(terms->fee_micro, flows->import_wh);
    if (terms->fees_borne_by.export == LM_BEARER_USER)
        to_user -= lm_amount_of(terms->fee_micro, flows->export_wh);
    amounts->user_without_nano = to_user;
    amounts->supplier_without_nano = -to_user - lm_amount_of(terms->fee_micro, flows->import_wh) -
                                     lm_amount_of(terms->fee_micro, flows->export_wh);
}

int lm_settle_customer(const struct lm_flows *flows, const struct lm_customer_terms *terms,
                       struct lm_tally *user, struct lm_tally *supplier,
                       struct lm_customer_amounts *amounts, struct lm_error *error) {
    amounts->short_wh = above_zero(flows->import_wh - flows->bought_wh) +
                        above_zero(flows->sold_wh - flows->export_wh);
    amounts->surplus_wh = above_zero(flows->export_wh - flows->sold_wh) +
                          above_zero(flows->bought_wh - flows->import_wh);
    if (amounts->short_wh > LM_INTEGER_MAX || amounts->surplus_wh > LM_INTEGER_MAX)
        return lm_fail(error, LM_TOTAL, "short or surplus is above 2^53-1 Wh");
    if (pay(user, supplier, LM_ITEM_RETAIL, terms->retail_micro, amounts->short_wh, error) < 0 ||
        pay(supplier, user, LM_ITEM_FEED_IN, terms->feed_in_micro, amounts->surplus_wh, error) < 0)
        return -1;
    without_market(flows, terms, amounts);
    return add_fees(flows, terms, user, supplier, error);
}
