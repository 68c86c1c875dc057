/*
 * Netting between suppliers: who pays whom so that each ends with what its customers and itself
 * traded.
 */
#ifndef LM_SETTLE_TRANSFERS_H
#define LM_SETTLE_TRANSFERS_H

#include <stddef.h>

#include "lib/base/checked.h"
#include "lib/base/error.h"

/* What a supplier's group sold less what it bought, in nano-units: + is to be received. */
struct lm_net {
    lm_i128 amount_nano;
    uint32_t supplier;
};

/*
 * Settles COUNT nets, which are in byte order of the suppliers' ids and sum to zero, and leaves
 * them all 0: the first payer pays the first receiver the smaller remainder, and so on. PAY is
 * told each payment (above 0) in that order and returns 0, or -1 to go no further.
 */
int lm_transfers(struct lm_net *nets, size_t count,
                 int (*pay)(void *context, uint32_t from, uint32_t to, lm_i128 amount_nano,
                            struct lm_error *error),
                 void *context, struct lm_error *error) LM_NONNULL_AT(3, 5) LM_MUST_CHECK;

#endif
