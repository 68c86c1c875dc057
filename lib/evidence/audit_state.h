/*
 * What an audit holds. Private to lib/evidence/audit*.c: others use lib/evidence/audit.h.
 */
#ifndef LM_EVIDENCE_AUDIT_STATE_H
#define LM_EVIDENCE_AUDIT_STATE_H

#include "lib/evidence/audit.h"
#include "lib/evidence/audited.h"
#include "lib/evidence/comparison.h"
#include "lib/evidence/period_set.h"
#include "lib/evidence/readings.h"
#include "lib/evidence/terms_history.h"
#include "lib/market/books.h"
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
    bool good; /* signed, in the second pass, by somebody who may */
    struct lm_record record;
    uint8_t leaf[LM_HASH_SIZE];   /* of a log's entry */
    uint8_t digest[LM_HASH_SIZE]; /* of a log's record */
    const char *signer; /* who signed a record that she may not sign; borrowed from the registry */
    struct lm_error why;
};

/* The bills of a month for which there is one. */
struct lm_audit_month {
    struct lm_month month;
    struct lm_bills *bills;
};

struct lm_audit {
    struct lm_audit_options options;
    int pass; /* 0 and 1 */
    bool any; /* a line was a record */
    bool any_judged;
    struct lm_registry *registry;
    struct lm_findings findings;
    struct lm_audited **inputs;
    size_t input_count;
    size_t input_room;
    size_t next_input; /* of the pass */
    struct lm_repeats *repeats;
    struct lm_audit_item *batch;
    size_t batch_count;
    struct lm_buffer texts;
    /* what the second pass fills */
    struct lm_books *books;
    struct lm_settle *settle;
    struct lm_comparison *comparison;
    struct lm_readings readings;
    struct lm_terms_history terms;
    struct lm_audit_month *months;
    size_t month_count;
    size_t month_room;
    struct lm_names billed; /* "month supplier" for which there is a bill */
    struct lm_period_set settled;
    struct lm_period_set maybe_adjusted; /* by adjustments whose signatures nobody has checked */
    struct lm_period_set adjusted;
    struct lm_buffer deferred; /* struct lm_audit_deferred, each with its line behind it */
    struct lm_buffer name;
    struct lm_buffer payload;
};

/* ---- audit_survey.c: the first pass ---- */

/* What a record tells before anything is judged. */
int lm_audit_survey(struct lm_audit *audit, const struct lm_record *record, const char *file,
                    uint64_t number, struct lm_error *error) LM_NONNULL_AT(1, 2, 5) LM_MUST_CHECK;

/* ---- audit_use.c: the second pass ---- */

/* What a record that is signed as it should be tells those who recompute. */
int lm_audit_use(struct lm_audit *audit, const struct lm_audit_item *item,
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

/* ---- audit_recompute.c: the end ---- */

/* Clears, settles and bills again, and compares. */
int lm_audit_recompute(struct lm_audit *audit, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
