#include <stdio.h>
#include <string.h>

#include "cmd/lm-log/log.h"
#include "lib/evidence/proof_check.h"
#include "lib/evidence/verifier_key.h"

struct checking {
    struct lm_run *run;
    const struct lm_log_options *options;
    struct lm_proof_check proof;
};

static void need(const struct checking *checking, int result, const struct lm_error *error) {
    if (result < 0)
        lm_run_fatal(checking->run, error);
}

/* The same for what is wrong in a file. */
static void need_of(const struct checking *checking, const char *path, int result,
                    const struct lm_error *error) {
    struct lm_error named = *error;
    if (result == 0)
        return;
    (void)snprintf(named.detail, sizeof named.detail, "%.100s: %.150s", path, error->detail);
    lm_run_fatal(checking->run, &named);
}

static void read_line(const struct checking *checking, const char *path, struct lm_buffer *line) {
    lm_log_read_file(checking->run, path, line);
    if (line->size > 0 && line->data[line->size - 1] == '\n')
        line->size--;
    if (line->size > 0 && memchr(line->data, '\n', line->size)) {
        struct lm_error error;
        lm_fail(&error, LM_JSON, "%.100s: more than one line", path);
        lm_run_fatal(checking->run, &error);
    }
}

static void take_entry(struct checking *checking, const char *path) {
    struct lm_error error;
    struct lm_buffer line = {0};
    read_line(checking, path, &line);
    need_of(checking, path,
            lm_proof_check_entry(&checking->proof, line.data, line.size, "--entry", &error),
            &error);
    lm_buffer_free(&line);
}

static void take_leaf(struct checking *checking, const char *digest) {
    struct lm_error error;
    uint8_t leaf[LM_HASH_SIZE];
    if (!lm_base64url_read(digest, leaf, sizeof leaf))
        lm_run_usage(checking->run, "--leaf: '%s' is not a digest", digest);
    need(checking, lm_proof_check_leaf(&checking->proof, leaf, "--leaf", &error), &error);
}

static void take_receipt(struct checking *checking, const char *path) {
    struct lm_error error;
    struct lm_buffer line = {0};
    read_line(checking, path, &line);
    need_of(checking, path, lm_proof_check_receipt(&checking->proof, line.data, line.size, &error),
            &error);
    lm_buffer_free(&line);
}

static void check_inclusion(struct checking *checking) {
    const struct lm_log_options *options = checking->options;
    struct lm_error error;
    if (options->from)
        lm_run_usage(checking->run, "--from: this proof is of an entry");
    if (options->leaf)
        take_leaf(checking, options->leaf);
    if (options->entry)
        take_entry(checking, options->entry);
    if (options->receipt)
        take_receipt(checking, options->receipt);
    if (!checking->proof.has_leaf)
        lm_run_usage(checking->run, "--entry, --leaf or --receipt says what is to be proved");
    need(checking, lm_proof_check_included(&checking->proof, &error), &error);
}

static void check_consistency(struct checking *checking) {
    const struct lm_log_options *options = checking->options;
    struct lm_checkpoint old;
    struct lm_error error;
    struct lm_buffer bytes = {0};
    if (options->entry || options->leaf || options->receipt)
        lm_run_usage(checking->run, "this proof is of no entry, but of an earlier checkpoint");
    if (!options->from)
        lm_run_usage(checking->run, "--from: the earlier checkpoint is needed");
    lm_log_read_checkpoint(checking->run, options->from, &bytes, &old);
    need(checking, lm_proof_check_continues(&checking->proof, &old, &error), &error);
    lm_buffer_free(&bytes);
}

static void check_signatures(struct checking *checking) {
    const struct lm_list *witnesses = &checking->options->witnesses;
    const struct lm_checkpoint *checkpoint = &checking->proof.checkpoint;
    struct lm_error error;
    struct lm_note_key key;
    lm_log_find_key(checking->run, checking->options, checkpoint->origin, &key);
    need(checking, lm_proof_check_signed(&checking->proof, &key, &error), &error);
    for (size_t i = 0; i < witnesses->count; i++) {
        need(checking, lm_witness_key_load(witnesses->items[i], &key, &error), &error);
        need(checking, lm_note_verify(&checkpoint->note, &key, NULL, &error), &error);
    }
}

void lm_log_check_command(struct lm_run *run) {
    struct checking checking = {.run = run, .options = run->options};
    struct lm_buffer bytes = {0};
    struct lm_error error;
    const char *file = lm_operand_take(run);
    lm_operand_no_more(run);
    lm_log_read_file(run, file ? file : "-", &bytes);
    need_of(&checking, file ? file : "stdin",
            lm_proof_check_read(&checking.proof, bytes.data, bytes.size, &error), &error);
    check_signatures(&checking);
    if (checking.proof.text.kind == LM_PROOF_INCLUSION)
        check_inclusion(&checking);
    else
        check_consistency(&checking);
    if (checking.proof.entry.size > 0)
        lm_run_write_buffer(run, &checking.proof.entry);
    lm_proof_check_free(&checking.proof);
    lm_buffer_free(&bytes);
}
