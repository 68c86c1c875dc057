/*
 * Whom a record is meant for: one table. The addressee stands in what is signed, so that who gets a
 * record cannot pass it on as if it were meant for somebody else.
 */
#ifndef LM_REGISTRY_ADDRESSEE_H
#define LM_REGISTRY_ADDRESSEE_H

#include "lib/record/types.h"

/* The most that a record has. */
#define LM_ADDRESSEES_MAX 2

/* Whom a record of TYPE is meant for, as it says itself, borrowed from BODY: the first is the one
 * that it goes to where nobody says otherwise. Returns how many; 0 for none. */
size_t lm_record_addressees(enum lm_type type, const union lm_body *body,
                            const char *ids[LM_ADDRESSEES_MAX]) LM_NONNULL LM_MUST_CHECK;
/* True where ID is one of them. */
bool lm_record_meant_for(enum lm_type type, const union lm_body *body,
                         const char *id) LM_NONNULL LM_MUST_CHECK;

#endif
