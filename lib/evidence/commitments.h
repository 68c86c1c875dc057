/*
 * What the keepers of an audit's logs have signed for, and what witnesses have seen of it: signed
 * checkpoints, each of which has to be the root over the first entries of a log that is there.
 *
 * A checkpoint is of the log that has its root. Where none has, it is of the log of its origin, by
 * another checkpoint or by the file's name, or of the only log; what it says of that one is then
 * wrong, and the keeper's fault.
 */
#ifndef LM_EVIDENCE_COMMITMENTS_H
#define LM_EVIDENCE_COMMITMENTS_H

#include "lib/base/names.h"
#include "lib/crypto/checkpoint.h"
#include "lib/evidence/audited.h"
#include "lib/registry/registry.h"

struct lm_commitment;
struct lm_keeper_key;

/* By what checkpoints are judged. */
struct lm_commitments_options {
    const struct lm_registry *registry;
    int64_t now_s; /* when the keepers' keys are judged */
    const struct lm_note_key *witnesses;
    size_t witness_count;
    bool keys_only; /* there are no checkpoints here: it is asked whose others are */
};

struct lm_commitments {
    struct lm_commitments_options options;
    struct lm_commitment *items;
    size_t count;
    size_t room;
    uint64_t *sizes; /* of the checkpoints' trees, ascending, each once */
    size_t size_count;
    struct lm_keeper_key *keys; /* of everybody who may keep a log */
    size_t key_count;
    size_t key_room;
    struct lm_names ids;
};

/* What OPTIONS points at must outlive the commitments. */
void lm_commitments_start(struct lm_commitments *commitments,
                          const struct lm_commitments_options *options) LM_NONNULL;
void lm_commitments_free(struct lm_commitments *commitments) LM_NONNULL;

/* Adds what a checkpoint's file holds, before the first line of any log. FILE must outlive the
 * commitments. Fails only for want of memory. */
int lm_commitments_add(struct lm_commitments *commitments, const char *file, const char *bytes,
                       size_t size, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Notes the key of somebody who may keep a log; whether the root has signed for it is asked later.
 */
int lm_commitments_key(struct lm_commitments *commitments, const struct lm_identity *identity,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Before each leaf of a log, taken in at NEXT_AT_S, and after its last (LM_ABSENT): keeps the root
 * where a checkpoint is of that size. */
int lm_commitments_grow(const struct lm_commitments *commitments, struct lm_audited *audited,
                        int64_t next_at_s, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Once all logs have been read and the registry is sealed: finds the log of each checkpoint, gives
 * the logs their names, keepers and what is committed of them. */
int lm_commitments_match(struct lm_commitments *commitments, struct lm_audited *const *inputs,
                         size_t count, struct lm_error *error) LM_NONNULL_AT(1, 4) LM_MUST_CHECK;
/* Then, as the registry knows by now which log is the registrar's: asks what the witnesses have
 * seen, and tells of checkpoints and logs that do not go together. */
int lm_commitments_judge(struct lm_commitments *commitments, struct lm_audited *const *inputs,
                         size_t count, struct lm_findings *findings, struct lm_error *error)
    LM_NONNULL_AT(1, 4, 5) LM_MUST_CHECK;

/* The checkpoint, as it was added, up to which a log's keeper answers for it, and when that was
 * signed. False where there is none. Borrowed. */
bool lm_commitments_newest(const struct lm_commitments *commitments,
                           const struct lm_audited *audited, const char **bytes, size_t *size,
                           int64_t *signed_s) LM_NONNULL LM_MUST_CHECK;

/* Who stands behind a checkpoint. */
struct lm_signers {
    const char *keeper; /* NULL for nobody whose key counts, then why; borrowed */
    int64_t signed_s;   /* when the keeper says that was; 0 where it does not */
    bool unwitnessed;   /* one of the witnesses has not cosigned it */
    struct lm_error why;
};

/* The same of a checkpoint that was not added: of those whose keys were noted and count, and of the
 * witnesses. Fails only for want of memory. */
int lm_commitments_signers(const struct lm_commitments *commitments,
                           const struct lm_checkpoint *checkpoint, struct lm_signers *signers,
                           struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Whether every witness had signed, by an instant, that line NUMBER of a log is there. */
bool lm_commitments_anchored(const struct lm_audited *audited, uint64_t number,
                             int64_t instant_s) LM_NONNULL LM_MUST_CHECK;

#endif
