/*
 * Checkpoints (https://c2sp.org/tlog-checkpoint): a signed note that tells the size and root of a
 * log's tree. The log is known by its origin, and signs by that name.
 */
#ifndef LM_CRYPTO_CHECKPOINT_H
#define LM_CRYPTO_CHECKPOINT_H

#include "lib/crypto/merkle.h"
#include "lib/crypto/note.h"

/* A checkpoint, taken apart. Only what is no array is borrowed from the bytes it was parsed from.
 */
struct lm_checkpoint {
    struct lm_note note;
    char origin[LM_NOTE_NAME_MAX + 1];
    uint64_t size;
    uint8_t root[LM_HASH_SIZE];
    const char *extension; /* further lines of the text, or nothing */
    size_t extension_size;
};

/* Appends a checkpoint's text (three lines, without signatures). */
void lm_checkpoint_text(const char *origin, uint64_t size, const uint8_t root[LM_HASH_SIZE],
                        struct lm_buffer *out) LM_NONNULL;

/* Reads a checkpoint; no signature has been looked at then. LM_BAD_MEMBER, LM_TOO_LONG. */
int lm_checkpoint_parse(const char *bytes, size_t size, struct lm_checkpoint *checkpoint,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * Checks that the log signed: PUBLIC_KEY by the name of the origin, LM_UNSIGNED or LM_BAD_SIGNATURE
 * otherwise. TIMES (may be NULL) gets when it says it did, from the cosignature that lm-log adds
 * by the same key; all 0 where there is none.
 */
int lm_checkpoint_verify(const struct lm_checkpoint *checkpoint, const uint8_t public_key[32],
                         struct lm_note_times *times, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4) LM_MUST_CHECK;

/* Appends a whole checkpoint, signed by KEY for the log ORIGIN, twice: plainly, and by a
 * cosignature that says that it was at AT_S. LM_BAD_MEMBER where ORIGIN cannot name a key. */
int lm_checkpoint_sign(const char *origin, uint64_t size, const uint8_t root[LM_HASH_SIZE],
                       const struct lm_key *key, int64_t at_s, struct lm_buffer *out,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * Appends the checkpoint with a cosignature by SIGNER, whose note key WITNESS is, in the place of
 * one that it had on it before. The other lines stay.
 */
void lm_checkpoint_cosign(const struct lm_checkpoint *checkpoint, const struct lm_note_key *witness,
                          const struct lm_key *signer, int64_t at_s,
                          struct lm_buffer *out) LM_NONNULL;

/* The number that SIZE bytes spell in plain decimal without leading zeros, at most 2^63 - 1. */
bool lm_tree_size_parse(const char *text, size_t size, uint64_t *value) LM_NONNULL LM_MUST_CHECK;

#endif
