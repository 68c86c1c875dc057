/*
 * The audit of a market: every signature and authorisation at its instant, the logs' own order,
 * the clearing by the orders, settlements by trades and readings, bills by settlements, totals by
 * readings; each compared with what was issued.
 *
 * All inputs are read twice, so that no line need be kept: the first time for who is who, the
 * second time for the rest; and a third time where somebody may have an excuse for what she issued.
 *
 *     struct lm_audit *audit = lm_audit_new(&options, &error);
 *     while (... a checkpoint ...)
 *         lm_audit_checkpoint(audit, file, bytes, size, &error);
 *     while (... a claim ...)
 *         lm_audit_claim(audit, &record, file, &line, &error);
 *     bool again = true;
 *     for (int pass = 0; again; pass++) {
 *         while (... an input ...) {
 *             lm_audit_input(audit, name, stream, &error);
 *             while (... a line ...)
 *                 lm_audit_line(audit, &line, NULL, &error);
 *         }
 *         lm_audit_pass(audit, &again, &error);
 *         while (pass == 0 && ... a receipt ...)
 *             lm_audit_receipt(audit, &line, &error);
 *     }
 *     lm_audit_finish(audit, &outcome, &error);
 *     lm_audit_answer(audit, tell, &upheld, &error);
 *     lm_audit_free(audit);
 *
 * Memory holds what recomputation needs (a row for each order, trade, reading, settlement…), never
 * the lines; and the records that claims are judged by.
 */
#ifndef LM_EVIDENCE_AUDIT_H
#define LM_EVIDENCE_AUDIT_H

#include "lib/base/lines.h"
#include "lib/base/pool.h"
#include "lib/crypto/note.h"
#include "lib/evidence/codes.h"
#include "lib/registry/registry.h"

/* More than this, on average over its period, no meter of a local market carries: 1 MW. */
#define LM_AUDIT_POWER_MAX_W 1000000

struct lm_audit;

struct lm_audit_options {
    const struct lm_root *root;          /* the only key that is trusted */
    int64_t now_s;                       /* when the keys of bare records are judged */
    int64_t power_max_w;                 /* what readings are held against */
    const struct lm_note_key *witnesses; /* all of which must have seen what counts */
    size_t witness_count;
    struct lm_pool *pool; /* for the work that is per record */
    /* Told of every finding. */
    int (*finding)(void *context, const struct lm_finding *finding, struct lm_error *error);
    /* Told, in the first pass, of every line that is no record; a finding as well in the second. */
    void (*refuse)(void *context, const char *name, const struct lm_line *line,
                   const struct lm_error *why);
    void *context;
};

/* What OPTIONS points at must outlive the audit. NULL with *error. */
struct lm_audit *lm_audit_new(const struct lm_audit_options *options,
                              struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_audit_free(struct lm_audit *audit);

/* Adds the checkpoint that FILE, which must outlive the audit, holds: the root that a log must
 * have, or must have had. Before the first line. One that is none is a finding. */
int lm_audit_checkpoint(struct lm_audit *audit, const char *file, const char *bytes, size_t size,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Adds a claim to be answered, before the first line; passes over other types. FILE must outlive
 * the audit. A claim that is not signed by the claimant is refused after the first pass. */
int lm_audit_claim(struct lm_audit *audit, const struct lm_record *record, const char *file,
                   const struct lm_line *line, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The lines that follow are those of the next input, the same ones in each pass. NAME is what
 * findings call it, which must outlive the audit; NULL for nothing. Unless it is a STREAM, an input
 * whose first line is an entry is a log. */
int lm_audit_input(struct lm_audit *audit, const char *name, bool stream, struct lm_error *error)
    LM_NONNULL_AT(1, 4) LM_MUST_CHECK;
/* The next line of the input; WHY says why it is no record, NULL where that is not known to be so.
 * Findings of lines come in their order. -1 with *error where the audit cannot go on. */
int lm_audit_line(struct lm_audit *audit, const struct lm_line *line, const struct lm_error *why,
                  struct lm_error *error) LM_NONNULL_AT(1, 2, 4) LM_MUST_CHECK;
/* The end of a pass; *again says whether there has to be another one. */
int lm_audit_pass(struct lm_audit *audit, bool *again,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Between the first two passes: the next receipt for which an entry must be in a log. Other records
 * are passed over. */
int lm_audit_receipt(struct lm_audit *audit, const struct lm_line *line,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* True once a line was a record. */
bool lm_audit_any(const struct lm_audit *audit) LM_NONNULL;

/* After the last pass: answers the claims in their order. TELL gets each claim, its verdict, then
 * the exhibits that this rests on, with the audit's context. *upheld says whether any claim was. */
int lm_audit_answer(struct lm_audit *audit,
                    int (*tell)(void *context, enum lm_type type, const union lm_body *body,
                                struct lm_error *error),
                    bool *upheld, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

struct lm_audit_outcome {
    bool clean;       /* there was no finding at all */
    uint64_t not_due; /* records that are not there, and need not be yet */
};

/* Compares: the findings of logs, terms, readings, then those of what was issued, by name. */
int lm_audit_finish(struct lm_audit *audit, struct lm_audit_outcome *outcome,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
