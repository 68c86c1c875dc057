/*
 * The bills of months from their settlements and adjustments. It is said of which months, then
 * records are added one by one, in any order; then the bills are made.
 *
 * A period belongs to the local month of its start, in the zone of the tariff that holds for the
 * user then; an adjustment to the month that it names. With carried_in the carry of the latest
 * earlier bill of that supplier to that user, or 0:
 *
 *   amount = sum of the settlements and adjustments, and so without_market
 *   difference = amount - without_market
 *   rounded = amount + carried_in, half-even to cents
 *   carry = amount + carried_in - rounded
 *
 * A bill is withheld, and why is told, where a settlement's tariff is not known (LM_NO_TARIFF,
 * LM_ZONE, LM_AMBIGUOUS), two different records have one name (LM_CONFLICT), currencies meet
 * (LM_CURRENCY), or a number does not fit (LM_OVERFLOW, LM_TOTAL).
 */
#ifndef LM_SETTLE_BILLS_H
#define LM_SETTLE_BILLS_H

#include "lib/base/error.h"
#include "lib/record/record.h"

struct lm_bills;

/* The bills of SUPPLIER, which must outlive them; NULL: of all. NULL with *error. */
struct lm_bills *lm_bills_new(const char *supplier, struct lm_error *error)
    LM_NONNULL_AT(2) LM_MUST_CHECK;
void lm_bills_free(struct lm_bills *bills);

/* Before the first record: asks for the bills of a month, once or again. */
int lm_bills_want(struct lm_bills *bills, struct lm_month month,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Adds a user's settlement or adjustment, a tariff, contract or earlier bill, bare or out of an
 * entry; passes over what is other types', parties', months' or suppliers'. SOURCE must outlive
 * BILLS, nothing else is kept by reference. -1 with *error where the record is refused
 * (LM_BAD_MEMBER: items that are not what they sum to), or without memory. */
int lm_bills_add(struct lm_bills *bills, const struct lm_record *record, const char *source,
                 uint64_t line, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Told of the bills, month by month as they were asked for, by (supplier, user) in byte order, and
 * of those that are withheld. Each
 * returns 0, or -1 with *error to go no further. */
struct lm_bills_visitor {
    int (*bill)(void *context, const struct lm_bill *bill, struct lm_error *error);
    int (*reject)(void *context, const char *source, uint64_t line, const struct lm_error *why,
                  struct lm_error *error);
    void *context;
};

/* Makes all bills, once, after the last record. Who has neither settlement nor adjustment in a
 * month gets none. */
int lm_bills_run(struct lm_bills *bills, const struct lm_bills_visitor *visitor,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
