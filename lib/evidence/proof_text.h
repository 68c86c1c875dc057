/*
 * Proofs as text, in the forms of C2SP: each with the checkpoint that it leads to.
 */
#ifndef LM_EVIDENCE_PROOF_TEXT_H
#define LM_EVIDENCE_PROOF_TEXT_H

#include "lib/base/buffer.h"
#include "lib/crypto/merkle_proof.h"

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
