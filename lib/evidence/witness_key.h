/*
 * The keys of witnesses, as an auditor names them.
 */
#ifndef LM_EVIDENCE_WITNESS_KEY_H
#define LM_EVIDENCE_WITNESS_KEY_H

#include "lib/crypto/note.h"

/* Reads a witness's key: a verifier key ("name+id+base64") of a cosigner, or a file that holds one,
 * or a JWK Set with an id, which is then the witness's name. LM_NO_INPUT, LM_BAD_KEY. */
int lm_witness_key_load(const char *key_or_file, struct lm_note_key *key,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
