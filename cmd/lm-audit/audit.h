/*
 * lm-audit's two modes, a file each, and what they share.
 */
#ifndef LM_CMD_LM_AUDIT_AUDIT_H
#define LM_CMD_LM_AUDIT_AUDIT_H

#include "cmd/run.h"
#include "lib/crypto/note.h"
#include "lib/evidence/audit.h"
#include "lib/evidence/codes.h"
#include "lib/registry/registry.h"

struct lm_audit_command_options {
    struct lm_common common;
    const char *root;
    struct lm_list checkpoints;
    struct lm_list witnesses;
    const char *receipts;
    const char *claims;
    const char *verdicts;
    int64_t power_max_w;
    bool report;
};

/* What a mode works with. */
struct lm_audit_task {
    struct lm_run *run;
    const struct lm_audit_command_options *options;
    struct lm_root root;
    struct lm_pool *pool;  /* once lm_audit_confine was called */
    uint64_t findings;     /* how many were written */
    struct lm_claim claim; /* the one that is being answered */
    struct lm_buffer line;
};

/* Audits logs, with the claims about them and the receipts for what is in them. */
void lm_audit_logs(struct lm_audit_task *task) LM_NONNULL;
/* --verdicts: checks what others have answered, without the logs. */
void lm_audit_verdicts(struct lm_audit_task *task) LM_NONNULL;

/* ---- what they share; none of it returns where something fails that is no line's ---- */

/* Ends the program where RESULT is negative. */
void lm_audit_check(const struct lm_audit_task *task, int result,
                    const struct lm_error *error) LM_NONNULL;
/* FILE, which may be NULL, is to be read after lm_audit_confine. */
void lm_audit_allow(const struct lm_audit_task *task, const char *file) LM_NONNULL_AT(1);
/* Confines the program to its input and what was allowed, and then makes the pool, whose threads
 * are so confined as well. */
void lm_audit_confine(struct lm_audit_task *task) LM_NONNULL;

/* The keys of the witnesses that were named, as many as there are names; freed by the caller. */
struct lm_note_key *lm_audit_witnesses(const struct lm_audit_task *task) LM_NONNULL;

/* Writes a finding, as a record or for people. POINTER is the task. */
int lm_audit_write_finding(void *pointer, const struct lm_finding *finding,
                           struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Writes the verdict on the whole, which comes last. */
void lm_audit_write_verdict(struct lm_audit_task *task, struct lm_audit_outcome outcome) LM_NONNULL;

#endif
