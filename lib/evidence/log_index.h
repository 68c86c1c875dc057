/*
 * What is kept beside a log so that nobody has to read all of it: for each entry where it ends and
 * the digest of its record, and the hash of every whole subtree. It is made from the log and can be
 * made again; where the two differ the log is right.
 *
 * The file is slots of 32 bytes. The first one names the format. Then for each entry come a row
 * (the offset of the entry's end in the log, the record's digest, a check sum over all of the
 * entry's slots), the leaf hash, and the hashes of the subtrees that the entry completes, from the
 * lowest up. So it only ever grows, and where a slot is follows from its number.
 */
#ifndef LM_EVIDENCE_LOG_INDEX_H
#define LM_EVIDENCE_LOG_INDEX_H

#include "lib/base/buffer.h"
#include "lib/crypto/merkle_proof.h"

#define LM_LOG_DIGEST_SIZE 16

struct lm_log_index {
    int fd;                   /* -1: it lives in memory alone */
    uint64_t leaves;          /* entries, those that are not written yet included */
    uint64_t end;             /* offset of the end of the last one in the log */
    struct lm_merkle tree;    /* over them */
    uint64_t slots;           /* so many are in the file */
    struct lm_buffer waiting; /* slots behind those */
};

/* One entry's row. */
struct lm_log_row {
    uint64_t end;
    uint8_t digest[LM_LOG_DIGEST_SIZE];
    uint8_t leaf[LM_HASH_SIZE];
};

/* The digest that stands for a record, given in canonical form, signature included. */
void lm_log_digest(const void *record, size_t size, uint8_t digest[LM_LOG_DIGEST_SIZE]) LM_NONNULL;

/* An index on FD, which stays the caller's; -1 for one in memory. Nothing is read yet. */
void lm_log_index_start(struct lm_log_index *index, int fd) LM_NONNULL;
void lm_log_index_free(struct lm_log_index *index) LM_NONNULL;

/* Told of the row of entry N. */
typedef int lm_log_index_visit(void *context, uint64_t n, const struct lm_log_row *row,
                               struct lm_error *error);

/*
 * Takes in the rows that are in the file behind those that are known, as long as they are whole and
 * end within LOG_SIZE bytes, and calls EACH for each. What the file has beyond is cut off. Fails
 * only where reading does, or EACH.
 */
int lm_log_index_load(struct lm_log_index *index, uint64_t log_size, lm_log_index_visit *each,
                      void *context, struct lm_error *error) LM_NONNULL_AT(1, 3, 5) LM_MUST_CHECK;

/* Takes the file for the index of at least LEAVES entries, without a look at any row: for proofs,
 * where the root tells whether it is. */
void lm_log_index_assume(struct lm_log_index *index, uint64_t leaves) LM_NONNULL;

/* Adds an entry to those that are waiting. Memory running out shows when they are written. */
void lm_log_index_add(struct lm_log_index *index, uint64_t end,
                      const uint8_t digest[LM_LOG_DIGEST_SIZE],
                      const uint8_t leaf[LM_HASH_SIZE]) LM_NONNULL;
/* Writes those that are waiting. */
int lm_log_index_write(struct lm_log_index *index, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Forgets everything, the file's content too. */
int lm_log_index_clear(struct lm_log_index *index, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The row of entry N, which is below leaves. LM_MISSING_RECORD where it is not whole. */
int lm_log_index_row(const struct lm_log_index *index, uint64_t n, struct lm_log_row *row,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The same, and where in the log its line is: SIZE bytes and a line feed. */
int lm_log_index_line(const struct lm_log_index *index, uint64_t n, struct lm_log_row *row,
                      uint64_t *start, size_t *size,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The stored hashes, for proofs; stays as long as the index. */
struct lm_merkle_source lm_log_index_hashes(struct lm_log_index *index) LM_NONNULL;

#endif
