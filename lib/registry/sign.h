/*
 * Signing a record with an entity's own key.
 */
#ifndef LM_REGISTRY_SIGN_H
#define LM_REGISTRY_SIGN_H

#include "lib/crypto/key.h"
#include "lib/record/record.h"

/*
 * Appends RECORD's canonical line with KEY's signature. Refused are types that nobody signs
 * (LM_NOT_SIGNABLE), records that speak for somebody else than the key's owner (LM_WRONG_SUBJECT),
 * identities that do not prove that they have their key (LM_BAD_PROOF), records that are signed
 * already, unless AGAIN says to take the old signature away (LM_SIGNED), and entries.
 */
int lm_record_sign(const struct lm_record *record, const struct lm_key *key, bool again,
                   struct lm_buffer *out, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
