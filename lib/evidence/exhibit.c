#include "lib/evidence/exhibit.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/crypto/encoding.h"
#include "lib/record/canonical.h"

static json_t *write_path(const struct lm_merkle_proof *proof) {
    json_t *path = json_array();
    for (size_t i = 0; i < proof->count; i++) {
        char hash[LM_DIGEST_TEXT_SIZE];
        lm_digest_text(proof->hashes[i], hash);
        if (json_array_append_new(path, json_string(hash)) < 0) {
            json_decref(path);
            return NULL;
        }
    }
    return path;
}

int lm_exhibit_prove(struct lm_exhibit *exhibit, const struct lm_merkle_proof *proof,
                     const char *checkpoint, size_t size, struct lm_buffer *note,
                     struct lm_error *error) {
    lm_buffer_reset(note);
    lm_buffer_bytes(note, checkpoint, size);
    lm_buffer_byte(note, '\0');
    exhibit->path = write_path(proof);
    exhibit->checkpoint = note->data;
    if (exhibit->path && lm_buffer_ok(note))
        return 0;
    json_decref(exhibit->path);
    exhibit->path = NULL;
    return lm_fail_memory(error);
}

bool lm_exhibit_path(const struct lm_exhibit *exhibit, struct lm_merkle_proof *proof) {
    proof->count = 0;
    for (size_t i = 0; i < json_array_size(exhibit->path); i++) {
        const char *hash = json_string_value(json_array_get(exhibit->path, i));
        if (proof->count == LM_PROOF_MAX ||
            !lm_base64url_read(hash, proof->hashes[proof->count++], LM_HASH_SIZE))
            return false;
    }
    return true;
}

/* What is too long to be an entry no log has. */
static int hash_entry(const struct lm_exhibit *exhibit, uint8_t leaf[LM_HASH_SIZE],
                      struct lm_error *error) {
    struct lm_buffer line = {0};
    lm_canonical(exhibit->entry, NULL, &line);
    int result = lm_buffer_ok(&line) ? 0 : lm_fail_memory(error);
    if (result == 0 && line.size > LM_ENTRY_SIZE_MAX)
        result = lm_fail(error, LM_TOO_LONG, "its entry is longer than %d", LM_ENTRY_SIZE_MAX);
    if (result == 0)
        lm_merkle_leaf(line.data, line.size, leaf);
    lm_buffer_free(&line);
    return result;
}

/* That the entry is where the exhibit says. */
static int check_place(const struct lm_exhibit *exhibit, const struct lm_record *entry,
                       struct lm_checkpoint *checkpoint, uint8_t leaf[LM_HASH_SIZE],
                       struct lm_error *error) {
    struct lm_merkle_proof proof;
    if (!entry->wrapped || entry->entry_n != exhibit->n)
        return lm_fail(error, LM_ENTRY_NUMBER, "its entry has another number, or is none");
    if (lm_checkpoint_parse(exhibit->checkpoint, strlen(exhibit->checkpoint), checkpoint, error) <
        0)
        return -1;
    if (strcmp(checkpoint->origin, exhibit->log) != 0)
        return lm_fail(error, LM_WRONG_SUBJECT, "its checkpoint is another log's");
    if (!lm_exhibit_path(exhibit, &proof))
        return lm_fail(error, LM_BAD_MEMBER, "its path is too long");
    if (hash_entry(exhibit, leaf, error) < 0)
        return -1;
    if ((uint64_t)exhibit->n >= checkpoint->size ||
        !lm_merkle_included(&proof, (uint64_t)exhibit->n, checkpoint->size, leaf, checkpoint->root))
        return lm_fail(error, LM_NOT_INCLUDED, "its path does not lead to its checkpoint's root");
    return 0;
}

int lm_exhibit_read(const struct lm_exhibit *exhibit, struct lm_record *entry,
                    struct lm_checkpoint *checkpoint, struct lm_fact *fact,
                    struct lm_error *error) {
    *fact = (struct lm_fact){.log = exhibit->log, .n = (uint64_t)exhibit->n};
    if (lm_record_from_json(exhibit->entry, entry, error) < 0)
        return -1;
    if (check_place(exhibit, entry, checkpoint, fact->leaf, error) < 0) {
        lm_record_free(entry);
        return -1;
    }
    fact->log_size = checkpoint->size;
    return 0;
}
