/*
 * A bill that is disputed, made again: first by the settlements that its supplier signed, then
 * those by readings, trades and terms. Private to lib/evidence/dispute_bill*.c.
 */
#ifndef LM_EVIDENCE_DISPUTE_BILL_H
#define LM_EVIDENCE_DISPUTE_BILL_H

#include "lib/base/groups.h"
#include "lib/evidence/dispute.h"
#include "lib/evidence/period_set.h"
#include "lib/settle/settle.h"

struct lm_billing {
    struct lm_dispute *dispute;
    struct lm_fact *bill;
    const char *supplier;
    /* What there is to make it of. */
    struct lm_groups settlements; /* that supplier's with her, by period; places in the view */
    struct lm_groups cleared;     /* clearings by period; places in the view */
    struct lm_period_set traded;  /* the periods that she has a trade in */
    /* How far it was made. */
    struct lm_settle *settle;    /* that makes its settlements again */
    struct lm_period_set billed; /* the periods of the settlements that the bill rests on */
    struct lm_period_set made;   /* the periods of those that were made again */
    /* What came of it. */
    bool bill_made;
    bool bill_differs;     /* from the one that was issued */
    struct lm_fact *wrong; /* a settlement that is not what it should be; NULL for none */
    bool doubted;          /* something could not be made again: */
    char why[256];
};

/* ---- dispute_bill_facts.c ---- */

/* Sorts what is asked for by its period. Whether it fails or not, it is freed. */
int lm_billing_start(struct lm_billing *billing, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_billing_free(struct lm_billing *billing) LM_NONNULL;

const char *lm_billing_claimant(const struct lm_billing *billing) LM_NONNULL;
/* Whether a fact is a settlement or adjustment of the claimant's with that supplier. */
bool lm_billing_is_settlement(const struct lm_billing *billing,
                              const struct lm_fact *fact) LM_NONNULL LM_MUST_CHECK;
/* Whether a fact is a trade of the claimant's. */
bool lm_billing_is_trade(const struct lm_billing *billing,
                         const struct lm_fact *fact) LM_NONNULL LM_MUST_CHECK;
/* Those of GROUPS of a period; NULL for none. */
const struct lm_group *lm_billing_of(const struct lm_groups *groups,
                                     struct lm_period period) LM_NONNULL LM_MUST_CHECK;
/* The fact in a place of a group. */
struct lm_fact *lm_billing_fact(const struct lm_billing *billing, const struct lm_group *group,
                                size_t i) LM_NONNULL LM_MUST_CHECK;

/* Whether a record, made again, is another one than was issued. */
int lm_billing_compare(enum lm_type type, const void *made, const struct lm_fact *issued,
                       bool *differs, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Notes why something cannot be made again; of several, the first. */
void lm_billing_doubt(struct lm_billing *billing, const char *why) LM_NONNULL;
/* The same, as the visitors of lib/settle ask for it: CONTEXT is the struct lm_billing. */
int lm_billing_on_reject(void *context, const char *source, uint64_t line,
                         const struct lm_error *why, struct lm_error *error) LM_NONNULL_AT(1, 4);

/* ---- dispute_bill_again.c, dispute_bill_settled.c ---- */

/* The bill, by the settlements that the supplier signed, which are noted. */
int lm_billing_bill(struct lm_billing *billing, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Those settlements, by readings, trades and terms. */
int lm_billing_settle(struct lm_billing *billing, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
