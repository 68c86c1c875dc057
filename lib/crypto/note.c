#include "lib/crypto/note.h"

#include <sodium.h>
#include <string.h>

#include "lib/base/lines.h"
#include "lib/crypto/jws.h"

/* U+2014 and a space begin a line of signature. */
#define DASH      "\xE2\x80\x94 "
#define DASH_SIZE (sizeof DASH - 1)
#define ID_SIZE   4
#define TIME_SIZE 8
/* The longest signature that is made here: id, time, Ed25519. */
#define SIGNATURE_SIZE_MAX (ID_SIZE + TIME_SIZE + crypto_sign_BYTES)

/* ---- names ---- */

/* Unicode's White_Space beyond ASCII, in UTF-8. */
static size_t wide_space(const char *at, size_t size) {
    static const char *const spaces[] = {
        "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
        "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
        "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
        "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
    };
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        size_t length = strlen(spaces[i]);
        if (length <= size && memcmp(at, spaces[i], length) == 0)
            return length;
    }
    return 0;
}

bool lm_note_name_valid(const char *name, size_t size) {
    if (size == 0 || size > LM_NOTE_NAME_MAX || lm_utf8_valid(name, size) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)name[i];
        if (byte <= ' ' || byte == '+' || wide_space(name + i, size - i))
            return false;
    }
    return true;
}

/* ---- keys ---- */

static void name_key(struct lm_note_key *key) {
    uint8_t digest[crypto_hash_sha256_BYTES];
    uint8_t kind = (uint8_t)key->kind;
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, (const uint8_t *)key->name, strlen(key->name));
    (void)crypto_hash_sha256_update(&state, (const uint8_t *)"\n", 1);
    (void)crypto_hash_sha256_update(&state, &kind, 1);
    (void)crypto_hash_sha256_update(&state, key->public_key, sizeof key->public_key);
    (void)crypto_hash_sha256_final(&state, digest);
    memcpy(key->id, digest, sizeof key->id);
}

int lm_note_key_make(const char *name, enum lm_note_kind kind, const uint8_t public_key[32],
                     struct lm_note_key *key, struct lm_error *error) {
    size_t size = strlen(name);
    if (!lm_note_name_valid(name, size))
        return lm_fail(error, LM_BAD_MEMBER,
                       "'%.100s' cannot name a key: 1 to %d bytes without space or plus sign", name,
                       LM_NOTE_NAME_MAX);
    *key = (struct lm_note_key){.kind = kind};
    memcpy(key->name, name, size + 1);
    memcpy(key->public_key, public_key, sizeof key->public_key);
    name_key(key);
    return 0;
}

int lm_note_key_parse(const char *text, struct lm_note_key *key, struct lm_error *error) {
    const char *id = strchr(text, '+');
    const char *base64 = id ? strchr(id + 1, '+') : NULL;
    uint8_t bytes[1 + sizeof key->public_key];
    char hex[2 * ID_SIZE + 1];
    char name[LM_NOTE_NAME_MAX + 1];
    if (!base64 || base64 - (id + 1) != 2 * ID_SIZE || id - text > LM_NOTE_NAME_MAX ||
        !lm_note_name_valid(text, (size_t)(id - text)) ||
        !lm_base64_read(base64 + 1, strlen(base64 + 1), bytes, sizeof bytes))
        return lm_fail(error, LM_BAD_KEY, "'%.100s' is not a verifier key (name+id+base64)", text);
    if (bytes[0] != LM_NOTE_ED25519 && bytes[0] != LM_NOTE_COSIGNATURE)
        return lm_fail(error, LM_BAD_KEY, "'%.100s': keys of kind %d are not known here", text,
                       bytes[0]);
    memcpy(name, text, (size_t)(id - text));
    name[id - text] = '\0';
    if (lm_note_key_make(name, (enum lm_note_kind)bytes[0], bytes + 1, key, error) < 0)
        return -1;
    (void)sodium_bin2hex(hex, sizeof hex, key->id, sizeof key->id);
    if (memcmp(hex, id + 1, 2 * ID_SIZE) != 0)
        return lm_fail(error, LM_BAD_KEY, "'%.100s': the id is not that of its key", text);
    return 0;
}

void lm_note_key_format(const struct lm_note_key *key, struct lm_buffer *out) {
    uint8_t bytes[1 + sizeof key->public_key] = {(uint8_t)key->kind};
    char hex[2 * ID_SIZE + 1];
    memcpy(bytes + 1, key->public_key, sizeof key->public_key);
    (void)sodium_bin2hex(hex, sizeof hex, key->id, sizeof key->id);
    lm_buffer_format(out, "%s+%s+", key->name, hex);
    lm_base64_append(bytes, sizeof bytes, out);
}

/* ---- parsing ---- */

static int malformed(const char *why, size_t line, struct lm_error *error) {
    return line ? lm_fail(error, LM_BAD_MEMBER, "not a signed note: line %zu %s", line, why)
                : lm_fail(error, LM_BAD_MEMBER, "not a signed note: %s", why);
}

/* Whole groups of four, padded at the end; whether the bits behind the last byte are zero shows
 * when it is decoded. */
static bool is_base64(const char *text, size_t size) {
    size_t pad = 0;
    while (pad < 2 && pad < size && text[size - 1 - pad] == '=')
        pad++;
    if (size == 0 || size % 4 != 0)
        return false;
    for (size_t i = 0; i < size - pad; i++) {
        char c = text[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '+' || c == '/'))
            return false;
    }
    return true;
}

/* One line, its line feed at END. */
static bool parse_line(const char *start, const char *end, struct lm_note_line *line) {
    size_t size = (size_t)(end - start);
    if (size <= DASH_SIZE || memcmp(start, DASH, DASH_SIZE) != 0)
        return false;
    const char *name = start + DASH_SIZE;
    const char *space = memchr(name, ' ', (size_t)(end - name));
    if (!space)
        return false;
    *line = (struct lm_note_line){
        .line = start,
        .line_size = size + 1,
        .name = name,
        .name_size = (size_t)(space - name),
        .base64 = space + 1,
        .base64_size = (size_t)(end - (space + 1)),
    };
    /* Eight characters hold more than the key id. */
    return lm_note_name_valid(line->name, line->name_size) && line->base64_size >= 8 &&
           is_base64(line->base64, line->base64_size);
}

static int check_bytes(const char *bytes, size_t size, struct lm_error *error) {
    if (size > LM_NOTE_SIZE_MAX)
        return lm_fail(error, LM_TOO_LONG, "a note of %zu bytes is longer than %d", size,
                       LM_NOTE_SIZE_MAX);
    if (lm_utf8_valid(bytes, size) != size)
        return malformed("it is not UTF-8", 0, error);
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)bytes[i] < 0x20 && bytes[i] != '\n')
            return malformed("it holds a control character", 0, error);
    }
    if (size == 0 || bytes[size - 1] != '\n')
        return malformed("it does not end in a line feed", 0, error);
    return 0;
}

/* The last empty line parts the text from the signatures: its offset, or 0. */
static size_t find_empty_line(const char *bytes, size_t size) {
    for (size_t i = size - 1; i > 0; i--) {
        if (bytes[i] == '\n' && bytes[i - 1] == '\n')
            return i;
    }
    return 0;
}

static size_t count_lines(const char *bytes, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += bytes[i] == '\n';
    return count;
}

int lm_note_parse(const char *bytes, size_t size, struct lm_note *note, struct lm_error *error) {
    *note = (struct lm_note){0};
    if (check_bytes(bytes, size, error) < 0)
        return -1;
    size_t empty = find_empty_line(bytes, size);
    if (empty == 0)
        return malformed("no empty line parts text and signatures", 0, error);
    note->text = bytes;
    note->text_size = empty;
    for (const char *at = bytes + empty + 1; at < bytes + size;) {
        const char *end = memchr(at, '\n', (size_t)(bytes + size - at));
        if (note->count == LM_NOTE_SIGNATURES_MAX)
            return lm_fail(error, LM_TOO_LONG, "a note with more than %d signatures",
                           LM_NOTE_SIGNATURES_MAX);
        if (!parse_line(at, end, &note->lines[note->count++]))
            return malformed("is not a signature", count_lines(bytes, (size_t)(at - bytes)) + 1,
                             error);
        at = end + 1;
    }
    return note->count > 0 ? 0 : malformed("it has no signature", 0, error);
}

/* ---- signatures ---- */

/* What is signed: the text, or for a cosignature two lines and the text. */
static void append_message(const struct lm_note_key *key, const char *text, size_t size,
                           int64_t at_s, struct lm_buffer *out) {
    if (key->kind == LM_NOTE_COSIGNATURE)
        lm_buffer_format(out, "cosignature/v1\ntime %lld\n", (long long)at_s);
    lm_buffer_bytes(out, text, size);
}

static size_t signature_size(enum lm_note_kind kind) {
    return kind == LM_NOTE_COSIGNATURE ? SIGNATURE_SIZE_MAX : SIGNATURE_SIZE_MAX - TIME_SIZE;
}

bool lm_note_line_of(const struct lm_note_line *line, const struct lm_note_key *key) {
    uint8_t first[6];
    size_t name_size = strlen(key->name);
    if (line->name_size != name_size || memcmp(line->name, key->name, name_size) != 0 ||
        line->base64[7] == '=')
        return false;
    return lm_base64_read(line->base64, 8, first, sizeof first) &&
           memcmp(first, key->id, sizeof key->id) == 0;
}

/* A line of the key. */
static int verify_line(const struct lm_note *note, const struct lm_note_line *line,
                       const struct lm_note_key *key, int64_t *at_s, struct lm_error *error) {
    uint8_t bytes[SIGNATURE_SIZE_MAX];
    size_t size = signature_size(key->kind);
    uint64_t at = 0;
    struct lm_buffer message = {0};
    int result = 0;
    bool good = lm_base64_read(line->base64, line->base64_size, bytes, size);
    if (good && key->kind == LM_NOTE_COSIGNATURE) {
        for (size_t i = 0; i < TIME_SIZE; i++)
            at = at << 8 | bytes[ID_SIZE + i];
        good = at <= INT64_MAX;
    }
    if (good) {
        append_message(key, note->text, note->text_size, (int64_t)at, &message);
        if (!lm_buffer_ok(&message))
            result = lm_fail_memory(error);
        else
            good = lm_ed25519_verify(bytes + size - crypto_sign_BYTES, crypto_sign_BYTES,
                                     message.data, message.size, key->public_key);
    }
    lm_buffer_free(&message);
    *at_s = (int64_t)at;
    if (result == 0 && !good)
        result = lm_fail(error, LM_BAD_SIGNATURE, "bad signature of %s on the note", key->name);
    return result;
}

int lm_note_verify(const struct lm_note *note, const struct lm_note_key *key,
                   struct lm_note_times *times, struct lm_error *error) {
    struct lm_note_times seen = {0};
    size_t count = 0;
    for (size_t i = 0; i < note->count; i++) {
        int64_t at_s;
        if (!lm_note_line_of(&note->lines[i], key))
            continue;
        if (verify_line(note, &note->lines[i], key, &at_s, error) < 0)
            return -1;
        seen.first_s = count == 0 || at_s < seen.first_s ? at_s : seen.first_s;
        seen.last_s = count == 0 || at_s > seen.last_s ? at_s : seen.last_s;
        count++;
    }
    if (count == 0)
        return lm_fail(error, LM_UNSIGNED, "the note has no %s by this key of %s",
                       key->kind == LM_NOTE_COSIGNATURE ? "cosignature" : "signature", key->name);
    if (times)
        *times = seen;
    return 0;
}

void lm_note_sign(const char *text, size_t size, const struct lm_note_key *key,
                  const struct lm_key *signer, int64_t at_s, struct lm_buffer *out) {
    uint8_t bytes[SIGNATURE_SIZE_MAX];
    size_t total = signature_size(key->kind);
    struct lm_buffer message = {0};
    append_message(key, text, size, at_s, &message);
    if (!lm_buffer_ok(&message)) {
        out->failed = true;
        lm_buffer_free(&message);
        return;
    }
    memcpy(bytes, key->id, ID_SIZE);
    for (size_t i = 0; key->kind == LM_NOTE_COSIGNATURE && i < TIME_SIZE; i++)
        bytes[ID_SIZE + i] = (uint8_t)((uint64_t)at_s >> (8 * (TIME_SIZE - 1 - i)));
    (void)crypto_sign_detached(bytes + total - crypto_sign_BYTES, NULL,
                               (const uint8_t *)message.data, message.size, signer->sign_secret);
    lm_buffer_free(&message);
    lm_buffer_format(out, DASH "%s ", key->name);
    lm_base64_append(bytes, total, out);
    lm_buffer_byte(out, '\n');
}
