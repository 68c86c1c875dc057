/*
 * What issued records are called, so that those that should have been issued can be found beside
 * them, and who answers for them.
 */
#ifndef LM_EVIDENCE_NAMES_H
#define LM_EVIDENCE_NAMES_H

#include "lib/record/types.h"

/* Writes (not appends) the name of a clearing, trade, settlement or transfer into NAME, with a
 * NUL: what tells it from the others of its type. Empty for other types. */
void lm_issued_name(enum lm_type type, const union lm_body *body,
                    struct lm_buffer *name) LM_NONNULL;

/* The id of who issues such a record; NULL for other types. Borrowed from BODY. */
const char *lm_issuer(enum lm_type type, const union lm_body *body) LM_NONNULL;

#endif
