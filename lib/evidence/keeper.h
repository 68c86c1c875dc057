/*
 * Who signs checkpoints, and when not: a log's keeper only ever signs what continues the checkpoint
 * that it signed last, a witness only what continues the one that it saw last.
 */
#ifndef LM_EVIDENCE_KEEPER_H
#define LM_EVIDENCE_KEEPER_H

#include "lib/crypto/checkpoint.h"
#include "lib/evidence/log.h"
#include "lib/evidence/log_view.h"
#include "lib/evidence/proof_text.h"

/* What a checkpoint is signed with. */
struct lm_keeper {
    const char *origin;
    const char *path; /* where the last checkpoint is kept: the new one takes its place */
    const struct lm_key *key;
    int64_t now_s;
};

/* Tells LOG, before it is locked, what the last checkpoint promises. LM_IO, and LM_BAD_MEMBER where
 * it is none. */
int lm_keeper_remind(const struct lm_keeper *keeper, struct lm_log *log,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * Signs a checkpoint over all of LOG, which is locked, keeps it, and appends it to OUT once it is
 * durable. The time in it is NOW_S, but not before the last entry and the checkpoint before it.
 *   LM_FORK         the log does not continue the last checkpoint
 *   LM_WRONG_SUBJECT the last checkpoint is of another origin
 *   LM_UNSIGNED, LM_BAD_SIGNATURE, LM_BAD_MEMBER  it is not one by this key
 *   and what lm_log_root refuses
 */
int lm_keeper_checkpoint(const struct lm_keeper *keeper, struct lm_log *log, struct lm_buffer *out,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* What a witness works with. */
struct lm_witness {
    const char *state;       /* the last checkpoint of the log that it saw is in this file */
    bool first;              /* there is no such file yet, and there must be none */
    struct lm_note_key log;  /* whose signature it trusts; its name is the log's origin */
    struct lm_note_key name; /* by which it cosigns */
    const struct lm_key *key;
    const struct lm_proof_text *proof; /* from the last checkpoint to the new one, or NULL */
    struct lm_log_view *log_file;      /* the log itself, or NULL */
    int64_t now_s;
};

/*
 * Checks a checkpoint, keeps it as the last one seen, and appends it with the witness's cosignature
 * to OUT once that is durable.
 *   LM_FORK         it does not continue the last one, or goes back behind it. Where the log has
 *                   signed two that cannot both be true, the new one is kept in STATE.fork
 *   LM_NOT_INCLUDED the proof does not show that it continues the last one, or is missing
 *   LM_TOO_LONG     it has so many signatures that there is no room for another
 *   LM_WRONG_SUBJECT, LM_UNSIGNED, LM_BAD_SIGNATURE, LM_BAD_MEMBER
 *   LM_NO_INPUT     there is no state, and FIRST does not say so; LM_EXISTS: the other way round
 */
int lm_witness_cosign(const struct lm_witness *witness, const char *bytes, size_t size,
                      struct lm_buffer *out, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
