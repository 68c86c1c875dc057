/* What is wrong with checkpoints and logs that do not go together. */
#include <stdio.h>
#include <string.h>

#include "lib/base/id.h"
#include "lib/evidence/codes.h"
#include "lib/evidence/commitments_state.h"
#include "lib/evidence/cosignature.h"

static int tell(struct lm_findings *findings, enum lm_code code, const char *party,
                const struct lm_place *place, const char *text, struct lm_error *error) {
    return lm_findings_tell(findings, lm_code_word(code), party, place, 1, text, error);
}

static const struct lm_place nowhere = {0};

/* Another checkpoint by the keeper that contradicts this one, as the log shows or by itself; NULL
 * for none. */
static const struct lm_commitment *find_fork(const struct lm_commitments *commitments,
                                             const struct lm_commitment *item) {
    for (size_t i = 0; i < commitments->count; i++) {
        const struct lm_commitment *other = &commitments->items[i];
        if (other == item || !other->keeper || strcmp(other->keeper, item->keeper) != 0 ||
            strcmp(other->checkpoint.origin, item->checkpoint.origin) != 0 ||
            (item->matches && !other->matches)) /* which is told then */
            continue;
        if (other->checkpoint.size == item->checkpoint.size &&
            memcmp(other->checkpoint.root, item->checkpoint.root, LM_HASH_SIZE) != 0)
            return other;
        if (other->matches && other->audited && other->checkpoint.size >= item->checkpoint.size &&
            !lm_commitments_has_root(commitments, other->audited, &item->checkpoint))
            return other;
    }
    return NULL;
}

/* A witness cosigns only what continues what she has seen: who cosigned both did not look. */
static int tell_witnesses(const struct lm_commitments *commitments,
                          const struct lm_commitment *item, const struct lm_commitment *other,
                          struct lm_findings *findings, struct lm_error *error) {
    const struct lm_registry *registry = commitments->options.registry;
    for (size_t i = 0; i < commitments->options.witness_count; i++) {
        const struct lm_note_key *witness = &commitments->options.witnesses[i];
        struct lm_note_times times;
        struct lm_error why;
        char text[1024];
        why.reason = LM_NONE;
        if (lm_cosignature_check(&item->checkpoint, witness, registry, &times, &why) < 0 ||
            lm_cosignature_check(&other->checkpoint, witness, registry, &times, &why) < 0) {
            if (why.reason == LM_MEMORY)
                return lm_fail_memory(error);
            continue;
        }
        (void)snprintf(text, sizeof text, "witness %s has cosigned two histories of %s: %s and %s",
                       witness->name, item->checkpoint.origin, item->file, other->file);
        if (tell(findings, LM_CODE_WITNESS_FORKED,
                 lm_id_valid(witness->name, strlen(witness->name)) ? witness->name : NULL, &nowhere,
                 text, error) < 0)
            return -1;
    }
    return 0;
}

/* A checkpoint is of what was there when it was signed. */
static int judge_time(const struct lm_commitments *commitments, const struct lm_commitment *item,
                      struct lm_findings *findings, struct lm_error *error) {
    const struct lm_checkpoint *checkpoint = &item->checkpoint;
    const struct lm_audited_root *root =
        item->audited ? lm_commitments_root_at(commitments, item->audited, checkpoint) : NULL;
    char last[LM_TIME_SIZE];
    char signed_at[LM_TIME_SIZE];
    char text[1024];
    if (!root || root->last_at_s == LM_ABSENT)
        return 0;
    (void)lm_instant_format(root->last_at_s, last);
    if (item->signed_s > 0 && item->signed_s < root->last_at_s) {
        (void)lm_instant_format(item->signed_s, signed_at);
        (void)snprintf(text, sizeof text,
                       "%s signed at %s for the %llu entries of %s, one of which is dated %s",
                       item->keeper, signed_at, (unsigned long long)checkpoint->size,
                       checkpoint->origin, last);
        if (tell(findings, LM_CODE_BACKDATED, item->keeper, &nowhere, text, error) < 0)
            return -1;
    }
    if (!item->early)
        return 0;
    (void)lm_instant_format(item->first_witnessed_s, signed_at);
    (void)snprintf(text, sizeof text,
                   "a witness cosigned %llu entries of %s at %s, one of which is dated %s: %s",
                   (unsigned long long)checkpoint->size, checkpoint->origin, signed_at, last,
                   item->file);
    return tell(findings, LM_CODE_COSIGNATURE, NULL, &nowhere, text, error);
}

/* At the time of a checkpoint its keeper says that there is no more in the log: what follows is of
 * a later time. */
static int judge_next(const struct lm_commitments *commitments, const struct lm_commitment *item,
                      struct lm_findings *findings, struct lm_error *error) {
    const struct lm_checkpoint *checkpoint = &item->checkpoint;
    const struct lm_audited_root *root =
        item->audited ? lm_commitments_root_at(commitments, item->audited, checkpoint) : NULL;
    if (!root || root->next_at_s == LM_ABSENT || root->next_at_s >= item->signed_s)
        return 0;
    const struct lm_place place = {checkpoint->origin, checkpoint->size + 1};
    char at[LM_TIME_SIZE];
    char signed_at[LM_TIME_SIZE];
    char text[512];
    item->audited->backdated = true;
    (void)lm_instant_format(root->next_at_s, at);
    (void)lm_instant_format(item->signed_s, signed_at);
    (void)snprintf(text, sizeof text,
                   "entry %llu of %s is dated %s, and at %s %s signed that there was no such entry",
                   (unsigned long long)checkpoint->size, checkpoint->origin, at, signed_at,
                   item->keeper);
    return tell(findings, LM_CODE_BACKDATED, item->keeper, &place, text, error);
}

int lm_commitments_judge_item(const struct lm_commitments *commitments,
                              const struct lm_commitment *item, struct lm_findings *findings,
                              struct lm_error *error) {
    const struct lm_checkpoint *checkpoint = &item->checkpoint;
    const struct lm_audited *audited = item->audited;
    unsigned long long size = checkpoint->size;
    enum lm_code code;
    char text[1024];
    if (!item->keeper) {
        (void)snprintf(text, sizeof text, "%s: %s", item->file, item->why.detail);
        return tell(findings, LM_CODE_CHECKPOINT_UNSIGNED, NULL, &nowhere, text, error);
    }
    if (item->matches && (judge_next(commitments, item, findings, error) < 0 ||
                          judge_time(commitments, item, findings, error) < 0))
        return -1;
    const struct lm_commitment *fork = find_fork(commitments, item);
    if (fork && tell_witnesses(commitments, item, fork, findings, error) < 0)
        return -1;
    if (fork) {
        code = LM_CODE_LOG_FORKED;
        (void)snprintf(text, sizeof text,
                       "%s signed for %llu entries of %s in %s, and for others elsewhere",
                       item->keeper, size, checkpoint->origin, item->file);
    } else if (item->matches) {
        return 0;
    } else if (!audited) {
        code = LM_CODE_CHECKPOINT_UNKNOWN;
        (void)snprintf(text, sizeof text,
                       "%s signed for %llu entries of %s in %s, a log that is not here",
                       item->keeper, size, checkpoint->origin, item->file);
    } else if (audited->tree.leaves < checkpoint->size) {
        code = LM_CODE_LOG_TRUNCATED;
        (void)snprintf(text, sizeof text,
                       "%s signed for %llu entries of %s in %s, and %llu are here", item->keeper,
                       size, checkpoint->origin, item->file,
                       (unsigned long long)audited->tree.leaves);
    } else {
        code = LM_CODE_ROOT_DIFFERS;
        (void)snprintf(text, sizeof text,
                       "no log here begins with the %llu entries of %s that %s signed for in %s",
                       size, checkpoint->origin, item->keeper, item->file);
    }
    const char *party = code == LM_CODE_CHECKPOINT_UNKNOWN ? NULL : item->keeper;
    return tell(findings, code, party, &nowhere, text, error);
}

/* The log's newest checkpoint. */
static const struct lm_commitment *newest(const struct lm_commitments *commitments,
                                          const struct lm_audited *audited, bool matches) {
    const struct lm_commitment *found = NULL;
    for (size_t i = 0; i < commitments->count; i++) {
        const struct lm_commitment *item = &commitments->items[i];
        if (item->audited != audited || item->matches != matches ||
            (found && item->checkpoint.size < found->checkpoint.size) ||
            (found && item->checkpoint.size == found->checkpoint.size &&
             item->witnessed_s == LM_ABSENT))
            continue;
        found = item;
    }
    return found;
}

/* Whether all of it was signed for as the beginning of a longer log, or of the same one, that is
 * here too. */
static bool is_copy(const struct lm_commitments *commitments, const struct lm_audited *audited) {
    for (size_t i = 0; i < commitments->count; i++) {
        const struct lm_commitment *item = &commitments->items[i];
        if (item->matches && item->audited != audited &&
            item->checkpoint.size == audited->tree.leaves &&
            lm_commitments_has_root(commitments, audited, &item->checkpoint))
            return true;
    }
    return false;
}

int lm_commitments_judge_log(const struct lm_commitments *commitments,
                             const struct lm_audited *audited, struct lm_findings *findings,
                             struct lm_error *error) {
    const struct lm_commitment *last = newest(commitments, audited, true);
    const struct lm_commitment *wrong = newest(commitments, audited, false);
    const struct lm_place first = {audited->name, (last ? last->checkpoint.size : 0) + 1};
    char text[512];
    /* Of what a checkpoint contradicts, that has been told. */
    if (last && !wrong && last->checkpoint.size < audited->tree.leaves) {
        (void)snprintf(text, sizeof text,
                       "%s has signed for %llu of the %llu entries of %s, and not for the others",
                       last->keeper, (unsigned long long)last->checkpoint.size,
                       (unsigned long long)audited->tree.leaves, audited->name);
        if (tell(findings, LM_CODE_UNCOVERED, last->keeper, &first, text, error) < 0)
            return -1;
    }
    if (commitments->options.witness_count == 0 || (last && last->witnessed_s != LM_ABSENT) ||
        is_copy(commitments, audited))
        return 0;
    (void)snprintf(text, sizeof text, "%s of %s is cosigned by every witness",
                   last ? "not the newest checkpoint" : "no checkpoint", audited->name);
    return tell(findings, LM_CODE_UNWITNESSED, last ? last->keeper : NULL, &nowhere, text, error);
}
