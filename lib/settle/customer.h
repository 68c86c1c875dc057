/*
 * What one user's period comes to (sections III-B, III-C 5 and 6, III-D of the paper).
 *
 * With import I, export E, bought b, sold s, retail price R, feed-in price X, network fee F:
 *
 *   short = max(0, I-b) + max(0, s-E)      bought from the supplier at R
 *   surplus = max(0, E-s) + max(0, b-I)    sold to the supplier at X
 *   traded energy is paid for at the trades' own prices
 *   the supplier owes the network operators (I+E)·F, and passes on to the user, where its tariff
 *   says so, F on max(0, I-b), on max(0, E-s), on min(I, b) and on min(E, s)
 *   without a market: E·X - I·R - F·(I if import is hers) - F·(E if export is hers)
 */
#ifndef LM_SETTLE_CUSTOMER_H
#define LM_SETTLE_CUSTOMER_H

#include "lib/settle/tally.h"

/* Energies in watt-hours, all at least 0. */
struct lm_flows {
    int64_t import_wh;
    int64_t export_wh;
    int64_t bought_wh;
    int64_t sold_wh;
};

struct lm_customer_terms {
    int64_t retail_micro;
    int64_t feed_in_micro;
    int64_t fee_micro; /* the sum of the operators' prices */
    struct lm_fees_borne_by fees_borne_by;
};

struct lm_customer_amounts {
    int64_t short_wh;
    int64_t surplus_wh;
    lm_i128 user_without_nano;
    lm_i128 supplier_without_nano;
};

/* Adds to USER and SUPPLIER what flows between them and what the supplier owes the operators; the
 * trades are the caller's to add to USER. LM_TOTAL where short or surplus exceeds 2^53-1. */
int lm_settle_customer(const struct lm_flows *flows, const struct lm_customer_terms *terms,
                       struct lm_tally *user, struct lm_tally *supplier,
                       struct lm_customer_amounts *amounts,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
