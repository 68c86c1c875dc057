/*
 * A log in its keeper's hands: a file of entries that only grows, one canonical line each, and the
 * index beside it (LOG.index). What is appended is durable before anybody is told so; several
 * processes may append at once; whatever a crash leaves behind is put right by the next one.
 *
 *     struct lm_log *log = lm_log_open("market.log", &error);
 *     lm_log_lock(log, &repair, &error);
 *     if (lm_log_find(log, record, size, &n, &error) == 0)
 *         lm_log_add(log, at_s, record, size, &n, leaf, &error);
 *     lm_log_commit(log, &error);      // now it may be told
 *     lm_log_unlock(log);
 *     lm_log_free(log);
 *
 * Of several processes each synchronises what it adds, while it holds the others off: so nothing is
 * ever in the log behind bytes that may yet be cut off again, and nobody reads or promises what
 * another's fsync may fail to keep.
 *
 * A row of the index is written only when its entry is durable. So entries without one are those
 * that a crash or a failed fsync left in doubt: they are written and synchronised once more before
 * anything comes after them, and a line that was torn is cut off.
 */
#ifndef LM_EVIDENCE_LOG_H
#define LM_EVIDENCE_LOG_H

#include "lib/base/names.h"
#include "lib/evidence/log_index.h"
#include "lib/evidence/log_reader.h"

/* So many bytes of entries are committed together at most; a commit that would exceed it comes
 * before. */
#define LM_LOG_BATCH_MAX ((size_t)8 << 20)

struct lm_log;

/* What lm_log_lock had to put right. */
struct lm_log_repair {
    uint64_t cut;       /* bytes of a torn line at the end of the log */
    uint64_t indexed;   /* entries that had no row in the index */
    bool index_renewed; /* the index was not this log's, and is made again */
};

/* Opens a log, or begins one: the file, its folder, and LOG.index. Nothing is read yet. LM_IO. */
struct lm_log *lm_log_open(const char *path, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The same for a log that must be there: LM_NO_INPUT. */
struct lm_log *lm_log_open_existing(const char *path,
                                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_log_free(struct lm_log *log);
/* The last checkpoint is over so many entries. No crash tears one of them: where one is torn,
 * lm_log_lock fails (LM_IO) and cuts off nothing. */
void lm_log_promised(struct lm_log *log, uint64_t size) LM_NONNULL;

/* Waits for other keepers, shuts them out, and takes in what they have appended. LM_IO, also where
 * the log is damaged: a line that is no entry has entries behind it. */
int lm_log_lock(struct lm_log *log, struct lm_log_repair *repair,
                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_log_unlock(struct lm_log *log) LM_NONNULL;

/* While it is locked: */

/* How many entries there are, those that are not committed yet included. */
uint64_t lm_log_size(const struct lm_log *log) LM_NONNULL;
/* When the last one was taken in; LM_ABSENT for an empty log. */
int64_t lm_log_last_at(const struct lm_log *log) LM_NONNULL;

/* Whether an entry has this record, given in canonical form, signature included, byte for byte.
 * 1: *n is the first that has; 0: none; -1: reading failed. */
int lm_log_find(struct lm_log *log, const char *record, size_t size, uint64_t *n,
                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Adds an entry, to be committed, and says its number and leaf hash. AT_S is not before
 * lm_log_last_at. LM_TOO_LONG. */
int lm_log_add(struct lm_log *log, int64_t at_s, const char *record, size_t size, uint64_t *n,
               uint8_t leaf[LM_HASH_SIZE], struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* How many bytes wait for lm_log_commit. */
size_t lm_log_waiting(const struct lm_log *log) LM_NONNULL;
/*
 * Makes what was added durable. On failure nothing of it is, and what got into the file is cut off
 * again; the log is not to be used any further (LM_IO).
 */
int lm_log_commit(struct lm_log *log, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* When entry N was taken in, and its leaf hash. */
int lm_log_entry(struct lm_log *log, uint64_t n, int64_t *at_s, uint8_t leaf[LM_HASH_SIZE],
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * The root over all entries, for whoever is about to sign it. It continues the tree over OLD
 * entries with OLD_ROOT: LM_FORK where the log has no such beginning. Entries from OLD on are read
 * and checked as lm_log_read does it, the others stand for by OLD_ROOT. An index that does not
 * agree is made again.
 */
int lm_log_root(struct lm_log *log, uint64_t old, const uint8_t old_root[LM_HASH_SIZE],
                uint8_t root[LM_HASH_SIZE], struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* That the log continues the tree over OLD entries with OLD_ROOT, by the index; where that does not
 * agree, by the log, as lm_log_root does it. */
int lm_log_continues(struct lm_log *log, uint64_t old, const uint8_t old_root[LM_HASH_SIZE],
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Whether the index could not be written, though the log could: *why says so. What was committed is
 * durable all the same, and whoever opens the log next makes up for it. */
bool lm_log_index_failed(const struct lm_log *log, struct lm_error *why) LM_NONNULL LM_MUST_CHECK;

#endif
