/*
 * Settlement of periods: who pays whom for what was traded and what flowed (sections III-B, III-C
 * 5 and 6, III-D of the paper). Records are added one by one, in any order; then the periods are
 * settled one after the other. Nothing of the results depends on the order of the records.
 *
 *     struct lm_settle *settle = lm_settle_new(&options, &error);
 *     while (... a record ...)
 *         lm_settle_add(settle, &record, source, line, &error);
 *     lm_settle_run(settle, &visitor, &error);
 *     lm_settle_free(settle);
 *
 * A period is settled where there is a trade or a reading in it. Everything is judged at its start.
 * A reading of another length than the periods of its region's market, by the market-rules that are
 * given, is refused (LM_PERIOD): what flowed then is settled by those.
 *
 * Nothing of a period is written, and why is told, where a trade's `from` is no user or supplier
 * that somebody knows (LM_NO_IDENTITY, LM_WRONG_ROLE, LM_AMBIGUOUS), two different trades have one
 * name (LM_CONFLICT), the trades of a market do not balance or are not those of its clearing
 * (LM_MISSING_RECORD, LM_CONFLICT), currencies meet (LM_CURRENCY), or a number does not fit
 * (LM_OVERFLOW, LM_TOTAL).
 *
 * A user is withheld, and why is told, whose trades lie in two markets (LM_TWO_MARKETS), who
 * traded and has no meter (LM_WITHHELD), one of whose meters has no reading (LM_NO_READING) or two
 * that disagree (LM_CONFLICT), who has no tariff (LM_NO_TARIFF, LM_ZONE, LM_AMBIGUOUS), in whose
 * region an operator has no fee in force (LM_NO_FEE, LM_AMBIGUOUS), or whose terms are in another
 * currency than the market's (LM_CURRENCY). Her trades stay binding: they are in her supplier's
 * amount, as item withheld, and in its net.
 *
 * Checked before anything is written (LM_DEFECT): each supplier's group, which is itself, its
 * customers and what it owes the operators, sums to what its group sold less what it bought; all
 * amounts of a period sum to zero; both as well without the market.
 */
#ifndef LM_SETTLE_SETTLE_H
#define LM_SETTLE_SETTLE_H

#include "lib/base/error.h"
#include "lib/record/record.h"

struct lm_settle;

struct lm_settle_options {
    /* Settles only this supplier's group and writes only what it writes: its settlements and the
     * transfers that it pays. Trades of others count towards transfers; where those of a market do
     * not balance, it has no transfers (LM_MISSING_RECORD). NULL: everybody. */
    const char *supplier;
    /* Writes adjustments where something was issued (lm_settle_add_issued), for this month. */
    struct lm_month month;
    /* Writes them even where those of a group do not sum to zero, as something else was issued to
     * it than it wrote: who audits wants to know what. */
    bool unbalanced;
};

/* The texts of OPTIONS must outlive it. NULL with *error. */
struct lm_settle *lm_settle_new(const struct lm_settle_options *options,
                                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_settle_free(struct lm_settle *settle);

/* Adds an identity, tariff, contract, network-fee, market-rules, clearing, trade or reading, bare
 * or out of an entry; passes over other types. SOURCE and LINE, for messages, are where it stood;
 * SOURCE must outlive SETTLE, nothing else is kept by reference. -1 with *error where the record
 * is refused (LM_BAD_MEMBER: a trade of energy without a price), or without memory. */
int lm_settle_add(struct lm_settle *settle, const struct lm_record *record, const char *source,
                  uint64_t line, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * Adds a settlement, adjustment or transfer that was issued before; passes over other types.
 * A period of which something was issued gets adjustments, which turn what was issued (settlements
 * and the adjustments since) into what is right, and sum to zero; nothing where it is right
 * already. Who was withheld is settled by an adjustment, who was settled and is withheld now gets
 * all of it back. Trades do not change after clearing, so nor may transfers (LM_CONFLICT).
 */
int lm_settle_add_issued(struct lm_settle *settle, const struct lm_record *record,
                         const char *source, uint64_t line,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Settles only the periods for which WANTS says so. Without, all that have a trade or a reading. */
void lm_settle_only(struct lm_settle *settle, bool (*wants)(void *context, struct lm_period period),
                    void *context) LM_NONNULL_AT(1, 2);

/*
 * Told of the results by period (start, then length): settlements or adjustments by (supplier,
 * role in the order of enum lm_role, party, region), then transfers by market, in the order of
 * lm_transfers; all ids in byte order. Texts and lists stay until the call returns. REJECT is told
 * of what is refused or withheld, with the place of the record that shows it best. Each returns 0,
 * or -1 with *error to go no further.
 */
struct lm_settle_visitor {
    int (*settlement)(void *context, enum lm_type type, const struct lm_settlement *settlement,
                      struct lm_error *error);
    int (*transfer)(void *context, const struct lm_transfer *transfer, struct lm_error *error);
    int (*reject)(void *context, const char *source, uint64_t line, const struct lm_error *why,
                  struct lm_error *error);
    void *context;
};

/* Settles all periods, once, after the last record. */
int lm_settle_run(struct lm_settle *settle, const struct lm_settle_visitor *visitor,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Whether there is a trade or reading of a period, so that there is something to settle. */
bool lm_settle_is_about(const struct lm_settle *settle,
                        struct lm_period period) LM_NONNULL LM_MUST_CHECK;
/* Whether in the region of somebody who took part in a period an operator had no fee in force that
 * was known then; asked after the run. */
bool lm_settle_lacks_fee(const struct lm_settle *settle,
                         struct lm_period period) LM_NONNULL LM_MUST_CHECK;

/* Whether nothing of a period was settled, for one of the reasons above; asked after the run. */
bool lm_settle_refused(const struct lm_settle *settle,
                       struct lm_period period) LM_NONNULL LM_MUST_CHECK;

#endif
