/*
 * Making identities: the record that an entity asks the registrar to sign.
 */
#ifndef LM_REGISTRY_IDENTITY_H
#define LM_REGISTRY_IDENTITY_H

#include "lib/crypto/key.h"
#include "lib/record/types.h"

/* What an identity is to say. Unused texts are NULL, unused lists of count 0. */
struct lm_identity_request {
    const char *id;
    int role;
    const char *supplier;
    const char *user;
    const char *const *regions; /* of a user, exactly one */
    size_t region_count;
    const char *const *firmware;
    size_t firmware_count;
    struct lm_validity valid;
};

/* Appends the canonical identity record with KEY's public keys and its proof. What a role may not
 * have, or lacks, is LM_USAGE, in words for whoever gave the options. */
int lm_identity_write(const struct lm_identity_request *request, const struct lm_key *key,
                      struct lm_buffer *out, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Ten years from the midnight (UTC) that began the day of an instant. */
struct lm_validity lm_identity_ten_years(int64_t instant_s);

#endif
