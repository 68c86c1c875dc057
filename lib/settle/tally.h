/*
 * What an amount is made of: energy by item and price, from which settlements, adjustments and
 * bills take both their items and their amount, so that the two cannot disagree.
 *
 * Energies have a sign: + where the price times the energy is paid to the party, - where by it.
 */
#ifndef LM_SETTLE_TALLY_H
#define LM_SETTLE_TALLY_H

#include <jansson.h>

#include "lib/base/checked.h"
#include "lib/base/error.h"
#include "lib/record/types.h"

struct lm_tally_row {
    lm_i128 energy_wh;
    int64_t price_micro;
    int item; /* enum lm_item */
};

/* All zero is an empty one. */
struct lm_tally {
    struct lm_tally_row *rows; /* owned */
    size_t count;
    size_t room;
    size_t merged; /* rows that the last merge left */
};

void lm_tally_free(struct lm_tally *tally) LM_NONNULL;
/* Empties it and keeps its memory. */
void lm_tally_reset(struct lm_tally *tally) LM_NONNULL;
/* Adds energy at a price. What comes to no amount is not kept. -1 without memory or where energies
 * overflow. */
int lm_tally_add(struct lm_tally *tally, enum lm_item item, int64_t price_micro, lm_i128 energy_wh,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Adds all of OTHER, FACTOR (1 or -1) times. */
int lm_tally_add_all(struct lm_tally *tally, const struct lm_tally *other, int factor,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Sorts by (item, price), merges equal ones and drops what comes to nothing. */
int lm_tally_merge(struct lm_tally *tally, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The sum of price times energy. LM_OVERFLOW where it does not fit, LM_TOTAL where a merged row's
 * energy is more than a record can say. */
int lm_tally_sum(const struct lm_tally *tally, lm_i128 *amount_nano,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* A merged tally as the items of a record: energies without sign, amounts with theirs. NULL
 * without memory. */
json_t *lm_tally_items(const struct lm_tally *tally) LM_NONNULL LM_MUST_CHECK;
/* The reverse: adds the items of a record. LM_BAD_MEMBER where an item's amount is not its price
 * times its energy, with either sign. */
int lm_tally_read(struct lm_tally *tally, const json_t *items,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* True where two merged tallies are the same. */
bool lm_tally_same(const struct lm_tally *a, const struct lm_tally *b) LM_NONNULL LM_MUST_CHECK;

#endif
