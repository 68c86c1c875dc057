#include "lib/market/quota.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"

/* An entity's orders for a period. */
struct entry {
    struct lm_quota_key key;
    int64_t gate_s;
    int64_t count;
    uint64_t refused;
};

/* An order that was let in. */
struct content {
    uint8_t digest[LM_QUOTA_DIGEST_SIZE];
    uint32_t entry;
};

/* Open addressing over an array: place + 1, 0 where free. Never more than half full. */
struct index {
    uint32_t *slots;
    size_t count; /* a power of two; 0 before the first item */
};

struct lm_quota {
    uint8_t key[crypto_generichash_KEYBYTES]; /* nobody can choose what collides */
    int64_t latest_s;                         /* when the last order was let in */
    struct entry *entries;
    size_t entry_count;
    size_t entry_room;
    struct content *contents;
    size_t content_count;
    size_t content_room;
    struct index by_key;
    struct index by_content;
};

struct lm_quota *lm_quota_new(struct lm_error *error) {
    struct lm_quota *quota = calloc(1, sizeof *quota);
    if (!quota) {
        lm_fail_memory(error);
        return NULL;
    }
    quota->latest_s = INT64_MIN;
    randombytes_buf(quota->key, sizeof quota->key);
    return quota;
}

void lm_quota_free(struct lm_quota *quota) {
    if (!quota)
        return;
    free(quota->entries);
    free(quota->contents);
    free(quota->by_key.slots);
    free(quota->by_content.slots);
    free(quota);
}

void lm_quota_digest(const struct lm_quota *quota, const void *payload, size_t size,
                     uint8_t content[LM_QUOTA_DIGEST_SIZE]) {
    (void)crypto_generichash(content, LM_QUOTA_DIGEST_SIZE, payload, size, quota->key,
                             sizeof quota->key);
}

static bool same_key(const struct lm_quota_key *a, const struct lm_quota_key *b) {
    return a->from == b->from && a->market == b->market && a->start_s == b->start_s;
}

static uint32_t *find_entry(const struct lm_quota *quota, const struct lm_quota_key *key) {
    const struct index *index = &quota->by_key;
    struct {
        int64_t start_s;
        uint32_t from;
        uint32_t market;
    } bytes = {key->start_s, key->from, key->market};
    uint64_t hash;
    _Static_assert(sizeof bytes == 16, "no padding is hashed");
    (void)crypto_shorthash((unsigned char *)&hash, (const unsigned char *)&bytes, sizeof bytes,
                           quota->key);
    size_t slot = (size_t)hash & (index->count - 1);
    while (index->slots[slot] && !same_key(&quota->entries[index->slots[slot] - 1].key, key))
        slot = (slot + 1) & (index->count - 1);
    return &index->slots[slot];
}

static uint32_t *find_content(const struct lm_quota *quota,
                              const uint8_t digest[LM_QUOTA_DIGEST_SIZE]) {
    const struct index *index = &quota->by_content;
    uint64_t hash;
    memcpy(&hash, digest, sizeof hash);
    size_t slot = (size_t)hash & (index->count - 1);
    while (index->slots[slot] && memcmp(quota->contents[index->slots[slot] - 1].digest, digest,
                                        LM_QUOTA_DIGEST_SIZE) != 0)
        slot = (slot + 1) & (index->count - 1);
    return &index->slots[slot];
}

static struct entry *entry_of(const struct lm_quota *quota, const struct lm_quota_key *key) {
    uint32_t *slot = quota->by_key.count ? find_entry(quota, key) : NULL;
    return slot && *slot ? &quota->entries[*slot - 1] : NULL;
}

int64_t lm_quota_count(const struct lm_quota *quota, const struct lm_quota_key *key) {
    const struct entry *entry = entry_of(quota, key);
    return entry ? entry->count : 0;
}

bool lm_quota_holds(const struct lm_quota *quota, const uint8_t content[LM_QUOTA_DIGEST_SIZE]) {
    return quota->by_content.count && *find_content(quota, content);
}

uint64_t lm_quota_refuse(struct lm_quota *quota, const struct lm_quota_key *key) {
    struct entry *entry = entry_of(quota, key);
    return entry ? ++entry->refused : 0;
}

size_t lm_quota_size(const struct lm_quota *quota) {
    return quota->entry_count;
}

/* Drops the entries whose gate has closed, and their orders. */
static int forget_closed(struct lm_quota *quota, struct lm_error *error) {
    uint32_t *moved = calloc(quota->entry_count + 1, sizeof *moved); /* place + 1 */
    size_t kept = 0;
    if (!moved)
        return lm_fail_memory(error);
    for (size_t i = 0; i < quota->entry_count; i++) {
        if (quota->entries[i].gate_s <= quota->latest_s)
            continue;
        quota->entries[kept] = quota->entries[i];
        moved[i] = (uint32_t)++kept;
    }
    quota->entry_count = kept;
    kept = 0;
    for (size_t i = 0; i < quota->content_count; i++) {
        struct content content = quota->contents[i];
        if (!moved[content.entry])
            continue;
        content.entry = moved[content.entry] - 1;
        quota->contents[kept++] = content;
    }
    quota->content_count = kept;
    free(moved);
    return 0;
}

/* An empty index that COUNT items, and one more, fill to at most a half. */
static int renew(struct index *index, size_t count, struct lm_error *error) {
    size_t slots = 64;
    while (slots < 4 * (count + 1))
        slots *= 2;
    uint32_t *fresh = calloc(slots, sizeof *fresh);
    if (!fresh)
        return lm_fail_memory(error);
    free(index->slots);
    *index = (struct index){fresh, slots};
    return 0;
}

/* Makes room for one more of each. */
static int make_room(struct lm_quota *quota, struct lm_error *error) {
    if (2 * (quota->entry_count + 1) <= quota->by_key.count &&
        2 * (quota->content_count + 1) <= quota->by_content.count)
        return 0;
    if (forget_closed(quota, error) < 0 || renew(&quota->by_key, quota->entry_count, error) < 0 ||
        renew(&quota->by_content, quota->content_count, error) < 0)
        return -1;
    for (size_t i = 0; i < quota->entry_count; i++)
        *find_entry(quota, &quota->entries[i].key) = (uint32_t)i + 1;
    for (size_t i = 0; i < quota->content_count; i++)
        *find_content(quota, quota->contents[i].digest) = (uint32_t)i + 1;
    return 0;
}

int lm_quota_accept(struct lm_quota *quota, const struct lm_quota_key *key,
                    const uint8_t content[LM_QUOTA_DIGEST_SIZE], int64_t gate_s, int64_t at_s,
                    struct lm_error *error) {
    if (at_s > quota->latest_s)
        quota->latest_s = at_s;
    if (make_room(quota, error) < 0)
        return -1;
    struct entry *entries = lm_array_room(quota->entries, &quota->entry_room, quota->entry_count,
                                          sizeof *entries, error);
    if (!entries)
        return -1;
    quota->entries = entries;
    struct content *contents = lm_array_room(quota->contents, &quota->content_room,
                                             quota->content_count, sizeof *contents, error);
    if (!contents)
        return -1;
    quota->contents = contents;
    uint32_t *slot = find_entry(quota, key);
    if (!*slot) {
        entries[quota->entry_count++] = (struct entry){.key = *key, .gate_s = gate_s};
        *slot = (uint32_t)quota->entry_count;
    }
    entries[*slot - 1].count++;
    uint32_t *content_slot = find_content(quota, content);
    struct content *added = &contents[quota->content_count++];
    added->entry = *slot - 1;
    memcpy(added->digest, content, LM_QUOTA_DIGEST_SIZE);
    *content_slot = (uint32_t)quota->content_count;
    return 0;
}
