/*
 * What the keeper of a log takes in: signed records, each once, dated no earlier than what is
 * there and has been signed for, and orders before their gate closes; and what she gives for each,
 * a signed receipt.
 *
 *     lm_intake_check(&line, &taken, &record, &error);          // by several threads
 *     lm_log_lock(intake.log, &repair, &error);
 *     lm_intake_take(&intake, &taken, &line, &record, now_s, &error);
 *     lm_log_commit(intake.log, &error);                        // no receipt before
 *     lm_log_unlock(intake.log);
 *     lm_intake_receipt(&intake, &taken, &out, &error);         // by several threads
 */
#ifndef LM_EVIDENCE_INTAKE_H
#define LM_EVIDENCE_INTAKE_H

#include "lib/crypto/key.h"
#include "lib/evidence/log.h"
#include "lib/market/terms.h"

struct lm_intake {
    struct lm_log *log;
    const char *path;   /* the log's file */
    const char *origin; /* the log's name */
    int64_t signed_s;   /* by when she signed its last checkpoint; LM_ABSENT where none says */
    struct lm_key key;
    struct lm_terms_list terms; /* the rules that gates are judged by; more come with the records */
};

/* One record, and its place in the log once it has one. */
struct lm_taken {
    enum lm_type type;
    char market[LM_ID_SIZE_MAX + 1]; /* an order's, as the next */
    struct lm_period period;
    uint64_t n;
    int64_t at_s;
    uint8_t leaf[LM_HASH_SIZE];
};

/* That the log, which is locked, continues the SIZE entries with ROOT of its last checkpoint (0 for
 * none): else no receipt of it is worth anything. LM_IO. */
int lm_intake_continues(const struct lm_intake *intake, uint64_t size,
                        const uint8_t root[LM_HASH_SIZE],
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Reads a line, bare or an entry of another log, and appends the record in canonical form.
 * LM_UNSIGNED, or what is wrong with it. */
int lm_intake_check(const struct lm_line *line, struct lm_taken *taken, struct lm_buffer *canonical,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* While the log is locked: finds the entry of a record, in canonical form, or adds one, at NOW_S
 * or, if that is later, when the last one was taken in or the last checkpoint signed: there she
 * said that the log had no such entry. LM_LATE, LM_TOO_LONG, what lm_terms_check_gate says; LM_IO.
 */
int lm_intake_take(struct lm_intake *intake, struct lm_taken *taken, const struct lm_line *line,
                   const struct lm_buffer *record, int64_t now_s,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Appends the receipt, signed, as a line. */
int lm_intake_receipt(const struct lm_intake *intake, const struct lm_taken *taken,
                      struct lm_buffer *out, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
