#include "lib/evidence/cosignature.h"

int lm_cosignature_check(const struct lm_checkpoint *checkpoint, const struct lm_note_key *witness,
                         const struct lm_registry *registry, struct lm_note_times *times,
                         struct lm_error *error) {
    char kid[LM_DIGEST_TEXT_SIZE];
    if (lm_note_verify(&checkpoint->note, witness, times, error) < 0)
        return -1;
    lm_public_key_kid(witness->public_key, kid);
    if (lm_registry_revoked(registry, kid, times->first_s))
        return lm_fail(error, LM_REVOKED, "the key of witness %.200s is revoked", witness->name);
    return 0;
}
