#include "lib/evidence/commitments.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/commitments_state.h"

void lm_commitments_start(struct lm_commitments *commitments,
                          const struct lm_commitments_options *options) {
    *commitments = (struct lm_commitments){.options = *options};
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
    *item = (struct lm_commitment){
        .file = file, .first_witnessed_s = LM_ABSENT, .witnessed_s = LM_ABSENT};
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
    if ((commitments->count == 0 && !commitments->options.keys_only) ||
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
        root->last_at_s = audited->newest_at_s;
        root->next_at_s = next_at_s;
    }
    if (next_at_s > audited->newest_at_s)
        audited->newest_at_s = next_at_s;
    return 0;
}

static int compare_sizes(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

const struct lm_audited_root *lm_commitments_root_at(const struct lm_commitments *commitments,
                                                     const struct lm_audited *audited,
                                                     const struct lm_checkpoint *checkpoint) {
    const uint64_t *size = bsearch(&checkpoint->size, commitments->sizes, commitments->size_count,
                                   sizeof *size, compare_sizes);
    size_t place = size ? (size_t)(size - commitments->sizes) : SIZE_MAX;
    return place < audited->root_count ? &audited->roots[place] : NULL;
}

bool lm_commitments_has_root(const struct lm_commitments *commitments,
                             const struct lm_audited *audited,
                             const struct lm_checkpoint *checkpoint) {
    const struct lm_audited_root *root = lm_commitments_root_at(commitments, audited, checkpoint);
    return root && memcmp(root->hash, checkpoint->root, LM_HASH_SIZE) == 0;
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

static bool is_smaller(const void *mark, const void *number) {
    return ((const struct lm_audited_mark *)mark)->size < *(const uint64_t *)number;
}

bool lm_commitments_anchored(const struct lm_audited *audited, uint64_t number, int64_t instant_s) {
    size_t first = lm_array_lower_bound(audited->marks, audited->mark_count, sizeof *audited->marks,
                                        &number, is_smaller);
    return first < audited->mark_count && audited->marks[first].witnessed_s <= instant_s;
}
