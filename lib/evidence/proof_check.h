/*
 * A proof that is checked by whoever has no log: of an entry (a tlog-proof, or an exhibit), or that
 * one checkpoint continues another. Everything that says which leaf is proved has to say the same.
 *
 *     struct lm_proof_check check = {0};
 *     lm_proof_check_read(&check, bytes, size, &error);
 *     ... check.checkpoint.origin says whose key is needed ...
 *     lm_proof_check_signed(&check, &key, &error);
 *     lm_proof_check_entry(&check, line, size, "the entry", &error);
 *     lm_proof_check_included(&check, &error);
 *     lm_proof_check_free(&check);
 *
 * All of them fail where something is wrong with the proof, too.
 */
#ifndef LM_EVIDENCE_PROOF_CHECK_H
#define LM_EVIDENCE_PROOF_CHECK_H

#include "lib/crypto/checkpoint.h"
#include "lib/evidence/proof_text.h"

struct lm_proof_check {
    struct lm_proof_text text;
    struct lm_checkpoint checkpoint;
    struct lm_buffer note;  /* owned; the checkpoint of an exhibit */
    struct lm_buffer entry; /* owned; the entry's line, where it is known: of size 0 before */
    struct lm_note_key key; /* the log's */
    bool has_leaf;
    uint8_t leaf[LM_HASH_SIZE];
};

/* Reads a proof, or an exhibit with or without its line feed, from bytes that must outlive CHECK;
 * the entry that it has in itself is taken. LM_BAD_MEMBER, LM_UNEXPECTED_TYPE, LM_WRONG_SUBJECT,
 * or what is wrong with a record. To be freed in any case. */
int lm_proof_check_read(struct lm_proof_check *check, const char *bytes, size_t size,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_proof_check_free(struct lm_proof_check *check) LM_NONNULL;

/* Whether KEY, which is the log's from now on, has signed the checkpoint. LM_UNSIGNED,
 * LM_BAD_SIGNATURE. */
int lm_proof_check_signed(struct lm_proof_check *check, const struct lm_note_key *key,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* These say which leaf is to be proved, lines without their line feed; WHAT is what an error calls
 * them. LM_NOT_INCLUDED where it is another one than was said before. */

int lm_proof_check_leaf(struct lm_proof_check *check, const uint8_t leaf[LM_HASH_SIZE],
                        const char *what, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* An entry's line, of the number that is proved (LM_ENTRY_NUMBER). */
int lm_proof_check_entry(struct lm_proof_check *check, const char *line, size_t size,
                         const char *what, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* A receipt, signed by the log's key, for that log (LM_WRONG_SUBJECT) and number. */
int lm_proof_check_receipt(struct lm_proof_check *check, const char *line, size_t size,
                           struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Whether the leaf that was said is in the checkpoint's log. LM_NOT_INCLUDED. */
int lm_proof_check_included(const struct lm_proof_check *check,
                            struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Whether the checkpoint continues an earlier one: of the same log (LM_WRONG_SUBJECT), signed by
 * its key, of the size that the proof begins at (LM_NOT_INCLUDED). LM_FORK where it does not. */
int lm_proof_check_continues(const struct lm_proof_check *check, const struct lm_checkpoint *old,
                             struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
