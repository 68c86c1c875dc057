/* Who has signed a checkpoint, keeper and witnesses. */
#include <stdio.h>

#include "lib/evidence/codes.h"
#include "lib/evidence/commitments_state.h"
#include "lib/evidence/cosignature.h"

/* A key that its owner has replaced since was good when it signed. One that was revoked may have
 * signed at any time, unless the witnesses say when: ITEM knows of them then. */
static int ask_key(const struct lm_commitments *commitments, struct lm_commitment *item,
                   const struct lm_keeper_key *key, bool *counts, struct lm_error *error) {
    const struct lm_registry *registry = commitments->options.registry;
    const char *id = lm_names_text(&commitments->ids, key->id);
    struct lm_registered registered;
    if (!lm_registry_has_key(registry, id, key->kid)) {
        *counts = false;
        lm_fail(&item->why, LM_UNKNOWN_SIGNER, "no identity of %s has the key that signed it", id);
        return 0;
    }
    *counts = lm_registry_by_kid(registry, key->kid, commitments->options.now_s, &registered,
                                 &item->why) == 0 ||
              item->why.reason == LM_EXPIRED || item->why.reason == LM_SUPERSEDED ||
              item->why.reason == LM_NOT_YET_VALID;
    if (*counts || item->why.reason != LM_REVOKED)
        return 0;
    if (lm_commitments_find_witnesses(commitments, item, NULL, error) < 0)
        return -1;
    *counts =
        item->witnessed_s != LM_ABSENT &&
        lm_registry_by_kid(registry, key->kid, item->witnessed_s, &registered, &item->why) == 0;
    return 0;
}

int lm_commitments_find_keeper(const struct lm_commitments *commitments, struct lm_commitment *item,
                               struct lm_error *error) {
    lm_fail(&item->why, LM_UNSIGNED, "nobody who may keep a log has signed it");
    for (size_t i = 0; i < commitments->key_count && !item->keeper; i++) {
        const struct lm_keeper_key *key = &commitments->keys[i];
        struct lm_note_times times;
        struct lm_error why;
        bool counts;
        if (lm_checkpoint_verify(&item->checkpoint, key->public_key, &times, &why) < 0) {
            if (why.reason == LM_MEMORY)
                return lm_fail_memory(error);
            if (why.reason != LM_UNSIGNED)
                item->why = why;
            continue;
        }
        if (ask_key(commitments, item, key, &counts, error) < 0)
            return -1;
        if (!counts)
            continue;
        item->keeper = lm_names_text(&commitments->ids, key->id);
        item->role = key->role;
        item->signed_s = times.last_s;
    }
    return 0;
}

static int tell_cosignature(const struct lm_commitment *item, const struct lm_note_key *witness,
                            enum lm_reason reason, struct lm_findings *findings,
                            struct lm_error *error) {
    static const struct lm_place nowhere = {0};
    char text[768];
    (void)snprintf(text, sizeof text,
                   reason == LM_REVOKED
                       ? "%s has a cosignature of witness %s of when its key was revoked"
                       : "%s has a line in the name of witness %s that is not its",
                   item->file, witness->name);
    return lm_findings_tell(findings, lm_code_word(LM_CODE_COSIGNATURE), NULL, &nowhere, 1, text,
                            error);
}

int lm_commitments_find_witnesses(const struct lm_commitments *commitments,
                                  struct lm_commitment *item, struct lm_findings *findings,
                                  struct lm_error *error) {
    const struct lm_registry *registry = commitments->options.registry;
    int64_t last_s = LM_ABSENT;
    bool all = commitments->options.witness_count > 0;
    item->first_witnessed_s = LM_ABSENT;
    for (size_t i = 0; i < commitments->options.witness_count; i++) {
        const struct lm_note_key *witness = &commitments->options.witnesses[i];
        struct lm_note_times times;
        struct lm_error why;
        if (lm_cosignature_check(&item->checkpoint, witness, registry, &times, &why) == 0) {
            last_s = times.first_s > last_s ? times.first_s : last_s;
            if (item->first_witnessed_s == LM_ABSENT || times.first_s < item->first_witnessed_s)
                item->first_witnessed_s = times.first_s;
            continue;
        }
        all = false;
        if (why.reason == LM_MEMORY)
            return lm_fail_memory(error);
        if (why.reason != LM_UNSIGNED && findings &&
            tell_cosignature(item, witness, why.reason, findings, error) < 0)
            return -1;
    }
    item->witnessed_s = all ? last_s : LM_ABSENT;
    return 0;
}

int lm_commitments_signers(const struct lm_commitments *commitments,
                           const struct lm_checkpoint *checkpoint, struct lm_signers *signers,
                           struct lm_error *error) {
    struct lm_commitment item = {.checkpoint = *checkpoint};
    if (lm_commitments_find_keeper(commitments, &item, error) < 0 ||
        lm_commitments_find_witnesses(commitments, &item, NULL, error) < 0)
        return -1;
    *signers = (struct lm_signers){.keeper = item.keeper,
                                   .signed_s = item.signed_s,
                                   .unwitnessed = commitments->options.witness_count > 0 &&
                                                  item.witnessed_s == LM_ABSENT,
                                   .why = item.why};
    return 0;
}
