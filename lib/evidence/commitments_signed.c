/* Who has signed a checkpoint, keeper and witnesses. */
#include <stdio.h>

#include "lib/evidence/codes.h"
#include "lib/evidence/commitments_state.h"

/* A key that its owner has replaced since was good when it signed. One that was revoked may have
 * signed at any time, unless a witness says when. */
static bool key_counts(const struct lm_registry *registry, const char *id, const char *kid,
                       int64_t now_s, int64_t witnessed_s, struct lm_error *why) {
    struct lm_registered registered;
    if (!lm_registry_has_key(registry, id, kid)) {
        lm_fail(why, LM_UNKNOWN_SIGNER, "no identity of %s has the key that signed it", id);
        return false;
    }
    if (lm_registry_by_kid(registry, kid, now_s, &registered, why) == 0 ||
        why->reason == LM_EXPIRED || why->reason == LM_SUPERSEDED ||
        why->reason == LM_NOT_YET_VALID)
        return true;
    return why->reason == LM_REVOKED && witnessed_s != LM_ABSENT &&
           lm_registry_by_kid(registry, kid, witnessed_s, &registered, why) == 0;
}

int lm_commitments_find_keeper(const struct lm_commitments *commitments, struct lm_commitment *item,
                               const struct lm_registry *registry, int64_t now_s,
                               struct lm_error *error) {
    lm_fail(&item->why, LM_UNSIGNED, "nobody who may keep a log has signed it");
    for (size_t i = 0; i < commitments->key_count; i++) {
        const struct lm_keeper_key *key = &commitments->keys[i];
        const char *id = lm_names_text(&commitments->ids, key->id);
        struct lm_note_times times;
        struct lm_error why;
        if (lm_checkpoint_verify(&item->checkpoint, key->public_key, &times, &why) < 0) {
            if (why.reason != LM_UNSIGNED)
                item->why = why;
        } else if (key_counts(registry, id, key->kid, now_s, item->witnessed_s, &why)) {
            item->keeper = id;
            item->role = key->role;
            item->signed_s = times.last_s;
            return 0;
        } else {
            item->why = why;
        }
        if (item->why.reason == LM_MEMORY)
            return lm_fail_memory(error);
    }
    return 0;
}

int lm_commitments_find_witnesses(const struct lm_commitments *commitments,
                                  struct lm_commitment *item, struct lm_findings *findings,
                                  struct lm_error *error) {
    static const struct lm_place nowhere = {0};
    int64_t last_s = LM_ABSENT;
    item->first_witnessed_s = LM_ABSENT;
    bool all = commitments->witness_count > 0;
    for (size_t i = 0; i < commitments->witness_count; i++) {
        const struct lm_note_key *witness = &commitments->witnesses[i];
        struct lm_note_times times;
        struct lm_error why;
        char text[768];
        if (lm_note_verify(&item->checkpoint.note, witness, &times, &why) == 0) {
            last_s = times.first_s > last_s ? times.first_s : last_s;
            if (item->first_witnessed_s == LM_ABSENT || times.first_s < item->first_witnessed_s)
                item->first_witnessed_s = times.first_s;
            continue;
        }
        all = false;
        if (why.reason == LM_MEMORY)
            return lm_fail_memory(error);
        if (why.reason == LM_UNSIGNED)
            continue;
        (void)snprintf(text, sizeof text, "%s has a line in the name of witness %s that is not its",
                       item->file, witness->name);
        if (lm_findings_tell(findings, lm_code_word(LM_CODE_COSIGNATURE), NULL, &nowhere, 1, text,
                             error) < 0)
            return -1;
    }
    item->witnessed_s = all ? last_s : LM_ABSENT;
    return 0;
}

const char *lm_commitments_signer(const struct lm_commitments *commitments,
                                  const struct lm_checkpoint *checkpoint,
                                  const struct lm_registry *registry, int64_t now_s,
                                  int64_t *signed_s, struct lm_error *error) {
    struct lm_commitment item = {.checkpoint = *checkpoint, .witnessed_s = LM_ABSENT};
    if (lm_commitments_find_keeper(commitments, &item, registry, now_s, error) < 0)
        return NULL;
    *signed_s = item.signed_s;
    if (!item.keeper)
        *error = item.why;
    return item.keeper;
}
