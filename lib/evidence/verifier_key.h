/*
 * The keys that checkpoints are checked by, as people name them: a verifier key
 * ("name+id+base64") as such, or a file that begins with one, or a file with a key.
 */
#ifndef LM_EVIDENCE_VERIFIER_KEY_H
#define LM_EVIDENCE_VERIFIER_KEY_H

#include "lib/crypto/note.h"
#include "lib/registry/registry.h"

/* A witness's key. From a JWK Set its id is the witness's name. LM_NO_INPUT, LM_IO; LM_BAD_KEY,
 * also for the key of a log; LM_PERMISSION where the file holds the private key and others can read
 * it. */
int lm_witness_key_load(const char *key_or_file, struct lm_note_key *key,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The key of the log ORIGIN. A key file or an identity has no name of a log in it, and is taken for
 * ORIGIN's; what a verifier key is for is the caller's to look at. LM_NO_INPUT, LM_IO, LM_BAD_KEY,
 * LM_PERMISSION. */
int lm_log_key_load(const char *key_or_file, const char *origin, struct lm_note_key *key,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The same, of who keeps it by a registry: KEEPER, or where that is NULL, ID for a log that is
 * called ID or ID/…; by the key that counts at an instant. LM_WRONG_ROLE for somebody who keeps no
 * logs, or why there is no such key. */
int lm_log_key_find(const struct lm_registry *registry, const char *origin, const char *keeper,
                    int64_t instant_s, struct lm_note_key *key, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 5, 6) LM_MUST_CHECK;

#endif
