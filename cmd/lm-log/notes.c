#include <stdlib.h>
#include <string.h>

#include "cmd/lm-log/log.h"
#include "lib/evidence/keeper.h"

void lm_log_checkpoint_command(struct lm_run *run) {
    const struct lm_log_options *options = run->options;
    struct lm_key key;
    struct lm_error error;
    struct lm_log_repair repair;
    struct lm_buffer note = {0};
    const char *path = lm_operand_need(run, "log");
    lm_operand_no_more(run);
    lm_run_key(run, &options->key, &key);
    char *origin = lm_log_origin(run, options, path, &key);
    char *beside = lm_log_beside(run, path, "checkpoint");
    const struct lm_keeper keeper = {.origin = origin,
                                     .path = options->output ? options->output : beside,
                                     .key = &key,
                                     .now_s = lm_run_now(run)};
    struct lm_log *log = lm_log_open_existing(path, &error);
    if (!log || lm_keeper_remind(&keeper, log, &error) < 0 ||
        lm_log_lock(log, &repair, &error) < 0 ||
        lm_keeper_checkpoint(&keeper, log, &note, &error) < 0)
        lm_run_fatal(run, &error);
    if (repair.cut > 0) {
        const struct lm_input place = {.source = path};
        lm_fail(&error, LM_NONE, "cut off a torn end of %llu bytes",
                (unsigned long long)repair.cut);
        lm_run_note(run, &place, &error);
    }
    if (lm_log_index_failed(log, &error))
        lm_run_error(run, &error);
    lm_log_unlock(log);
    lm_log_free(log);
    lm_run_write_text(run, &note);
    lm_buffer_free(&note);
    lm_key_free(&key);
    free(beside);
    free(origin);
}

/* A log's key where a log or an origin is named, else a witness's. */
void lm_log_vkey_command(struct lm_run *run) {
    const struct lm_log_options *options = run->options;
    struct lm_key key;
    struct lm_note_key note_key;
    struct lm_error error;
    struct lm_buffer text = {0};
    const char *path = lm_operand_take(run);
    bool of_log = path || options->origin;
    lm_operand_no_more(run);
    if (of_log && options->name)
        lm_run_usage(run, "a log has an --origin, a witness a --name");
    lm_run_key(run, &options->key, &key);
    char *origin = of_log ? lm_log_origin(run, options, path ? path : "", &key) : NULL;
    const char *name = of_log ? origin : options->name ? options->name : key.id;
    if (lm_note_key_make(name, of_log ? LM_NOTE_ED25519 : LM_NOTE_COSIGNATURE, key.sign_public,
                         &note_key, &error) < 0)
        lm_run_usage(run, "%s", error.detail);
    lm_note_key_format(&note_key, &text);
    lm_run_write_buffer(run, &text);
    lm_buffer_free(&text);
    lm_key_free(&key);
    free(origin);
}

/* The checkpoint's origin, before anything of it has been checked: to find the key. */
static void find_log_key(struct lm_run *run, const struct lm_log_options *options,
                         const char *bytes, size_t size, struct lm_note_key *key) {
    struct lm_checkpoint checkpoint;
    struct lm_error error;
    if (lm_checkpoint_parse(bytes, size, &checkpoint, &error) < 0)
        lm_run_fatal(run, &error);
    lm_log_find_key(run, options, checkpoint.origin, key);
}

void lm_log_cosign_command(struct lm_run *run) {
    const struct lm_log_options *options = run->options;
    struct lm_key key;
    struct lm_error error;
    struct lm_buffer input = {0};
    struct lm_buffer note = {0};
    struct lm_proof_text proof = {0};
    const char *file = lm_operand_take(run);
    lm_operand_no_more(run);
    if (!options->state)
        lm_run_usage(run, "--state is needed");
    lm_run_key(run, &options->key, &key);
    struct lm_witness witness = {
        .state = options->state, .first = options->first, .key = &key, .now_s = lm_run_now(run)};
    const char *name = options->name ? options->name : key.id;
    if (lm_note_key_make(name, LM_NOTE_COSIGNATURE, key.sign_public, &witness.name, &error) < 0)
        lm_run_usage(run, "--name: %s", error.detail);
    lm_log_read_file(run, file ? file : "-", &input);
    /* A checkpoint alone, or with a proof before it, as `lm-log prove --from` writes it. */
    const char *bytes = input.data;
    size_t size = input.size;
    if (size > 4 && memcmp(bytes, "old ", 4) == 0) {
        if (lm_proof_text_parse(bytes, size, &proof, &error) < 0)
            lm_run_fatal(run, &error);
        witness.proof = &proof;
        bytes = proof.checkpoint;
        size = proof.checkpoint_size;
    }
    /* A registry that is asked for the key is read in the sandbox. */
    char *index = options->log ? lm_log_beside(run, options->log, "index") : NULL;
    lm_run_allow(run, options->state, LM_SANDBOX_WRITE);
    if (index)
        lm_run_allow(run, index, LM_SANDBOX_READ);
    find_log_key(run, options, bytes, size, &witness.log);
    if (options->log && !(witness.log_file = lm_log_view_open(options->log, &error)))
        lm_run_fatal(run, &error);
    if (lm_witness_cosign(&witness, bytes, size, &note, &error) < 0)
        lm_run_fatal(run, &error);
    lm_run_write_text(run, &note);
    lm_log_view_free(witness.log_file);
    free(index);
    lm_proof_text_free(&proof);
    lm_buffer_free(&input);
    lm_buffer_free(&note);
    lm_key_free(&key);
}
