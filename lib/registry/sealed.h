/*
 * Records in sealed boxes. Both directions keep what is around the record: out of an entry comes
 * an entry of the same n and at.
 */
#ifndef LM_REGISTRY_SEALED_H
#define LM_REGISTRY_SEALED_H

#include "lib/registry/notice_keys.h"
#include "lib/registry/registry.h"

/* What the addressees' keys are taken from. */
struct lm_seal_keys {
    const struct lm_registry *registry;
    const struct lm_notice_keys *notices; /* for notices, before the registry; NULL for none */
    int64_t instant_s;                    /* the key that the registry has then */
};

/*
 * Appends RECORD's canonical form in a sealed record for TO, or for its first addressee where TO is
 * NULL. Refused are records that name no addressee (LM_NO_ADDRESSEE) or another
 * (LM_WRONG_ADDRESSEE), addressees without an identity that counts (LM_NO_IDENTITY, LM_AMBIGUOUS,
 * LM_REVOKED), keys that hide nothing (LM_WEAK_KEY), and what is too long (LM_TOO_LONG).
 */
int lm_record_seal(const struct lm_seal_keys *keys, const struct lm_record *record, const char *to,
                   struct lm_buffer *out, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4, 5) LM_MUST_CHECK;

/*
 * Appends the canonical form of what is in SEALED, a record of that type, with the one of the KEYS
 * that it names. LM_WRONG_ADDRESSEE where it is meant for none of them, on the outside or by what
 * is inside; LM_OTHER_KEY where it is sealed to another key of one of them; LM_BOX_SIZE,
 * LM_BAD_BOX, LM_BAD_PADDING as in lib/crypto/seal.h; LM_BAD_CONTENT where no bare record with an
 * addressee is inside.
 */
int lm_record_open(const struct lm_record *sealed, const struct lm_key *keys, size_t key_count,
                   struct lm_buffer *out, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
