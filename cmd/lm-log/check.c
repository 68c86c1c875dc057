#include <string.h>

#include "cmd/lm-log/log.h"
#include "lib/crypto/jws.h"
#include "lib/evidence/log_reader.h"
#include "lib/evidence/proof_text.h"
#include "lib/evidence/verifier_key.h"
#include "lib/record/canonical.h"

/* A proof that is to be checked, from either form. */
struct checking {
    struct lm_run *run;
    const struct lm_log_options *options;
    struct lm_buffer bytes;
    struct lm_proof_text text;
    struct lm_buffer note; /* the checkpoint of an exhibit */
    struct lm_checkpoint checkpoint;
    struct lm_note_key key;
    bool has_leaf;
    uint8_t leaf[LM_HASH_SIZE];
    struct lm_buffer entry; /* the entry's line, where it is known */
};

static _Noreturn void refuse(const struct checking *checking, enum lm_reason reason,
                             const char *why) {
    struct lm_error error;
    lm_fail(&error, reason, "%s", why);
    lm_run_fatal(checking->run, &error);
}

/* Everything that says which leaf it is must say the same. */
static void take_leaf(struct checking *checking, const uint8_t leaf[LM_HASH_SIZE],
                      const char *what) {
    struct lm_error error;
    if (checking->has_leaf && memcmp(checking->leaf, leaf, LM_HASH_SIZE) != 0) {
        lm_fail(&error, LM_NOT_INCLUDED, "%s has another leaf hash than the entry", what);
        lm_run_fatal(checking->run, &error);
    }
    memcpy(checking->leaf, leaf, LM_HASH_SIZE);
    checking->has_leaf = true;
}

/* An entry: its own number must be the one that is proved. */
static void take_entry(struct checking *checking, const char *line, size_t size, const char *what) {
    struct lm_error error;
    struct lm_record record;
    uint8_t leaf[LM_HASH_SIZE];
    if (lm_log_parse(line, size, &record, &error) < 0)
        lm_run_fatal(checking->run, &error);
    if ((uint64_t)record.entry_n != checking->text.number) {
        lm_fail(&error, LM_ENTRY_NUMBER, "%s is entry %lld, and the proof is for entry %llu", what,
                (long long)record.entry_n, (unsigned long long)checking->text.number);
        lm_run_fatal(checking->run, &error);
    }
    lm_merkle_leaf(line, size, leaf);
    take_leaf(checking, leaf, what);
    lm_buffer_reset(&checking->entry);
    lm_buffer_bytes(&checking->entry, line, size);
    lm_record_free(&record);
}

static size_t without_line_feed(const struct lm_buffer *bytes) {
    return bytes->size > 0 && bytes->data[bytes->size - 1] == '\n' ? bytes->size - 1 : bytes->size;
}

static void read_exhibit(struct checking *checking) {
    struct lm_error error;
    struct lm_record record;
    struct lm_buffer line = {0};
    struct lm_merkle_proof *proof = &checking->text.proof;
    if (lm_record_parse(checking->bytes.data, without_line_feed(&checking->bytes), &record,
                        &error) < 0)
        lm_run_fatal(checking->run, &error);
    if (record.type != LM_TYPE_EXHIBIT || record.wrapped)
        refuse(checking, LM_UNEXPECTED_TYPE, "a record that is no exhibit");
    const struct lm_exhibit *exhibit = &record.as.exhibit;
    checking->text.kind = LM_PROOF_INCLUSION;
    checking->text.number = (uint64_t)exhibit->n;
    for (size_t i = 0; i < json_array_size(exhibit->path); i++) {
        const char *hash = json_string_value(json_array_get(exhibit->path, i));
        if (proof->count == LM_PROOF_MAX ||
            !lm_base64url_read(hash, proof->hashes[proof->count++], LM_HASH_SIZE))
            refuse(checking, LM_BAD_MEMBER, "the exhibit's path is too long");
    }
    lm_buffer_text(&checking->note, exhibit->checkpoint);
    lm_canonical(exhibit->entry, NULL, &line);
    if (!lm_buffer_ok(&checking->note) || !lm_buffer_ok(&line))
        refuse(checking, LM_MEMORY, "out of memory");
    if (lm_checkpoint_parse(checking->note.data, checking->note.size, &checking->checkpoint,
                            &error) < 0)
        lm_run_fatal(checking->run, &error);
    if (strcmp(exhibit->log, checking->checkpoint.origin) != 0)
        refuse(checking, LM_WRONG_SUBJECT, "the exhibit's checkpoint is another log's");
    take_entry(checking, line.data, line.size, "the exhibit's");
    lm_buffer_free(&line);
    lm_record_free(&record);
}

static void read_proof(struct checking *checking) {
    struct lm_error error;
    struct lm_proof_text *text = &checking->text;
    if (checking->bytes.size > 0 && checking->bytes.data[0] == '{') {
        read_exhibit(checking);
        return;
    }
    if (lm_proof_text_parse(checking->bytes.data, checking->bytes.size, text, &error) < 0 ||
        lm_checkpoint_parse(text->checkpoint, text->checkpoint_size, &checking->checkpoint,
                            &error) < 0)
        lm_run_fatal(checking->run, &error);
    if (text->has_extra)
        take_entry(checking, text->extra.data, text->extra.size, "the proof's");
}

/* The keeper's signature, and that it promises what the proof shows. */
static void take_receipt(struct checking *checking, const char *path) {
    struct lm_error error;
    struct lm_record record;
    struct lm_buffer bytes = {0};
    struct lm_buffer payload = {0};
    uint8_t leaf[LM_HASH_SIZE];
    lm_log_read_file(checking->run, path, &bytes);
    if (lm_record_parse(bytes.data, without_line_feed(&bytes), &record, &error) < 0)
        lm_run_fatal(checking->run, &error);
    const struct lm_receipt *receipt = &record.as.receipt;
    if (record.type != LM_TYPE_RECEIPT || !record.signature.signature)
        refuse(checking, LM_UNEXPECTED_TYPE, "--receipt: not one signed receipt");
    lm_record_payload(&record, &payload);
    if (!lm_buffer_ok(&payload))
        refuse(checking, LM_MEMORY, "out of memory");
    if (lm_jws_verify(&record.signature, checking->key.public_key, payload.data, payload.size,
                      &error) < 0)
        lm_run_fatal(checking->run, &error);
    if (strcmp(receipt->log, checking->checkpoint.origin) != 0)
        refuse(checking, LM_WRONG_SUBJECT, "the receipt is another log's");
    if ((uint64_t)receipt->n != checking->text.number ||
        !lm_base64url_read(receipt->leaf, leaf, sizeof leaf))
        refuse(checking, LM_ENTRY_NUMBER, "the receipt is for another entry than the proof");
    take_leaf(checking, leaf, "the receipt");
    lm_record_free(&record);
    lm_buffer_free(&payload);
    lm_buffer_free(&bytes);
}

static void check_inclusion(struct checking *checking) {
    const struct lm_log_options *options = checking->options;
    const struct lm_checkpoint *checkpoint = &checking->checkpoint;
    uint8_t leaf[LM_HASH_SIZE];
    if (options->from)
        lm_run_usage(checking->run, "--from: this proof is of an entry");
    if (options->leaf) {
        if (!lm_base64url_read(options->leaf, leaf, sizeof leaf))
            lm_run_usage(checking->run, "--leaf: '%s' is not a digest", options->leaf);
        take_leaf(checking, leaf, "--leaf");
    }
    if (options->entry) {
        struct lm_buffer line = {0};
        lm_log_read_file(checking->run, options->entry, &line);
        take_entry(checking, line.data, without_line_feed(&line), "--entry");
        lm_buffer_free(&line);
    }
    if (options->receipt)
        take_receipt(checking, options->receipt);
    if (!checking->has_leaf)
        lm_run_usage(checking->run, "--entry, --leaf or --receipt says what is to be proved");
    if (!lm_merkle_included(&checking->text.proof, checking->text.number, checkpoint->size,
                            checking->leaf, checkpoint->root))
        refuse(checking, LM_NOT_INCLUDED, "the proof does not lead to the checkpoint's root");
}

static void check_consistency(struct checking *checking) {
    const struct lm_log_options *options = checking->options;
    const struct lm_checkpoint *checkpoint = &checking->checkpoint;
    struct lm_checkpoint old;
    struct lm_error error;
    struct lm_buffer bytes = {0};
    if (options->entry || options->leaf || options->receipt)
        lm_run_usage(checking->run, "this proof is of no entry, but of an earlier checkpoint");
    if (!options->from)
        lm_run_usage(checking->run, "--from: the earlier checkpoint is needed");
    lm_log_read_checkpoint(checking->run, options->from, &bytes, &old);
    if (strcmp(old.origin, checkpoint->origin) != 0)
        refuse(checking, LM_WRONG_SUBJECT, "the two checkpoints are of two logs");
    if (lm_note_verify(&old.note, &checking->key, NULL, &error) < 0)
        lm_run_fatal(checking->run, &error);
    if (old.size != checking->text.number)
        refuse(checking, LM_NOT_INCLUDED, "the proof is from another size than --from has");
    if (!lm_merkle_consistent(&checking->text.proof, old.size, old.root, checkpoint->size,
                              checkpoint->root))
        refuse(checking, LM_FORK,
               "the proof does not show that one checkpoint continues the other");
    lm_buffer_free(&bytes);
}

static void check_witnesses(struct checking *checking) {
    const struct lm_list *witnesses = &checking->options->witnesses;
    struct lm_error error;
    for (size_t i = 0; i < witnesses->count; i++) {
        struct lm_note_key key;
        if (lm_witness_key_load(witnesses->items[i], &key, &error) < 0 ||
            lm_note_verify(&checking->checkpoint.note, &key, NULL, &error) < 0)
            lm_run_fatal(checking->run, &error);
    }
}

void lm_log_check_command(struct lm_run *run) {
    const struct lm_log_options *options = run->options;
    struct checking checking = {.run = run, .options = options};
    struct lm_error error;
    const char *file = lm_operand_take(run);
    lm_operand_no_more(run);
    lm_log_read_file(run, file ? file : "-", &checking.bytes);
    read_proof(&checking);
    lm_log_find_key(run, options, checking.checkpoint.origin, &checking.key);
    if (lm_note_verify(&checking.checkpoint.note, &checking.key, NULL, &error) < 0)
        lm_run_fatal(run, &error);
    check_witnesses(&checking);
    if (checking.text.kind == LM_PROOF_INCLUSION)
        check_inclusion(&checking);
    else
        check_consistency(&checking);
    if (checking.entry.size > 0)
        lm_run_write_buffer(run, &checking.entry);
    lm_proof_text_free(&checking.text);
    lm_buffer_free(&checking.entry);
    lm_buffer_free(&checking.bytes);
    lm_buffer_free(&checking.note);
}
