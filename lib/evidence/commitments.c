#include "lib/evidence/commitments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"

struct lm_keeper_key {
    uint32_t id;
    int role;
    char kid[LM_DIGEST_TEXT_SIZE];
    uint8_t public_key[32];
};

struct lm_commitment {
    const char *file;
    char *bytes; /* owned; the checkpoint borrows from them */
    size_t size;
    bool readable;
    struct lm_checkpoint checkpoint;
    const char *keeper; /* whose registered key has signed; NULL for nobody's */
    bool registrar;     /* which is the registrar's */
    int64_t signed_s;   /* when the keeper says that was; 0 where it does not */
    int64_t
        witnessed_s; /* when the last of the witnesses had signed; LM_ABSENT where one has not */
    struct lm_audited *audited; /* the log that it is of; NULL for none that is here */
    bool matches;               /* has that root */
    struct lm_error why;        /* why it is not readable, or has no keeper */
};

void lm_commitments_start(struct lm_commitments *commitments, const struct lm_note_key *witnesses,
                          size_t count) {
    *commitments = (struct lm_commitments){.witnesses = witnesses, .witness_count = count};
    lm_names_start(&commitments->ids);
}

void lm_commitments_free(struct lm_commitments *commitments) {
    for (size_t i = 0; i < commitments->count; i++)
        free(commitments->items[i].bytes);
    lm_names_free(&commitments->ids);
    free(commitments->items);
    free(commitments->sizes);
    free(commitments->keys);
}

/* ---- adding ---- */

static int add_size(struct lm_commitments *commitments, uint64_t size, struct lm_error *error) {
    size_t at = 0;
    while (at < commitments->size_count && commitments->sizes[at] < size)
        at++;
    if (at < commitments->size_count && commitments->sizes[at] == size)
        return 0;
    uint64_t *sizes = reallocarray(commitments->sizes, commitments->size_count + 1, sizeof *sizes);
    if (!sizes)
        return lm_fail_memory(error);
    memmove(&sizes[at + 1], &sizes[at], (commitments->size_count - at) * sizeof *sizes);
    sizes[at] = size;
    commitments->sizes = sizes;
    commitments->size_count++;
    return 0;
}

int lm_commitments_add(struct lm_commitments *commitments, const char *file, const char *bytes,
                       size_t size, struct lm_error *error) {
    struct lm_commitment *items = lm_array_room(commitments->items, &commitments->room,
                                                commitments->count, sizeof *items, error);
    if (!items)
        return -1;
    commitments->items = items;
    struct lm_commitment *item = &items[commitments->count];
    *item = (struct lm_commitment){.file = file, .witnessed_s = LM_ABSENT};
    item->bytes = malloc(size + 1);
    if (!item->bytes)
        return lm_fail_memory(error);
    memcpy(item->bytes, bytes, size);
    item->size = size;
    commitments->count++;
    item->readable = lm_checkpoint_parse(item->bytes, size, &item->checkpoint, &item->why) == 0;
    return item->readable ? add_size(commitments, item->checkpoint.size, error) : 0;
}

int lm_commitments_key(struct lm_commitments *commitments, const struct lm_identity *identity,
                       struct lm_error *error) {
    if ((commitments->count == 0 && !commitments->keys_only) ||
        (identity->role != LM_ROLE_MARKET && identity->role != LM_ROLE_SUPPLIER &&
         identity->role != LM_ROLE_REGISTRAR))
        return 0;
    struct lm_keeper_key *keys = lm_array_room(commitments->keys, &commitments->key_room,
                                               commitments->key_count, sizeof *keys, error);
    if (!keys)
        return -1;
    commitments->keys = keys;
    struct lm_keeper_key *key = &keys[commitments->key_count];
    if (!lm_base64url_read(identity->keys.sign.x, key->public_key, sizeof key->public_key))
        return lm_fail(error, LM_DEFECT, "a key that was checked does not decode");
    lm_jwk_thumbprint(&identity->keys.sign, key->kid);
    key->role = identity->role;
    if (lm_names_add(&commitments->ids, identity->id, strlen(identity->id), &key->id, error) < 0)
        return -1;
    commitments->key_count++;
    return 0;
}

int lm_commitments_grow(const struct lm_commitments *commitments, struct lm_audited *audited,
                        int64_t next_at_s, struct lm_error *error) {
    if (commitments->size_count == 0)
        return 0;
    if (!audited->roots) {
        audited->roots = calloc(commitments->size_count, sizeof *audited->roots);
        if (!audited->roots)
            return lm_fail_memory(error);
    }
    if (audited->root_count < commitments->size_count &&
        commitments->sizes[audited->root_count] == audited->tree.leaves) {
        struct lm_audited_root *root = &audited->roots[audited->root_count++];
        lm_merkle_root(&audited->tree, root->hash);
        root->next_at_s = next_at_s;
    }
    return 0;
}

/* ---- who has signed ---- */

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

static void find_keeper(const struct lm_commitments *commitments, struct lm_commitment *item,
                        const struct lm_registry *registry, int64_t now_s) {
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
            item->registrar = key->role == LM_ROLE_REGISTRAR;
            item->signed_s = times.last_s;
            return;
        } else {
            item->why = why;
        }
    }
}

static int tell(struct lm_findings *findings, enum lm_code code, const char *party,
                const struct lm_place *place, const char *text, struct lm_error *error) {
    return lm_findings_tell(findings, lm_code_word(code), party, place, 1, text, error);
}

static const struct lm_place nowhere = {0};

/* When the last witness signed; a cosignature in a witness's name that is none is told. */
static int find_witnesses(const struct lm_commitments *commitments, struct lm_commitment *item,
                          struct lm_findings *findings, struct lm_error *error) {
    int64_t last_s = LM_ABSENT;
    bool all = commitments->witness_count > 0;
    for (size_t i = 0; i < commitments->witness_count; i++) {
        const struct lm_note_key *witness = &commitments->witnesses[i];
        struct lm_note_times times;
        struct lm_error why;
        char text[768];
        if (lm_note_verify(&item->checkpoint.note, witness, &times, &why) == 0) {
            last_s = times.first_s > last_s ? times.first_s : last_s;
            continue;
        }
        all = false;
        if (why.reason == LM_UNSIGNED)
            continue;
        (void)snprintf(text, sizeof text, "%s has a line in the name of witness %s that is not its",
                       item->file, witness->name);
        if (tell(findings, LM_CODE_COSIGNATURE, NULL, &nowhere, text, error) < 0)
            return -1;
    }
    item->witnessed_s = all ? last_s : LM_ABSENT;
    return 0;
}

/* ---- which log ---- */

static int compare_sizes(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The log's tree at a checkpoint's size; NULL where it does not get there. */
static const struct lm_audited_root *root_at(const struct lm_commitments *commitments,
                                             const struct lm_audited *audited,
                                             const struct lm_checkpoint *checkpoint) {
    const uint64_t *size = bsearch(&checkpoint->size, commitments->sizes, commitments->size_count,
                                   sizeof *size, compare_sizes);
    size_t place = size ? (size_t)(size - commitments->sizes) : SIZE_MAX;
    return place < audited->root_count ? &audited->roots[place] : NULL;
}

static bool has_root(const struct lm_commitments *commitments, const struct lm_audited *audited,
                     const struct lm_checkpoint *checkpoint) {
    const struct lm_audited_root *root = root_at(commitments, audited, checkpoint);
    return root && memcmp(root->hash, checkpoint->root, LM_HASH_SIZE) == 0;
}

/* By the names of files: LOG beside LOG.checkpoint, or an origin that is the log's file. */
static bool has_name(const struct lm_audited *audited, const struct lm_commitment *item) {
    size_t size = audited->file ? strlen(audited->file) : 0;
    return lm_audited_called(audited, item->checkpoint.origin) ||
           (size > 0 && strncmp(item->file, audited->file, size) == 0 && item->file[size] == '.');
}

/* Whether another checkpoint says which log that is. */
static bool is_known(const struct lm_commitments *commitments, const struct lm_audited *audited) {
    for (size_t i = 0; i < commitments->count; i++) {
        if (commitments->items[i].matches && commitments->items[i].audited == audited)
            return true;
    }
    return false;
}

/* The log of a checkpoint whose root no log has; NULL where it may be one that is not here. */
static struct lm_audited *guess_log(const struct lm_commitments *commitments,
                                    const struct lm_commitment *item,
                                    struct lm_audited *const *inputs, size_t count) {
    struct lm_audited *only = NULL;
    size_t logs = 0;
    for (size_t i = 0; i < commitments->count; i++) {
        const struct lm_commitment *other = &commitments->items[i];
        if (other->matches && other->keeper &&
            strcmp(other->checkpoint.origin, item->checkpoint.origin) == 0)
            return other->audited;
    }
    for (size_t i = 0; i < count; i++) {
        if (inputs[i]->log && has_name(inputs[i], item))
            return inputs[i];
        if (inputs[i]->log) {
            only = inputs[i];
            logs++;
        }
    }
    return logs == 1 && !is_known(commitments, only) ? only : NULL;
}

/*
 * The roots that logs have come first: the others are known by them. The empty tree is everybody's.
 * Of a log and a copy of its first entries the checkpoint is of the log.
 */
static void find_logs(struct lm_commitments *commitments, struct lm_audited *const *inputs,
                      size_t count) {
    for (size_t i = 0; i < commitments->count; i++) {
        struct lm_commitment *item = &commitments->items[i];
        for (size_t k = 0; item->keeper && item->checkpoint.size > 0 && k < count; k++) {
            if (!inputs[k]->log || !has_root(commitments, inputs[k], &item->checkpoint) ||
                (item->matches && inputs[k]->tree.leaves <= item->audited->tree.leaves))
                continue;
            item->audited = inputs[k];
            item->matches = true;
        }
    }
    for (size_t i = 0; i < commitments->count; i++) {
        struct lm_commitment *item = &commitments->items[i];
        if (!item->keeper || item->matches)
            continue;
        item->audited = guess_log(commitments, item, inputs, count);
        item->matches = item->checkpoint.size == 0;
    }
}

/* How well a checkpoint says who keeps its log, -1 for not at all: anybody may sign for a log of
 * which she has a copy, or whose name she knows. */
static int claim(const struct lm_commitment *item) {
    const struct lm_audited *audited = item->audited;
    const char *keeper = item->keeper;
    size_t size = strlen(keeper);
    const char *origin = item->checkpoint.origin;
    bool fits = audited->identities ? item->registrar : strcmp(audited->issuer, keeper) == 0;
    if (!item->matches)
        return fits || (!audited->identities && !audited->issuer[0]) ? 0 : -1;
    if (fits)
        return 3;
    return strncmp(origin, keeper, size) == 0 && origin[size] == '/' ? 2 : 1;
}

/* Who keeps a log, and by which name, is said by the checkpoint that says so best, or else by the
 * first. What others sign for contradicts nothing. */
static void name_logs(struct lm_commitments *commitments) {
    for (int pass = 3; pass >= 0; pass--) {
        for (size_t i = 0; i < commitments->count; i++) {
            struct lm_commitment *item = &commitments->items[i];
            struct lm_audited *audited = item->audited;
            if (!audited || claim(item) != pass)
                continue;
            if (!audited->keeper) {
                audited->keeper = item->keeper;
                audited->name = item->checkpoint.origin;
                audited->of_registrar = item->registrar;
            }
            if (strcmp(audited->keeper, item->keeper) != 0)
                continue;
            audited->contradicted = audited->contradicted || !item->matches;
            if (item->matches && item->checkpoint.size > audited->committed)
                audited->committed = item->checkpoint.size;
        }
    }
}

/* ---- what does not go together ---- */

/* Another checkpoint by the keeper that contradicts this one, as the log shows or by itself. */
static bool is_forked(const struct lm_commitments *commitments, const struct lm_commitment *item) {
    for (size_t i = 0; i < commitments->count; i++) {
        const struct lm_commitment *other = &commitments->items[i];
        if (other == item || !other->keeper || strcmp(other->keeper, item->keeper) != 0 ||
            strcmp(other->checkpoint.origin, item->checkpoint.origin) != 0 ||
            (item->matches && !other->matches)) /* which is told then */
            continue;
        if (other->checkpoint.size == item->checkpoint.size &&
            memcmp(other->checkpoint.root, item->checkpoint.root, LM_HASH_SIZE) != 0)
            return true;
        if (other->matches && other->audited && other->checkpoint.size >= item->checkpoint.size &&
            !has_root(commitments, other->audited, &item->checkpoint))
            return true;
    }
    return false;
}

/* At the time of a checkpoint its keeper says that there is no more in the log: what follows is of
 * a later time. */
static int judge_next(const struct lm_commitments *commitments, const struct lm_commitment *item,
                      struct lm_findings *findings, struct lm_error *error) {
    const struct lm_checkpoint *checkpoint = &item->checkpoint;
    const struct lm_audited_root *root =
        item->audited ? root_at(commitments, item->audited, checkpoint) : NULL;
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

static int judge_item(const struct lm_commitments *commitments, const struct lm_commitment *item,
                      struct lm_findings *findings, struct lm_error *error) {
    const struct lm_checkpoint *checkpoint = &item->checkpoint;
    const struct lm_audited *audited = item->audited;
    unsigned long long size = checkpoint->size;
    enum lm_code code;
    char text[1024];
    if (!item->keeper) {
        (void)snprintf(text, sizeof text, "%s: %s", item->file, item->why.detail);
        return tell(findings, LM_CODE_CHECKPOINT_UNSIGNED, NULL, &nowhere, text, error);
    }
    if (item->matches && judge_next(commitments, item, findings, error) < 0)
        return -1;
    if (is_forked(commitments, item)) {
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
            has_root(commitments, audited, &item->checkpoint))
            return true;
    }
    return false;
}

static int judge_log(const struct lm_commitments *commitments, const struct lm_audited *audited,
                     struct lm_findings *findings, struct lm_error *error) {
    const struct lm_commitment *last = newest(commitments, audited, true);
    const struct lm_commitment *wrong = newest(commitments, audited, false);
    const struct lm_place first = {audited->name, (last ? last->checkpoint.size : 0) + 1};
    char text[512];
    /* Of what a checkpoint contradicts, that has been told. */
    if (last && !wrong && last->checkpoint.size < audited->tree.leaves) {
        (void)snprintf(text, sizeof text,
                       "%s has not signed for what follows its first %llu entries of %s",
                       last->keeper, (unsigned long long)last->checkpoint.size, audited->name);
        if (tell(findings, LM_CODE_UNCOVERED, last->keeper, &first, text, error) < 0)
            return -1;
    }
    if (commitments->witness_count == 0 || (last && last->witnessed_s != LM_ABSENT) ||
        is_copy(commitments, audited))
        return 0;
    (void)snprintf(text, sizeof text, "%s of %s is cosigned by every witness",
                   last ? "not the newest checkpoint" : "no checkpoint", audited->name);
    return tell(findings, LM_CODE_UNWITNESSED, last ? last->keeper : NULL, &nowhere, text, error);
}

static int compare_marks(const void *a, const void *b) {
    const struct lm_audited_mark *x = a;
    const struct lm_audited_mark *y = b;
    return (x->size > y->size) - (x->size < y->size);
}

/* What witnesses saw of a larger tree they saw of a smaller one. */
static int mark_log(const struct lm_commitments *commitments, struct lm_audited *audited,
                    struct lm_error *error) {
    audited->marks = calloc(commitments->count + 1, sizeof *audited->marks);
    if (!audited->marks)
        return lm_fail_memory(error);
    for (size_t i = 0; i < commitments->count; i++) {
        const struct lm_commitment *item = &commitments->items[i];
        if (item->audited == audited && item->matches && item->witnessed_s != LM_ABSENT)
            audited->marks[audited->mark_count++] =
                (struct lm_audited_mark){item->checkpoint.size, item->witnessed_s};
    }
    qsort(audited->marks, audited->mark_count, sizeof *audited->marks, compare_marks);
    for (size_t i = audited->mark_count; i-- > 1;) {
        if (audited->marks[i].witnessed_s < audited->marks[i - 1].witnessed_s)
            audited->marks[i - 1].witnessed_s = audited->marks[i].witnessed_s;
    }
    return 0;
}

int lm_commitments_match(struct lm_commitments *commitments, const struct lm_registry *registry,
                         int64_t now_s, struct lm_audited *const *inputs, size_t count,
                         struct lm_findings *findings, struct lm_error *error) {
    for (size_t i = 0; i < commitments->count; i++) {
        struct lm_commitment *item = &commitments->items[i];
        if (!item->readable)
            continue;
        if (find_witnesses(commitments, item, findings, error) < 0)
            return -1;
        find_keeper(commitments, item, registry, now_s);
    }
    find_logs(commitments, inputs, count);
    name_logs(commitments);
    for (size_t i = 0; i < commitments->count; i++) {
        if (judge_item(commitments, &commitments->items[i], findings, error) < 0)
            return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (inputs[i]->log && (judge_log(commitments, inputs[i], findings, error) < 0 ||
                               mark_log(commitments, inputs[i], error) < 0))
            return -1;
    }
    return 0;
}

bool lm_commitments_newest(const struct lm_commitments *commitments,
                           const struct lm_audited *audited, const char **bytes, size_t *size,
                           int64_t *signed_s) {
    for (size_t i = 0; i < commitments->count; i++) {
        const struct lm_commitment *item = &commitments->items[i];
        if (item->audited != audited || !item->matches || !audited->keeper ||
            strcmp(item->keeper, audited->keeper) != 0 ||
            item->checkpoint.size != audited->committed)
            continue;
        *bytes = item->bytes;
        *size = item->size;
        *signed_s = item->signed_s;
        return true;
    }
    return false;
}

const char *lm_commitments_signer(const struct lm_commitments *commitments,
                                  const struct lm_checkpoint *checkpoint,
                                  const struct lm_registry *registry, int64_t now_s,
                                  int64_t *signed_s, struct lm_error *error) {
    struct lm_commitment item = {.checkpoint = *checkpoint, .witnessed_s = LM_ABSENT};
    find_keeper(commitments, &item, registry, now_s);
    *signed_s = item.signed_s;
    if (!item.keeper)
        *error = item.why;
    return item.keeper;
}

bool lm_commitments_anchored(const struct lm_audited *audited, uint64_t number, int64_t instant_s) {
    size_t low = 0;
    size_t high = audited->mark_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (audited->marks[middle].size < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < audited->mark_count && audited->marks[low].witnessed_s <= instant_s;
}
