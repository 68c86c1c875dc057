/*
 * Signed notes (https://c2sp.org/signed-note): a text, an empty line, and lines of signatures, each
 * by a key that has a name. Two kinds of signature are made and checked: plain Ed25519 over the
 * text, and the cosignature that says when it was made (https://c2sp.org/tlog-cosignature,
 * cosignature/v1). Lines of other keys and kinds are carried along and not looked into.
 *
 *     struct lm_note note;
 *     struct lm_note_key key;
 *     lm_note_parse(bytes, size, &note, &error);
 *     lm_note_key_parse("example.com/foo+530d903a+AekyeRrm…", &key, &error);
 *     lm_note_verify(&note, &key, NULL, &error);
 *
 * Nothing of a note may be used before a key that is trusted has verified.
 */
#ifndef LM_CRYPTO_NOTE_H
#define LM_CRYPTO_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/crypto/key.h"

/* A note longer than LM_NOTE_SIZE_MAX, with more signatures, or with a longer name, is refused. */
#define LM_NOTE_SIGNATURES_MAX 64
#define LM_NOTE_NAME_MAX       255

/* The kinds of signature, by the byte that stands for them in key ids and verifier keys. */
enum lm_note_kind {
    LM_NOTE_ED25519 = 0x01,
    LM_NOTE_COSIGNATURE = 0x04,
};

/* What a signature is checked with. */
struct lm_note_key {
    char name[LM_NOTE_NAME_MAX + 1];
    enum lm_note_kind kind;
    uint8_t id[4]; /* SHA-256(name ‖ 0x0A ‖ kind ‖ public key), its first four bytes */
    uint8_t public_key[32];
};

/* One line of signature; texts are the note's. */
struct lm_note_line {
    const char *line; /* whole, with its line feed */
    size_t line_size;
    const char *name;
    size_t name_size;
    const char *base64; /* key id and signature */
    size_t base64_size;
};

/* A note, taken apart. Everything is borrowed from the bytes that it was parsed from. */
struct lm_note {
    const char *text; /* with its last line feed: what is signed */
    size_t text_size;
    struct lm_note_line lines[LM_NOTE_SIGNATURES_MAX];
    size_t count;
};

/* When a key cosigned: a note may hold several cosignatures of one key. Seconds since 1970. */
struct lm_note_times {
    int64_t first_s;
    int64_t last_s;
};

/* True where NAME can be a key's: 1 to LM_NOTE_NAME_MAX bytes of UTF-8 without white space, control
 * characters and plus signs. */
bool lm_note_name_valid(const char *name, size_t size) LM_NONNULL LM_MUST_CHECK;

/* The key called NAME. LM_BAD_MEMBER where that can be none. */
int lm_note_key_make(const char *name, enum lm_note_kind kind, const uint8_t public_key[32],
                     struct lm_note_key *key, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Reads a verifier key, "name+id+base64" (NUL-terminated, no line feed). LM_BAD_KEY. */
int lm_note_key_parse(const char *text, struct lm_note_key *key,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Appends a key as a verifier key. */
void lm_note_key_format(const struct lm_note_key *key, struct lm_buffer *out) LM_NONNULL;

/* Takes a note apart: UTF-8, no control characters, a text that ends in a line feed, an empty line,
 * at least one line of signature and nothing else. LM_BAD_MEMBER, LM_TOO_LONG. */
int lm_note_parse(const char *bytes, size_t size, struct lm_note *note,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * Checks every signature of KEY on the note, of which there must be one: LM_UNSIGNED where there is
 * none, LM_BAD_SIGNATURE where one of them does not verify. TIMES (may be NULL) gets when a
 * cosigning key signed; 0 for another.
 */
int lm_note_verify(const struct lm_note *note, const struct lm_note_key *key,
                   struct lm_note_times *times, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4) LM_MUST_CHECK;

/* True where a line is of KEY, by its name and id. */
bool lm_note_line_of(const struct lm_note_line *line,
                     const struct lm_note_key *key) LM_NONNULL LM_MUST_CHECK;

/* Appends a line of signature by SIGNER, whose note key is KEY, over a text that ends in a line
 * feed. AT_S is when; it counts for cosignatures only, and must not be negative. */
void lm_note_sign(const char *text, size_t size, const struct lm_note_key *key,
                  const struct lm_key *signer, int64_t at_s, struct lm_buffer *out) LM_NONNULL;

#endif
