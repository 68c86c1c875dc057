/*
 * lm-auth's commands, a file each, and what they share.
 */
#ifndef LM_CMD_LM_AUTH_AUTH_H
#define LM_CMD_LM_AUTH_AUTH_H

#include "cmd/command.h"
#include "cmd/key_input.h"
#include "cmd/registry.h"
#include "lib/base/names.h"
#include "lib/registry/auth.h"
#include "lib/registry/outstanding.h"

struct lm_auth_options {
    struct lm_common common;
    struct lm_registry_options registry;
    struct lm_key_options key;
    const char *state;
    struct lm_list to;
    int64_t ttl_s;
    int64_t skew_s;
    const char *attest;
    const char *from;
    int role;
    const char *answering;
    bool attested;
};

void lm_auth_challenge_command(struct lm_run *run);
void lm_auth_respond_command(struct lm_run *run);
void lm_auth_check_command(struct lm_run *run);

/* What the commands work with. */
struct lm_auth_task {
    struct lm_run *run;
    const struct lm_auth_options *options;
    struct lm_key key; /* of challenge and respond */
    struct lm_registry *registry;
    struct lm_outstanding *state;
    struct lm_names answering; /* digests */
    struct lm_auth_clock clock;
    uint64_t passed;
};

/* Loads what the options name. None of these returns where something fails that is no line's. */
void lm_auth_start(struct lm_auth_task *task, struct lm_run *run) LM_NONNULL;
void lm_auth_end(struct lm_auth_task *task) LM_NONNULL;

void lm_auth_look_at_clock(struct lm_auth_task *task) LM_NONNULL;
/* The state file, as lib/registry/outstanding.h has it. ID may be NULL. */
void lm_auth_lock(struct lm_auth_task *task, const char *id) LM_NONNULL_AT(1);
void lm_auth_commit(struct lm_auth_task *task) LM_NONNULL;

/* ---- respond and check: messages in batches ---- */

/* A message between what is cheap, what is dear, and what is done under the lock. */
struct lm_auth_message {
    bool held;
    struct lm_record record;
    char digest[LM_DIGEST_TEXT_SIZE];
};

/* What differs between the two. */
struct lm_auth_verb {
    bool (*takes)(enum lm_type type);
    /* Whether the message may pass, but for its signature. */
    int (*judge)(const struct lm_auth_task *task, const struct lm_auth_message *message,
                 struct lm_error *error);
    /* Once its signature is right: before the lock (may be NULL), and under it. */
    void (*prepare)(struct lm_auth_task *task, const struct lm_auth_message *message,
                    struct lm_work_item *item);
    void (*act)(struct lm_auth_task *task, const struct lm_auth_message *message,
                struct lm_work_item *item);
};

/* Works on all of the input. */
void lm_auth_work(struct lm_auth_task *task, const struct lm_auth_verb *verb) LM_NONNULL;

/* An error that is the line's rejects it; any other ends the program. */
void lm_auth_refuse(const struct lm_auth_task *task, struct lm_work_item *item,
                    const struct lm_error *error) LM_NONNULL;
/* Whether a message of that type may be answered. */
bool lm_auth_is_question(enum lm_type type) LM_MUST_CHECK;
/* Our message that a response answers, or NULL. */
const struct lm_sent *lm_auth_asked(const struct lm_auth_task *task,
                                    const struct lm_record *record) LM_NONNULL;

#endif
