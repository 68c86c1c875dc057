/*
 * What an audit holds. Private to lib/evidence/audit*.c: others use lib/evidence/audit.h.
 */
#ifndef LM_EVIDENCE_AUDIT_STATE_H
#define LM_EVIDENCE_AUDIT_STATE_H

#include "lib/evidence/adjustments.h"
#include "lib/evidence/audit.h"
#include "lib/evidence/audited.h"
#include "lib/evidence/claims.h"
#include "lib/evidence/commitments.h"
#include "lib/evidence/comparison.h"
#include "lib/evidence/outlook.h"
#include "lib/evidence/period_set.h"
#include "lib/evidence/readings.h"
#include "lib/evidence/receipts.h"
#include "lib/evidence/terms_history.h"
#include "lib/market/books.h"
#include "lib/market/inform.h"
#include "lib/settle/bills.h"
#include "lib/settle/settle.h"

/* One line of a batch. */
struct lm_audit_item {
    struct lm_audit *audit;
    struct lm_audited *audited;
    uint64_t number; /* of the line, from 1 */
    size_t start;    /* in the batch's texts */
    size_t size;
    bool parsed;
    bool good;  /* signed, in the second pass, by somebody who may */
    bool stray; /* good, and what stands in logs counts in its stead */
    bool late;  /* nothing follows from it yet, see audit_late.c */
    struct lm_record record;
    uint8_t leaf[LM_HASH_SIZE];   /* of a log's line */
    uint8_t digest[LM_HASH_SIZE]; /* of a log's record */
    const char *signer; /* who signed a record that she may not sign; borrowed from the registry */
    struct lm_error why;
};

/* The inputs are read to survey them; then receipts, if any; then the inputs again, to judge; then
 * once more where somebody issued something else than she should have by all the logs, and could
 * know other fees and rules. */
enum lm_audit_stage { LM_AUDIT_SURVEY, LM_AUDIT_RECEIPTS, LM_AUDIT_JUDGE, LM_AUDIT_EXCUSE };

/* A market made again: what should have been issued by its records. */
struct lm_audit_remake {
    struct lm_audit *audit;
    const struct lm_audited *log; /* by what its keeper could know, and only what she issues;
                                     NULL: by all the logs, and everything */
    struct lm_outlook outlook;    /* hers */
    struct lm_books *books;       /* NULL where she is a supplier */
    struct lm_inform *inform;     /* likewise; told the auctions that should have been, for their
                                     notices */
    struct lm_settle *settle;     /* NULL where she is a market */
};

/* The first and the last line that settles or adjusts a period in a log. */
struct lm_audit_settled {
    uint64_t first;
    uint64_t last;
};

struct lm_audit {
    struct lm_audit_options options;
    enum lm_audit_stage stage;
    bool any; /* a line was a record */
    bool any_judged;
    struct lm_registry *registry;
    bool registry_doubted; /* the registrar's log is not what it signed for */
    bool logs_doubted;     /* some log is not */
    struct lm_findings findings;
    uint64_t not_due; /* records that are missing, and are not due yet */
    struct lm_audited **inputs;
    size_t input_count;
    size_t input_room;
    size_t next_input; /* of the pass */
    struct lm_repeats *repeats;
    struct lm_commitments commitments;
    struct lm_receipts receipts;
    struct lm_claims claims;
    struct lm_audit_item *batch;
    size_t batch_count;
    struct lm_buffer texts;
    /* what the second pass fills */
    struct lm_audit_remake strict;
    struct lm_outlooks outlooks;
    struct lm_audit_remake *excuses; /* of those who may have one */
    size_t excuse_count;
    size_t excuse_room;
    struct lm_names notified; /* "period market" of which there have to be notices */
    struct lm_comparison *comparison;
    struct lm_readings readings;
    struct lm_terms_history terms;
    struct lm_bills *bills;                 /* of the months for which there is one */
    struct lm_names kinds;                  /* of records that logs hold, see audit_belong.c */
    struct lm_names settled_names;          /* of periods that logs settle, see audit_late.c */
    struct lm_audit_settled *settled_lines; /* by name: the last one that does */
    size_t settled_room;
    struct lm_names in_sight;     /* suppliers that settled or billed outside of logs */
    struct lm_names billed;       /* "month supplier" for which there is a bill */
    struct lm_period_set cleared; /* by some market */
    struct lm_period_set settled;
    struct lm_period_set maybe_adjusted; /* by adjustments whose signatures nobody has checked */
    struct lm_period_set adjusted;
    struct lm_adjustments adjustments; /* of users, of the periods that may be */
    struct lm_buffer deferred;         /* struct lm_audit_deferred, each with its line behind it */
    struct lm_buffer name;
    struct lm_buffer payload;
    struct lm_buffer meaning;
};

/* ---- audit_item.c: one line ---- */

/* The work on item I of a batch, CONTEXT, that needs no other: parsing, hashing, checking the
 * signature. By several threads. */
void lm_audit_work(void *context, size_t i) LM_NONNULL;
/* Takes an item on which that was done, in the order of lines. */
int lm_audit_take(struct lm_audit *audit, struct lm_audit_item *item,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* ---- audit_survey.c: the first pass ---- */

/* What a record tells before anything is judged. */
int lm_audit_survey(struct lm_audit *audit, const struct lm_record *record, const char *file,
                    uint64_t number, struct lm_error *error) LM_NONNULL_AT(1, 2, 5) LM_MUST_CHECK;

/* ---- audit_registrar.c ---- */

/* Told of what the root has not signed: the log that holds it is unsound. */
void lm_audit_doubt(void *context, const char *source, uint64_t line, const struct lm_error *why)
    LM_NONNULL_AT(1);
/* Once the registry is sealed and the checkpoints are matched: what the registrar's log holds
 * counts. */
void lm_audit_know_registrar(struct lm_audit *audit) LM_NONNULL;
/* Once the checkpoints are judged: finds whether the registry can be relied on, and tells where the
 * registrar contradicts itself. */
int lm_audit_judge_registrar(struct lm_audit *audit,
                             struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* PARTY, or nobody where it cannot be proven as the registry is in doubt. */
const char *lm_audit_blame(const struct lm_audit *audit, const char *party) LM_NONNULL_AT(1);

/* ---- audit_belong.c: whose log a record belongs into ---- */

/* In the first pass: that a log holds records of this kind (the orders of a market and period, the
 * readings of a period, a supplier's tariff of a name, any tariff or contract of its, an operator's
 * fees in a region). */
int lm_audit_note_kind(struct lm_audit *audit, const struct lm_audited *audited,
                       const struct lm_record *record,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Whether a log holds orders of a market and period. */
bool lm_audit_holds_orders(const struct lm_audit *audit, const struct lm_audited *audited,
                           const char *market, struct lm_period period) LM_NONNULL LM_MUST_CHECK;
/* Sets whether a good record is outside of all logs that somebody has signed for, while who it is
 * for has signed for one that holds others of its kind; a fee, outside of a market's log while one
 * holds others. When it came nobody can say, nor whether it came at all: orders and readings then
 * count for nothing, and terms only where none that a log holds do. */
int lm_audit_stray(struct lm_audit *audit, struct lm_audit_item *item,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Whether an order or reading is in a log of somebody else's than whom it is for: its addressee may
 * never have got it, and need not go by it. */
bool lm_audit_misplaced(const struct lm_audit *audit,
                        const struct lm_audit_item *item) LM_NONNULL LM_MUST_CHECK;

/* ---- audit_late.c: readings behind all that was settled and billed ---- */

/* In the first pass: where a log, at line NUMBER, settles a period or bills. */
int lm_audit_note_settled(struct lm_audit *audit, struct lm_audited *audited,
                          const struct lm_record *record, uint64_t number,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Whether a reading came in behind the settlements and adjustments of its period, of which there
 * are some, and behind the last bill of its log. Who has signed those did not know of it, and may
 * still adjust what follows from it. */
bool lm_audit_is_late(const struct lm_audit *audit,
                      const struct lm_audit_item *item) LM_NONNULL LM_MUST_CHECK;
/* Whether it came when its period had been settled: who told others of it before did not know. */
bool lm_audit_is_behind(const struct lm_audit *audit,
                        const struct lm_audit_item *item) LM_NONNULL LM_MUST_CHECK;

/* ---- audit_use.c: the second pass ---- */

/* What a record that is signed as it should be tells those who recompute. */
int lm_audit_use(struct lm_audit *audit, const struct lm_audit_item *item,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* When a record's key is judged. */
int64_t lm_audit_instant(const struct lm_audit *audit,
                         const struct lm_record *record) LM_NONNULL LM_MUST_CHECK;
/* Who signed a record whose signature has been checked. Borrowed from the registry. */
const char *lm_audit_signer(const struct lm_audit *audit,
                            const struct lm_record *record) LM_NONNULL LM_MUST_CHECK;
/* A record as it counts by all the logs together: since when it is known. *counts is false for a
 * stray one that is no evidence at all. */
int lm_audit_as_held(const struct lm_audit *audit, const struct lm_audit_item *item,
                     struct lm_record *held, bool *counts,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Notes that a record was issued. */
int lm_audit_issued(struct lm_audit *audit, const struct lm_record *record,
                    const struct lm_place *place, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* A settlement, adjustment or transfer of a period that may have been adjusted: what is to be done
 * with it shows once all are known. */
struct lm_audit_deferred {
    struct lm_place place;
    struct lm_period period;
    enum lm_type type;
    size_t size; /* of the line that follows */
};

/* ---- audit_expected.c: what there has to be all of, as there is some ---- */

/* From now on there have to be notices of an auction; whether there have. */
int lm_audit_expect_notices(struct lm_audit *audit, const char *market, struct lm_period period,
                            struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_audit_expects_notices(struct lm_audit *audit, const char *market, struct lm_period period,
                             bool *expected, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The same of the bills of that bill's supplier and month. */
int lm_audit_expect_bills(struct lm_audit *audit, const struct lm_bill *bill,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_audit_expects_bill(struct lm_audit *audit, const struct lm_bill *bill, bool *expected,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* ---- audit_remake.c ---- */

int lm_audit_remake_start(struct lm_audit_remake *remake, struct lm_audit *audit,
                          const struct lm_audited *log, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4) LM_MUST_CHECK;
void lm_audit_remake_free(struct lm_audit_remake *remake) LM_NONNULL;
/* Adds what it is made of; -1 with a rejecting reason for a record that cannot be. */
int lm_audit_remake_add(struct lm_audit_remake *remake, const struct lm_record *record,
                        const struct lm_place *place,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Clears, informs and settles, and says to the audit's comparison what comes of it. */
int lm_audit_remake_run(struct lm_audit_remake *remake,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Says one record of that; with OPTIONAL it may as well be missing. */
int lm_audit_remade(struct lm_audit_remake *remake, enum lm_type type, const union lm_body *body,
                    bool optional, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* ---- audit_notices.c ---- */

/* Notes what an auction came to, by the orders. */
int lm_audit_auction(struct lm_audit_remake *remake, enum lm_type type, const union lm_body *body,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Says the notices of the auctions that were noted. */
int lm_audit_remake_notices(struct lm_audit_remake *remake,
                            struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* ---- audit_excuse.c: the third pass ---- */

/* Whether the third pass has to look at records of a type. */
bool lm_audit_is_remade_from(enum lm_type type) LM_MUST_CHECK;
/* In the second pass: notes a fee or rules, and that they count as HELD. */
int lm_audit_note_outlook(struct lm_audit *audit, const struct lm_audit_item *item,
                          const struct lm_record *held,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* After it: starts to make again what these would have issued by what they could know, where that
 * differs from what counts. */
int lm_audit_excuse(struct lm_audit *audit, const struct lm_names *parties,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* In the third pass: what a record that is signed as it should be tells them. */
int lm_audit_use_again(struct lm_audit *audit, struct lm_audit_item *item,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* ---- audit_recompute.c: the end ---- */

/* Tells what cannot be made again: nobody is to blame for that yet, but for terms that contradict
 * each other whoever signed both; those are told once. */
int lm_audit_tell_refused(struct lm_audit *audit, const struct lm_error *why,
                          const struct lm_place *place,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* After the second pass: clears, settles and bills again. PARTIES are those who have issued
 * something else. */
int lm_audit_recompute(struct lm_audit *audit, struct lm_names *parties,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* After the last: tells what differs. */
int lm_audit_compare(struct lm_audit *audit, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
