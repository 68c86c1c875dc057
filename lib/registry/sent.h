/*
 * Messages of ours that may be answered, in memory, and the lines that a journal of them is made
 * of. lib/registry/outstanding.h keeps that journal in a file.
 *
 * A line is its fields, each followed by one space, and a checksum of them:
 *
 *     lm-auth-state 1 OWNER SUM                             the first line, and no other
 *     sent DIGEST PEER AT EXPIRES ANSWERED-DIGEST|- SUM     a message went out
 *     answered DIGEST BY-DIGEST SUM                         it has had its answer
 *     closed DIGEST SUM                                     and that has had ours
 *
 * Digests are base64url, instants as in records, SUM 12 characters of base64url.
 */
#ifndef LM_REGISTRY_SENT_H
#define LM_REGISTRY_SENT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/base/names.h"
#include "lib/crypto/encoding.h"

/* A line of the journal with its line feed is never longer. */
#define LM_SENT_LINE_MAX 256

struct lm_sent {
    char digest[LM_DIGEST_TEXT_SIZE];
    char peer[LM_ID_SIZE_MAX + 1]; /* who may answer it */
    int64_t at_s;
    int64_t expires_s;
    char answers[LM_DIGEST_TEXT_SIZE];     /* the peer's message that it answers; "" for none */
    char answered_by[LM_DIGEST_TEXT_SIZE]; /* "" as long as it waits */
    bool closed;                           /* and we have answered that */
};

struct lm_sent_place;

struct lm_sent_table {
    char owner[LM_ID_SIZE_MAX + 1]; /* "" before the first line */
    struct lm_sent *items;
    size_t count;
    size_t room;
    struct lm_names digests;
    struct lm_sent_place *places; /* by a digest's number */
    size_t place_room;
    uint64_t lines; /* read or added */
};

void lm_sent_table_start(struct lm_sent_table *table) LM_NONNULL;
void lm_sent_table_free(struct lm_sent_table *table) LM_NONNULL;

/* Takes the whole lines at the beginning of TEXT; *taken says how many bytes they are, the rest is
 * the beginning of a line. LM_BAD_STATE, the detail naming the line, where one is not what a
 * journal can hold in that place. */
int lm_sent_table_read(struct lm_sent_table *table, const char *text, size_t size, size_t *taken,
                       struct lm_error *error) LM_NONNULL_AT(1, 4, 5) LM_MUST_CHECK;

/* The message of that digest, or NULL; valid until the next change. */
const struct lm_sent *lm_sent_find(const struct lm_sent_table *table,
                                   const char *digest) LM_NONNULL;
/* The message that answers the peer's message of that digest, or NULL. */
const struct lm_sent *lm_sent_reply(const struct lm_sent_table *table,
                                    const char *digest) LM_NONNULL;
/* How many messages to PEER (NULL: to anybody) expire after SINCE_S. */
size_t lm_sent_waiting(const struct lm_sent_table *table, const char *peer, int64_t since_s)
    LM_NONNULL_AT(1);

/* What follows changes the table and appends the line that says so to JOURNAL. LM_DEFECT where
 * the table's state does not allow it. */
int lm_sent_own(struct lm_sent_table *table, const char *owner, struct lm_buffer *journal,
                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_sent_add(struct lm_sent_table *table, const struct lm_sent *sent, struct lm_buffer *journal,
                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_sent_answered(struct lm_sent_table *table, const char *digest, const char *by,
                     struct lm_buffer *journal, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
int lm_sent_closed(struct lm_sent_table *table, const char *digest, struct lm_buffer *journal,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The lines that a journal of what expires after SINCE_S needs. */
uint64_t lm_sent_needed(const struct lm_sent_table *table, int64_t since_s) LM_NONNULL;
/* Appends that journal. */
void lm_sent_write(const struct lm_sent_table *table, int64_t since_s,
                   struct lm_buffer *journal) LM_NONNULL;

#endif
