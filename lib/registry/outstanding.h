/*
 * The messages of ours that somebody may still answer, and what became of them: a state file, one
 * an entity, so that whatever process gets an answer can tell whether it was asked for, by whom it
 * may be given, and that it is the first.
 *
 *     struct lm_outstanding *state = lm_outstanding_new(path, &error);
 *     lm_outstanding_lock(state, key.id, now_s, &error);
 *     ... lm_outstanding_find, lm_outstanding_add, lm_outstanding_mark_answered ...
 *     lm_outstanding_commit(state, &error);      only now may an answer leave the process
 *     lm_outstanding_free(state);
 *
 * The file is a journal of lines, each with a checksum, that begins with whose it is. Changes are
 * appended and waited for until they are on the disk, all under one lock (flock(2)), so that of
 * processes that race for a message exactly one gets it. A line that a crash cut short was never
 * acted upon and is cut off by the next who comes; any other damage is an error, for whoever takes
 * a file for whole that is not may take an answer twice. What is long over is left out when the
 * file is written anew, next to itself and then put in its place in one step.
 *
 * To lose the file is safe: every answer is then one to nothing that is remembered.
 */
#ifndef LM_REGISTRY_OUTSTANDING_H
#define LM_REGISTRY_OUTSTANDING_H

#include <stdint.h>

#include "lib/base/error.h"
#include "lib/registry/sent.h"

/* So long after its time a message is remembered, for a better answer than that it is unknown. */
#define LM_OUTSTANDING_KEEP_SECONDS 60
/* So many messages are remembered, so many of them to one peer: the file and what it takes to read
 * it are bounded, and no peer can use up the others' room. */
#define LM_OUTSTANDING_MAX      65536
#define LM_OUTSTANDING_PEER_MAX 4096

struct lm_outstanding;

/* Nothing is opened yet. NULL without memory. */
struct lm_outstanding *lm_outstanding_new(const char *path,
                                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_outstanding_free(struct lm_outstanding *state);

/*
 * Waits for the lock and reads what others have written since. With an ID the file is made where
 * there is none, and must be that entity's (LM_BAD_STATE); with NULL it must be there
 * (LM_NO_INPUT). A symbolic link, or what is no regular file or no whole state file, is
 * LM_BAD_STATE; a file that is not ours, or to which group or others have rights, LM_PERMISSION.
 */
int lm_outstanding_lock(struct lm_outstanding *state, const char *id, int64_t now_s,
                        struct lm_error *error) LM_NONNULL_AT(1, 4) LM_MUST_CHECK;
/* Appends what was changed since the lock, waits until it is on the disk, and lets go of the lock.
 * Where that fails, nothing of it counts. */
int lm_outstanding_commit(struct lm_outstanding *state,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Whose file it is; stays until the state is freed. Once it was locked. */
const char *lm_outstanding_owner(const struct lm_outstanding *state) LM_NONNULL;
/* Our message of that digest, or NULL. Valid until the next change; may be asked without the lock,
 * for an answer that may be out of date. */
const struct lm_sent *lm_outstanding_find(const struct lm_outstanding *state,
                                          const char *digest) LM_NONNULL;
/* Our message that answers the peer's message of that digest, or NULL. */
const struct lm_sent *lm_outstanding_reply(const struct lm_outstanding *state,
                                           const char *digest) LM_NONNULL;

/* Under the lock: a message goes out. LM_QUOTA where its peer has its share, LM_STATE_FULL. */
int lm_outstanding_add(struct lm_outstanding *state, const struct lm_sent *sent, int64_t now_s,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Under the lock: our message DIGEST, which waits, is answered by the message BY. */
int lm_outstanding_mark_answered(struct lm_outstanding *state, const char *digest, const char *by,
                                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Under the lock: the answer to our message DIGEST is answered by us, who want no other. */
int lm_outstanding_mark_closed(struct lm_outstanding *state, const char *digest,
                               struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
