/*
 * The terms that records of a market's input set (tariffs, contracts, network fees, market rules):
 * who signed them, and whether they were changed for a time that had already begun.
 */
#ifndef LM_EVIDENCE_TERMS_HISTORY_H
#define LM_EVIDENCE_TERMS_HISTORY_H

#include "lib/base/names.h"
#include "lib/evidence/findings.h"
#include "lib/record/record.h"
#include "lib/registry/registry.h"

struct lm_terms_row;
struct lm_terms_auction;

struct lm_terms_history {
    struct lm_names names; /* of the terms, and of parties and sources */
    struct lm_terms_row *rows;
    size_t count;
    size_t room;
    struct lm_terms_auction *auctions;
    size_t auction_count;
    size_t auction_room;
    bool sorted;
    struct lm_buffer scratch;
};

void lm_terms_history_start(struct lm_terms_history *history) LM_NONNULL;
void lm_terms_history_free(struct lm_terms_history *history) LM_NONNULL;

/* Adds a tariff, contract, network-fee or market-rules that PARTY (may be NULL) has signed and that
 * stands in a log of KEEPER's (may be NULL); passes over other types. The place's source must
 * outlive the history. */
int lm_terms_history_add(struct lm_terms_history *history, const struct lm_record *record,
                         const char *party, const char *keeper, const struct lm_place *place,
                         struct lm_error *error) LM_NONNULL_AT(1, 2, 5, 6) LM_MUST_CHECK;

/* Adds what PARTY has signed and is not in the log that tells of such: that of the party, or of
 * fees a market's. */
int lm_terms_history_stray(struct lm_terms_history *history, const struct lm_record *record,
                           const char *party, const struct lm_place *place,
                           struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Adds an auction of a market, whose clearing was logged at an instant. */
int lm_terms_history_auction(struct lm_terms_history *history, const struct lm_clearing *clearing,
                             int64_t logged_s, const struct lm_place *place,
                             struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* What terms can touch: periods of which something flowed or was settled, by their start, and who
 * is whose customer in them. */
struct lm_terms_touched {
    const struct lm_registry *registry;
    const int64_t *starts_s; /* ascending */
    size_t count;
};

/* Where terms stand at a place that contradict others: true the first time only, with *party set to
 * who signed them (NULL where nobody is known). True as well where no terms stand there. */
bool lm_terms_history_tell(struct lm_terms_history *history, const struct lm_place *place,
                           const char **party) LM_NONNULL LM_MUST_CHECK;

/* Tells of terms that were logged after they had begun, where others of their name, logged before,
 * held then; of a contract, its supplier's tariff without an id, where a period of its user's, as a
 * customer, began when that was known. When that was is the word of the log's keeper, who may have
 * let them lie: whoever signed them is named only where it is her own log. Bare records say nothing
 * about when they came. Tells, too, of rules that the registrar logged when auctions had been held
 * without any, in the time that they are for; of contracts that were kept out of a log and touch
 * any period; and of different ones of one name that begin together, wherever they stand, where the
 * same party has signed both and was not named for one of them yet. */
int lm_terms_history_finish(struct lm_terms_history *history,
                            const struct lm_terms_touched *touched, struct lm_findings *findings,
                            struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
