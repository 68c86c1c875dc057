/*
 * lm-log's commands, a file each, and what they share.
 */
#ifndef LM_CMD_LM_LOG_LOG_H
#define LM_CMD_LM_LOG_LOG_H

#include "cmd/command.h"
#include "cmd/key_input.h"
#include "cmd/registry.h"
#include "cmd/run.h"
#include "lib/crypto/checkpoint.h"

struct lm_log_options {
    struct lm_common common;
    struct lm_key_options key;
    struct lm_registry_options registry;
    const char *origin;
    struct lm_list rules;
    const char *output;
    const char *state;
    bool first;
    const char *name;
    const char *log_key;
    const char *keeper;
    const char *log;
    const char *checkpoint;
    const char *from;
    bool entry_too;
    bool exhibit;
    const char *claim;
    const char *entry;
    const char *leaf;
    const char *receipt;
    struct lm_list witnesses;
    const char *period;
    struct lm_list types;
    int64_t length_minutes;
    bool bare;
};

/* Each takes the operands that are left in RUN. */
void lm_log_append_command(struct lm_run *run);
void lm_log_checkpoint_command(struct lm_run *run);
void lm_log_vkey_command(struct lm_run *run);
void lm_log_cosign_command(struct lm_run *run);
void lm_log_prove_command(struct lm_run *run);
void lm_log_check_command(struct lm_run *run);
void lm_log_cat_command(struct lm_run *run);

/* The file beside LOG that is called LOG.SUFFIX. The caller frees it. */
char *lm_log_beside(struct lm_run *run, const char *log, const char *suffix) LM_NONNULL;

/* How many entries the last checkpoint beside LOG is over, the root, and when it was signed,
 * LM_ABSENT where it does not say; 0 where there is none to be read. Ends where it is not by KEY.
 */
uint64_t lm_log_signed_size(struct lm_run *run, const char *log, const struct lm_key *key,
                            uint8_t root[LM_HASH_SIZE], int64_t *signed_s) LM_NONNULL;
/* The log's name: --origin, or that of its last checkpoint, or else the key's id, a slash, and the
 * last part of LOG. Checked to be a note key's name. The caller frees it. */
char *lm_log_origin(struct lm_run *run, const struct lm_log_options *options, const char *log,
                    const struct lm_key *key) LM_NONNULL;

/* Reads a file that holds a proof, an exhibit's line, or less, or ends. */
void lm_log_read_file(struct lm_run *run, const char *path, struct lm_buffer *out) LM_NONNULL;

/* Reads a file that should hold a checkpoint, whose texts are in BYTES, or ends. */
void lm_log_read_checkpoint(struct lm_run *run, const char *path, struct lm_buffer *bytes,
                            struct lm_checkpoint *checkpoint) LM_NONNULL;

/* The key of the log ORIGIN: from --log-key, or the keeper's in the registry at --now. */
void lm_log_find_key(struct lm_run *run, const struct lm_log_options *options, const char *origin,
                     struct lm_note_key *key) LM_NONNULL;

#endif
