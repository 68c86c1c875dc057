#include "lib/evidence/proof_check.h"

#include <string.h>

#include "lib/crypto/jws.h"
#include "lib/evidence/exhibit.h"
#include "lib/evidence/log_reader.h"
#include "lib/record/canonical.h"

/* ---- which leaf ---- */

int lm_proof_check_leaf(struct lm_proof_check *check, const uint8_t leaf[LM_HASH_SIZE],
                        const char *what, struct lm_error *error) {
    if (check->has_leaf && memcmp(check->leaf, leaf, LM_HASH_SIZE) != 0)
        return lm_fail(error, LM_NOT_INCLUDED, "%s has another leaf hash than the entry", what);
    memcpy(check->leaf, leaf, LM_HASH_SIZE);
    check->has_leaf = true;
    return 0;
}

int lm_proof_check_entry(struct lm_proof_check *check, const char *line, size_t size,
                         const char *what, struct lm_error *error) {
    struct lm_record record;
    uint8_t leaf[LM_HASH_SIZE];
    if (lm_log_parse(line, size, &record, error) < 0)
        return -1;
    int64_t n = record.entry_n;
    lm_record_free(&record);
    if ((uint64_t)n != check->text.number)
        return lm_fail(error, LM_ENTRY_NUMBER, "%s is entry %lld, and the proof is for entry %llu",
                       what, (long long)n, (unsigned long long)check->text.number);
    lm_merkle_leaf(line, size, leaf);
    if (lm_proof_check_leaf(check, leaf, what, error) < 0)
        return -1;
    lm_buffer_reset(&check->entry);
    lm_buffer_bytes(&check->entry, line, size);
    return lm_buffer_ok(&check->entry) ? 0 : lm_fail_memory(error);
}

/* The keeper's signature, and that it promises what the proof shows. */
static int check_receipt(struct lm_proof_check *check, const struct lm_record *record,
                         struct lm_error *error) {
    const struct lm_receipt *receipt = &record->as.receipt;
    struct lm_buffer payload = {0};
    uint8_t leaf[LM_HASH_SIZE];
    if (record->type != LM_TYPE_RECEIPT || !record->signature.signature)
        return lm_fail(error, LM_UNEXPECTED_TYPE, "--receipt: not one signed receipt");
    lm_record_payload(record, &payload);
    int result = lm_buffer_ok(&payload) ? lm_jws_verify(&record->signature, check->key.public_key,
                                                        payload.data, payload.size, error)
                                        : lm_fail_memory(error);
    lm_buffer_free(&payload);
    if (result < 0)
        return -1;
    if (strcmp(receipt->log, check->checkpoint.origin) != 0)
        return lm_fail(error, LM_WRONG_SUBJECT, "the receipt is another log's");
    if ((uint64_t)receipt->n != check->text.number ||
        !lm_base64url_read(receipt->leaf, leaf, sizeof leaf))
        return lm_fail(error, LM_ENTRY_NUMBER, "the receipt is for another entry than the proof");
    return lm_proof_check_leaf(check, leaf, "the receipt", error);
}

int lm_proof_check_receipt(struct lm_proof_check *check, const char *line, size_t size,
                           struct lm_error *error) {
    struct lm_record record;
    if (lm_record_parse(line, size, &record, error) < 0)
        return -1;
    int result = check_receipt(check, &record, error);
    lm_record_free(&record);
    return result;
}

/* ---- both forms ---- */

static int take_exhibit(struct lm_proof_check *check, const struct lm_record *record,
                        struct lm_error *error) {
    const struct lm_exhibit *exhibit = &record->as.exhibit;
    struct lm_buffer line = {0};
    if (record->type != LM_TYPE_EXHIBIT || record->wrapped)
        return lm_fail(error, LM_UNEXPECTED_TYPE, "a record that is no exhibit");
    check->text.kind = LM_PROOF_INCLUSION;
    check->text.number = (uint64_t)exhibit->n;
    if (!lm_exhibit_path(exhibit, &check->text.proof))
        return lm_fail(error, LM_BAD_MEMBER, "the exhibit's path is too long");
    lm_buffer_text(&check->note, exhibit->checkpoint);
    if (!lm_buffer_ok(&check->note))
        return lm_fail_memory(error);
    if (lm_checkpoint_parse(check->note.data, check->note.size, &check->checkpoint, error) < 0)
        return -1;
    if (strcmp(exhibit->log, check->checkpoint.origin) != 0)
        return lm_fail(error, LM_WRONG_SUBJECT, "the exhibit's checkpoint is another log's");
    lm_canonical(exhibit->entry, NULL, &line);
    int result = lm_buffer_ok(&line)
                     ? lm_proof_check_entry(check, line.data, line.size, "the exhibit's", error)
                     : lm_fail_memory(error);
    lm_buffer_free(&line);
    return result;
}

static int read_exhibit(struct lm_proof_check *check, const char *bytes, size_t size,
                        struct lm_error *error) {
    struct lm_record record;
    if (bytes[size - 1] == '\n')
        size--;
    if (lm_record_parse(bytes, size, &record, error) < 0)
        return -1;
    int result = take_exhibit(check, &record, error);
    lm_record_free(&record);
    return result;
}

int lm_proof_check_read(struct lm_proof_check *check, const char *bytes, size_t size,
                        struct lm_error *error) {
    struct lm_proof_text *text = &check->text;
    *check = (struct lm_proof_check){0};
    if (size > 0 && bytes[0] == '{')
        return read_exhibit(check, bytes, size, error);
    if (lm_proof_text_parse(bytes, size, text, error) < 0 ||
        lm_checkpoint_parse(text->checkpoint, text->checkpoint_size, &check->checkpoint, error) < 0)
        return -1;
    return text->has_extra ? lm_proof_check_entry(check, text->extra.data, text->extra.size,
                                                  "the proof's", error)
                           : 0;
}

void lm_proof_check_free(struct lm_proof_check *check) {
    lm_proof_text_free(&check->text);
    lm_buffer_free(&check->note);
    lm_buffer_free(&check->entry);
}

/* ---- the proof ---- */

int lm_proof_check_signed(struct lm_proof_check *check, const struct lm_note_key *key,
                          struct lm_error *error) {
    check->key = *key;
    return lm_note_verify(&check->checkpoint.note, key, NULL, error);
}

int lm_proof_check_included(const struct lm_proof_check *check, struct lm_error *error) {
    return lm_merkle_included(&check->text.proof, check->text.number, check->checkpoint.size,
                              check->leaf, check->checkpoint.root)
               ? 0
               : lm_fail(error, LM_NOT_INCLUDED,
                         "the proof does not lead to the checkpoint's root");
}

int lm_proof_check_continues(const struct lm_proof_check *check, const struct lm_checkpoint *old,
                             struct lm_error *error) {
    const struct lm_checkpoint *checkpoint = &check->checkpoint;
    if (strcmp(old->origin, checkpoint->origin) != 0)
        return lm_fail(error, LM_WRONG_SUBJECT, "the two checkpoints are of two logs");
    if (lm_note_verify(&old->note, &check->key, NULL, error) < 0)
        return -1;
    if (old->size != check->text.number)
        return lm_fail(error, LM_NOT_INCLUDED, "the proof is from another size than --from has");
    return lm_merkle_consistent(&check->text.proof, old->size, old->root, checkpoint->size,
                                checkpoint->root)
               ? 0
               : lm_fail(error, LM_FORK,
                         "the proof does not show that one checkpoint continues the other");
}
