#include "lib/crypto/checkpoint.h"

#include <string.h>

void lm_checkpoint_text(const char *origin, uint64_t size, const uint8_t root[LM_HASH_SIZE],
                        struct lm_buffer *out) {
    lm_buffer_format(out, "%s\n%llu\n", origin, (unsigned long long)size);
    lm_base64_append(root, LM_HASH_SIZE, out);
    lm_buffer_byte(out, '\n');
}

bool lm_tree_size_parse(const char *text, size_t size, uint64_t *value) {
    *value = 0;
    if (size == 0 || size > 19 || (text[0] == '0' && size > 1))
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = 10 * *value + (uint64_t)(text[i] - '0'); /* 19 digits fit */
    }
    return *value <= INT64_MAX;
}

static int malformed(const char *why, struct lm_error *error) {
    return lm_fail(error, LM_BAD_MEMBER, "not a checkpoint: %s", why);
}

/* Takes the line at *at, without its line feed, of a text that ends in one. False at the end. */
static bool take_line(const char **at, const char *end, const char **line, size_t *size) {
    if (*at == end)
        return false;
    const char *feed = memchr(*at, '\n', (size_t)(end - *at));
    *line = *at;
    *size = (size_t)(feed - *at);
    *at = feed + 1;
    return true;
}

int lm_checkpoint_parse(const char *bytes, size_t size, struct lm_checkpoint *checkpoint,
                        struct lm_error *error) {
    *checkpoint = (struct lm_checkpoint){0};
    if (lm_note_parse(bytes, size, &checkpoint->note, error) < 0)
        return -1;
    const char *at = checkpoint->note.text;
    const char *end = at + checkpoint->note.text_size;
    const char *line;
    size_t length;
    if (!take_line(&at, end, &line, &length) || length == 0 || length > LM_NOTE_NAME_MAX)
        return malformed("the first line is no origin of 1 to 255 bytes", error);
    memcpy(checkpoint->origin, line, length);
    checkpoint->origin[length] = '\0';
    if (!take_line(&at, end, &line, &length) ||
        !lm_tree_size_parse(line, length, &checkpoint->size))
        return malformed("the second line is no tree size", error);
    if (!take_line(&at, end, &line, &length) ||
        !lm_base64_read(line, length, checkpoint->root, sizeof checkpoint->root))
        return malformed("the third line is no root hash", error);
    checkpoint->extension = at;
    checkpoint->extension_size = (size_t)(end - at);
    while (take_line(&at, end, &line, &length)) {
        if (length == 0)
            return malformed("it has an empty line", error);
    }
    return 0;
}

int lm_checkpoint_verify(const struct lm_checkpoint *checkpoint, const uint8_t public_key[32],
                         struct lm_note_times *times, struct lm_error *error) {
    struct lm_note_key key;
    struct lm_note_times seen = {0};
    if (lm_note_key_make(checkpoint->origin, LM_NOTE_ED25519, public_key, &key, error) < 0 ||
        lm_note_verify(&checkpoint->note, &key, NULL, error) < 0 ||
        lm_note_key_make(checkpoint->origin, LM_NOTE_COSIGNATURE, public_key, &key, error) < 0)
        return -1;
    if (lm_note_verify(&checkpoint->note, &key, &seen, error) < 0 && error->reason != LM_UNSIGNED)
        return -1;
    if (times)
        *times = seen;
    return 0;
}

int lm_checkpoint_sign(const char *origin, uint64_t size, const uint8_t root[LM_HASH_SIZE],
                       const struct lm_key *key, int64_t at_s, struct lm_buffer *out,
                       struct lm_error *error) {
    struct lm_note_key plain;
    struct lm_note_key timed;
    struct lm_buffer text = {0};
    if (lm_note_key_make(origin, LM_NOTE_ED25519, key->sign_public, &plain, error) < 0 ||
        lm_note_key_make(origin, LM_NOTE_COSIGNATURE, key->sign_public, &timed, error) < 0)
        return -1;
    lm_checkpoint_text(origin, size, root, &text);
    if (lm_buffer_ok(&text)) {
        lm_buffer_bytes(out, text.data, text.size);
        lm_buffer_byte(out, '\n');
        lm_note_sign(text.data, text.size, &plain, key, at_s, out);
        lm_note_sign(text.data, text.size, &timed, key, at_s, out);
    }
    bool whole = lm_buffer_ok(&text) && lm_buffer_ok(out);
    lm_buffer_free(&text);
    return whole ? 0 : lm_fail_memory(error);
}

void lm_checkpoint_cosign(const struct lm_checkpoint *checkpoint, const struct lm_note_key *witness,
                          const struct lm_key *signer, int64_t at_s, struct lm_buffer *out) {
    const struct lm_note *note = &checkpoint->note;
    lm_buffer_bytes(out, note->text, note->text_size);
    lm_buffer_byte(out, '\n');
    for (size_t i = 0; i < note->count; i++) {
        if (!lm_note_line_of(&note->lines[i], witness))
            lm_buffer_bytes(out, note->lines[i].line, note->lines[i].line_size);
    }
    lm_note_sign(note->text, note->text_size, witness, signer, at_s, out);
}
