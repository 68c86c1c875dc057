/*
 * Any bytes as a signed note, a checkpoint, a verifier key, a proof, a line of a log: what is read
 * is written again as the same bytes, and no signature verifies that nobody made.
 */
#include "lib/crypto/checkpoint.h"
#include "lib/evidence/log_reader.h"
#include "lib/evidence/proof_text.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_key(const char *text, size_t size) {
    char terminated[512];
    struct lm_note_key key;
    struct lm_error error;
    struct lm_buffer written = {0};
    if (size >= sizeof terminated || memchr(text, '\0', size))
        return;
    memcpy(terminated, text, size);
    terminated[size] = '\0';
    if (lm_note_key_parse(terminated, &key, &error) < 0)
        return;
    HOLDS(lm_note_name_valid(key.name, strlen(key.name)));
    lm_note_key_format(&key, &written);
    HOLDS(written.size == size && memcmp(written.data, text, size) == 0);
    lm_buffer_free(&written);
}

/* The lines and the text are the note's bytes, all of them. */
static void check_note(const char *text, size_t size) {
    static const uint8_t public_key[32] = {1};
    struct lm_note note;
    struct lm_error error;
    if (lm_note_parse(text, size, &note, &error) < 0)
        return;
    HOLDS(note.count >= 1 && note.count <= LM_NOTE_SIGNATURES_MAX);
    size_t total = note.text_size + 1;
    for (size_t i = 0; i < note.count; i++) {
        const struct lm_note_line *line = &note.lines[i];
        char name[LM_NOTE_NAME_MAX + 1];
        struct lm_note_key key;
        total += line->line_size;
        HOLDS(lm_note_name_valid(line->name, line->name_size));
        memcpy(name, line->name, line->name_size);
        name[line->name_size] = '\0';
        HOLDS(lm_note_key_make(name, LM_NOTE_ED25519, public_key, &key, &error) == 0);
        HOLDS(lm_note_verify(&note, &key, NULL, &error) < 0);
        HOLDS(lm_note_key_make(name, LM_NOTE_COSIGNATURE, public_key, &key, &error) == 0);
        HOLDS(lm_note_verify(&note, &key, NULL, &error) < 0);
    }
    HOLDS(total == size && note.text[note.text_size - 1] == '\n');
}

static void check_checkpoint(const char *text, size_t size) {
    struct lm_checkpoint checkpoint;
    struct lm_error error;
    struct lm_buffer written = {0};
    if (lm_checkpoint_parse(text, size, &checkpoint, &error) < 0)
        return;
    HOLDS(checkpoint.size <= INT64_MAX);
    lm_checkpoint_text(checkpoint.origin, checkpoint.size, checkpoint.root, &written);
    lm_buffer_bytes(&written, checkpoint.extension, checkpoint.extension_size);
    HOLDS(written.size == checkpoint.note.text_size &&
          memcmp(written.data, checkpoint.note.text, written.size) == 0);
    lm_buffer_free(&written);
}

static void check_proof(const char *text, size_t size) {
    struct lm_proof_text proof;
    struct lm_error error;
    struct lm_buffer written = {0};
    static const uint8_t root[LM_HASH_SIZE] = {1};
    if (lm_proof_text_parse(text, size, &proof, &error) < 0)
        return;
    lm_proof_text_write(&proof, &written);
    HOLDS(written.size == size && memcmp(written.data, text, size) == 0);
    HOLDS(proof.proof.count <= LM_PROOF_MAX);
    HOLDS(!lm_merkle_included(&proof.proof, proof.number, proof.number + 5, root, root) ||
          proof.proof.count == 0);
    (void)!lm_merkle_consistent(&proof.proof, proof.number, root, proof.number + 5, root);
    lm_buffer_free(&written);
    lm_proof_text_free(&proof);
}

/* A line of a log comes apart into what it is put together from. */
static void check_line(const char *text, size_t size) {
    struct lm_record record;
    struct lm_error error;
    struct lm_buffer written = {0};
    const char *part;
    size_t part_size;
    if (lm_log_parse(text, size, &record, &error) < 0) {
        lm_record_free(&record);
        return;
    }
    HOLDS(record.wrapped && lm_log_record_of(text, size, &part, &part_size));
    lm_record_canonical(&record, &written);
    HOLDS(written.size == part_size && memcmp(written.data, part, part_size) == 0);
    lm_buffer_reset(&written);
    lm_log_format((uint64_t)record.entry_n, record.entry_at_s, part, part_size, &written);
    HOLDS(written.size == size && memcmp(written.data, text, size) == 0);
    lm_buffer_free(&written);
    lm_record_free(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool started;
    struct lm_error error;
    if (!started)
        HOLDS(lm_crypto_start(&error) == 0);
    started = true;
    check_key((const char *)data, size);
    check_note((const char *)data, size);
    check_checkpoint((const char *)data, size);
    check_proof((const char *)data, size);
    check_line((const char *)data, size);
    return 0;
}
