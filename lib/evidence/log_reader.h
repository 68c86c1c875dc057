/*
 * Reading a log: entries one after the other, in bounded memory, with the Merkle tree that they
 * make up. Every line is a leaf as it stands in the file, good or bad, so that the tree is what the
 * keeper signed; what is wrong with a line is told beside it.
 *
 *     struct lm_log_reader *reader = lm_log_reader_open("market.log", &error);
 *     struct lm_log_entry entry;
 *     while ((result = lm_log_read(reader, &entry, &error)) != LM_LINES_END) {
 *         if (result == LM_LINES_FAIL) ...
 *         if (result == LM_LINES_BAD) ... the line is wrong for *error
 *         ... entry.record, entry.leaf ...
 *     }
 *     lm_log_reader_free(reader);
 */
#ifndef LM_EVIDENCE_LOG_READER_H
#define LM_EVIDENCE_LOG_READER_H

#include "lib/base/lines.h"
#include "lib/crypto/merkle.h"
#include "lib/record/record.h"

/* One line of a log. Everything in it stays until the next call. */
struct lm_log_entry {
    struct lm_line line;
    uint64_t n; /* its place, from 0: what its number should be */
    uint8_t leaf[LM_HASH_SIZE];
    struct lm_record record; /* json is NULL where the line holds none */
};

struct lm_log_reader;

/* Opens a log, or with PATH "-" standard input. Of a file that is being appended to, what its
 * keeper has made durable is read, and no more. LM_NO_INPUT. */
struct lm_log_reader *lm_log_reader_open(const char *path,
                                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Reads from FD, which lm_log_reader_free closes, the entries that come after those of TREE (NULL:
 * all). */
struct lm_log_reader *lm_log_reader_new(int fd, const struct lm_merkle *tree,
                                        struct lm_error *error) LM_NONNULL_AT(3) LM_MUST_CHECK;
void lm_log_reader_free(struct lm_log_reader *reader);

/*
 * The next line. LM_LINES_BAD where it is not what a log's line must be: a record in an entry
 * (LM_UNEXPECTED_TYPE, or why it is no record), in canonical form (LM_NOT_CANONICAL), numbered by
 * its place (LM_ENTRY_NUMBER), and not earlier than the one before it (LM_BACKWARDS). Where it
 * holds a record all the same, that is there.
 */
enum lm_lines_result lm_log_read(struct lm_log_reader *reader, struct lm_log_entry *entry,
                                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* What of it needs only the line, for whoever checks lines with several threads: parses it, and
 * checks that it is an entry in canonical form. On failure *record holds nothing, unless it is
 * LM_NOT_CANONICAL. */
int lm_log_parse(const char *text, size_t size, struct lm_record *record,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Appends the canonical line (no line feed) of entry N with a record that is canonical itself. */
void lm_log_format(uint64_t n, int64_t at_s, const char *record, size_t size,
                   struct lm_buffer *out) LM_NONNULL;
/* The number and time that such a line says. False for a line that does not begin like an entry's.
 */
bool lm_log_place_of(const char *line, size_t size, uint64_t *n,
                     int64_t *at_s) LM_NONNULL LM_MUST_CHECK;
/* Where in such a line its record is. False for a line that is not put together like an entry's. */
bool lm_log_record_of(const char *line, size_t size, const char **record,
                      size_t *record_size) LM_NONNULL LM_MUST_CHECK;

#endif
