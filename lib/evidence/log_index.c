#include "lib/evidence/log_index.h"

#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"

#define SLOT_SIZE 32
/* A row: eight bytes, the digest, eight bytes. */
#define SUM_SIZE 8
/* A row, a leaf, and as many subtrees as a tree of 2^63 leaves is high. */
#define ENTRY_SLOTS_MAX 66
/* The file is read so many slots at a time. */
#define BATCH_SLOTS 2048

static const uint8_t format[SLOT_SIZE] = "lm-log index 1, slots of 32 B\n";

void lm_log_digest(const void *record, size_t size, uint8_t digest[LM_LOG_DIGEST_SIZE]) {
    uint8_t whole[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(whole, record, size);
    memcpy(digest, whole, LM_LOG_DIGEST_SIZE);
}

/* The slot of entry N's row: the first one, N rows, and the 2N - popcount(N) hashes of whole
 * subtrees among N leaves. The slots of N entries end there as well. */
static uint64_t row_slot(uint64_t n) {
    return 1 + 3 * n - (uint64_t)__builtin_popcountll(n);
}

void lm_log_index_start(struct lm_log_index *index, int fd) {
    *index = (struct lm_log_index){.fd = fd};
}

void lm_log_index_free(struct lm_log_index *index) {
    lm_buffer_free(&index->waiting);
}

/* ---- numbers and sums ---- */

static void put_number(uint64_t value, uint8_t bytes[8]) {
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get_number(const uint8_t bytes[8]) {
    uint64_t value = 0;
    for (size_t i = 8; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

/* So many slots are entry N's: its row, its leaf, and the subtrees that it completes. */
static size_t entry_slots(uint64_t n) {
    return (size_t)(row_slot(n + 1) - row_slot(n));
}

/* Over everything of entry N but the sum itself: against what a crash left half written, not
 * against anybody. */
static void sum_entry(uint64_t n, const uint8_t *slots, uint8_t sum[SUM_SIZE]) {
    static const uint8_t key[crypto_shorthash_KEYBYTES] = "lm-log index row";
    uint8_t bytes[ENTRY_SLOTS_MAX * SLOT_SIZE];
    size_t size = entry_slots(n) * SLOT_SIZE;
    memcpy(bytes, slots, size);
    put_number(n, bytes + SLOT_SIZE - SUM_SIZE);
    (void)crypto_shorthash(sum, bytes, size, key);
}

static bool parse_row(uint64_t n, const uint8_t *slots, struct lm_log_row *row) {
    uint8_t sum[SUM_SIZE];
    sum_entry(n, slots, sum);
    row->end = get_number(slots);
    memcpy(row->digest, slots + 8, LM_LOG_DIGEST_SIZE);
    memcpy(row->leaf, slots + SLOT_SIZE, LM_HASH_SIZE);
    return memcmp(sum, slots + SLOT_SIZE - SUM_SIZE, SUM_SIZE) == 0;
}

/* ---- reading ---- */

/* Reads COUNT slots. Fewer are there where *got says so. */
static int read_slots(const struct lm_log_index *index, uint64_t first, size_t count,
                      uint8_t *bytes, size_t *got, struct lm_error *error) {
    *got = 0;
    if (index->fd >= 0 && first < index->slots) {
        size_t size = SLOT_SIZE * (first + count > index->slots ? index->slots - first : count);
        size_t done;
        if (lm_file_read_at(index->fd, bytes, size, (off_t)(first * SLOT_SIZE), &done) < 0)
            return lm_fail_errno(error, LM_IO, "the log's index");
        *got = done / SLOT_SIZE;
        if (done < size)
            return 0;
    }
    uint64_t waiting = index->waiting.size / SLOT_SIZE;
    for (; *got < count; ++*got) {
        uint64_t slot = first + *got - index->slots;
        if (slot >= waiting)
            break;
        memcpy(bytes + *got * SLOT_SIZE, index->waiting.data + slot * SLOT_SIZE, SLOT_SIZE);
    }
    return 0;
}

static int read_hash(void *context, unsigned level, uint64_t place, uint8_t hash[LM_HASH_SIZE],
                     struct lm_error *error) {
    const struct lm_log_index *index = context;
    uint64_t last = ((place + 1) << level) - 1; /* the leaf that completes the subtree */
    size_t got = 0;
    if (last < index->leaves &&
        read_slots(index, row_slot(last) + 1 + level, 1, hash, &got, error) < 0)
        return -1;
    return got == 1 ? 0 : lm_fail(error, LM_MISSING_RECORD, "the log's index lacks a hash");
}

struct lm_merkle_source lm_log_index_hashes(struct lm_log_index *index) {
    return (struct lm_merkle_source){read_hash, index};
}

int lm_log_index_row(const struct lm_log_index *index, uint64_t n, struct lm_log_row *row,
                     struct lm_error *error) {
    uint8_t bytes[ENTRY_SLOTS_MAX * SLOT_SIZE];
    size_t got = 0;
    if (n < index->leaves && read_slots(index, row_slot(n), entry_slots(n), bytes, &got, error) < 0)
        return -1;
    if (got == 0 || got < entry_slots(n) || !parse_row(n, bytes, row))
        return lm_fail(error, LM_MISSING_RECORD, "the log's index lacks entry %llu",
                       (unsigned long long)n);
    return 0;
}

int lm_log_index_line(const struct lm_log_index *index, uint64_t n, struct lm_log_row *row,
                      uint64_t *start, size_t *size, struct lm_error *error) {
    struct lm_log_row before = {0};
    if (lm_log_index_row(index, n, row, error) < 0 ||
        (n > 0 && lm_log_index_row(index, n - 1, &before, error) < 0))
        return -1;
    if (row->end <= before.end || row->end - before.end > LM_ENTRY_SIZE_MAX + 1)
        return lm_fail(error, LM_MISSING_RECORD, "the log's index is wrong about entry %llu",
                       (unsigned long long)n);
    *start = before.end;
    *size = (size_t)(row->end - before.end) - 1;
    return 0;
}

/* How many whole entries so many slots hold, the first one included. */
static uint64_t entries_in(uint64_t slots) {
    uint64_t low = 0;
    uint64_t high = slots / 2;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (row_slot(middle) <= slots)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* How many whole entries there are, by a file of so many slots; 0 where it is no index. */
static int count_entries(const struct lm_log_index *index, uint64_t *there,
                         struct lm_error *error) {
    uint8_t first[SLOT_SIZE];
    size_t got;
    if (read_slots(index, 0, 1, first, &got, error) < 0)
        return -1;
    bool is_index = got == 1 && memcmp(first, format, SLOT_SIZE) == 0;
    *there = is_index ? entries_in(index->slots) : 0;
    return 0;
}

/* Takes in the rows of entries below THERE, as far as they are good. */
static int take_rows(struct lm_log_index *index, uint64_t there, uint64_t log_size,
                     lm_log_index_visit *each, void *context, struct lm_error *error) {
    uint8_t bytes[(ENTRY_SLOTS_MAX + BATCH_SLOTS) * SLOT_SIZE];
    while (index->leaves < there) {
        uint64_t first = index->leaves;
        uint64_t base = row_slot(first);
        uint64_t rest = row_slot(there) - base;
        size_t count = rest < BATCH_SLOTS ? (size_t)rest : BATCH_SLOTS + ENTRY_SLOTS_MAX;
        size_t got;
        if (read_slots(index, base, count, bytes, &got, error) < 0)
            return -1;
        while (index->leaves < there && row_slot(index->leaves + 1) - base <= got) {
            struct lm_log_row row;
            uint64_t n = index->leaves;
            if (!parse_row(n, bytes + (row_slot(n) - base) * SLOT_SIZE, &row) ||
                row.end <= index->end || row.end > log_size)
                return 0;
            if (each(context, n, &row, error) < 0)
                return -1;
            index->end = row.end;
            index->leaves = n + 1;
        }
        if (index->leaves == first)
            return 0;
    }
    return 0;
}

int lm_log_index_load(struct lm_log_index *index, uint64_t log_size, lm_log_index_visit *each,
                      void *context, struct lm_error *error) {
    struct stat status;
    uint64_t there;
    if (index->fd < 0)
        return 0;
    if (fstat(index->fd, &status) != 0)
        return lm_fail_errno(error, LM_IO, "the log's index");
    index->slots = (uint64_t)status.st_size / SLOT_SIZE;
    if (count_entries(index, &there, error) < 0)
        return -1;
    /* Somebody began to make it again and did not get as far. */
    if (there < index->leaves) {
        index->leaves = index->end = 0;
        index->tree = (struct lm_merkle){0};
    }
    uint64_t known = index->leaves;
    if (take_rows(index, there, log_size, each, context, error) < 0)
        return -1;
    index->slots = index->leaves > 0 ? row_slot(index->leaves) : 0;
    if ((uint64_t)status.st_size > index->slots * SLOT_SIZE &&
        ftruncate(index->fd, (off_t)(index->slots * SLOT_SIZE)) != 0)
        return lm_fail_errno(error, LM_IO, "the log's index");
    struct lm_merkle_source source = lm_log_index_hashes(index);
    return index->leaves > known ? lm_merkle_load(&source, index->leaves, &index->tree, error) : 0;
}

void lm_log_index_assume(struct lm_log_index *index, uint64_t leaves) {
    struct stat status;
    if (index->fd < 0 || fstat(index->fd, &status) != 0)
        return;
    index->slots = (uint64_t)status.st_size / SLOT_SIZE;
    index->leaves = leaves;
}

/* ---- writing ---- */

void lm_log_index_add(struct lm_log_index *index, uint64_t end,
                      const uint8_t digest[LM_LOG_DIGEST_SIZE], const uint8_t leaf[LM_HASH_SIZE]) {
    uint8_t slots[ENTRY_SLOTS_MAX * SLOT_SIZE];
    uint8_t hash[LM_HASH_SIZE];
    uint64_t n = index->leaves;
    struct lm_buffer *out = &index->waiting;
    if (index->slots == 0 && out->size == 0)
        lm_buffer_bytes(out, (const char *)format, SLOT_SIZE);
    put_number(end, slots);
    memcpy(slots + 8, digest, LM_LOG_DIGEST_SIZE);
    memcpy(slots + SLOT_SIZE, leaf, LM_HASH_SIZE);
    /* The subtrees that end with this leaf, as lm_merkle_add merges them. */
    size_t top = (size_t)__builtin_popcountll(n);
    size_t count = 2;
    memcpy(hash, leaf, LM_HASH_SIZE);
    for (uint64_t carry = n; carry & 1; carry >>= 1) {
        lm_merkle_node(index->tree.roots[--top], hash, hash);
        memcpy(slots + SLOT_SIZE * count++, hash, LM_HASH_SIZE);
    }
    sum_entry(n, slots, slots + SLOT_SIZE - SUM_SIZE);
    lm_buffer_bytes(out, (const char *)slots, SLOT_SIZE * count);
    memcpy(index->tree.roots[top], hash, LM_HASH_SIZE);
    index->tree.leaves = ++index->leaves;
    index->end = end;
}

int lm_log_index_write(struct lm_log_index *index, struct lm_error *error) {
    if (!lm_buffer_ok(&index->waiting))
        return lm_fail_memory(error);
    if (index->fd < 0)
        return 0;
    if (lm_file_write_at(index->fd, index->waiting.data, index->waiting.size,
                         (off_t)(index->slots * SLOT_SIZE)) < 0)
        return lm_fail_errno(error, LM_IO, "the log's index");
    index->slots += index->waiting.size / SLOT_SIZE;
    lm_buffer_reset(&index->waiting);
    return 0;
}

int lm_log_index_clear(struct lm_log_index *index, struct lm_error *error) {
    int fd = index->fd;
    lm_log_index_free(index);
    lm_log_index_start(index, fd);
    if (fd >= 0 && ftruncate(fd, 0) != 0)
        return lm_fail_errno(error, LM_IO, "the log's index");
    return 0;
}
