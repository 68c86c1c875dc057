/*
 * Proofs out of a log, without reading all of it: from the index beside it, and checked against the
 * root that they are to lead to before anybody gets them. Where the index is missing or wrong, the
 * log is read through instead. And proofs as text, in the forms of C2SP.
 */
#ifndef LM_EVIDENCE_LOG_PROOF_H
#define LM_EVIDENCE_LOG_PROOF_H

#include "lib/base/buffer.h"
#include "lib/crypto/checkpoint.h"
#include "lib/crypto/merkle_proof.h"

struct lm_log_view;

/* Opens a log to read it; what is written beside it is not touched. LM_NO_INPUT, LM_IO. */
struct lm_log_view *lm_log_view_open(const char *path,
                                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_log_view_free(struct lm_log_view *view);
/* Whether the whole log had to be read. */
bool lm_log_view_scanned(const struct lm_log_view *view) LM_NONNULL LM_MUST_CHECK;

/* The proof that entry N is in the tree of SIZE entries with ROOT, and the entry's line (without
 * line feed). LM_MISSING_RECORD where it is not among them, LM_FORK where the log has another
 * root. */
int lm_log_view_inclusion(struct lm_log_view *view, uint64_t n, uint64_t size,
                          const uint8_t root[LM_HASH_SIZE], struct lm_merkle_proof *proof,
                          struct lm_buffer *line, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The proof that the tree of SIZE entries with ROOT continues that of OLD entries with OLD_ROOT
 * (NULL: whichever the log's is). LM_FORK where the log is not both. */
int lm_log_view_consistency(struct lm_log_view *view, uint64_t old,
                            const uint8_t old_root[LM_HASH_SIZE], uint64_t size,
                            const uint8_t root[LM_HASH_SIZE], struct lm_merkle_proof *proof,
                            struct lm_error *error) LM_NONNULL_AT(1, 5, 6, 7) LM_MUST_CHECK;

/* ---- as text ---- */

enum lm_proof_kind {
    LM_PROOF_INCLUSION,   /* https://c2sp.org/tlog-proof */
    LM_PROOF_CONSISTENCY, /* as https://c2sp.org/tlog-witness hands it in */
};

/* A proof with the checkpoint that it leads to. Texts are borrowed. */
struct lm_proof_text {
    enum lm_proof_kind kind;
    uint64_t number; /* the entry's, or the old size */
    struct lm_merkle_proof proof;
    struct lm_buffer extra; /* an inclusion proof's extra bytes, decoded; owned */
    bool has_extra;
    const char *checkpoint; /* a signed note */
    size_t checkpoint_size;
};

/* Appends a proof. EXTRA is left out where has_extra is false. */
void lm_proof_text_write(const struct lm_proof_text *text, struct lm_buffer *out) LM_NONNULL;
/* Reads one. The checkpoint is not looked into. LM_BAD_MEMBER. On success lm_proof_text_free. */
int lm_proof_text_parse(const char *bytes, size_t size, struct lm_proof_text *text,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_proof_text_free(struct lm_proof_text *text) LM_NONNULL;

#endif
