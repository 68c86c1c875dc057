/*
 * Who may sign what about whom: one table, and what is not in it is refused.
 */
#ifndef LM_REGISTRY_AUTHORITY_H
#define LM_REGISTRY_AUTHORITY_H

#include "lib/registry/registry.h"

/* True for types that anybody at all may sign. */
bool lm_type_signable(enum lm_type type) LM_MUST_CHECK;
/* True for types that only the root's key signs. */
bool lm_type_of_root(enum lm_type type) LM_MUST_CHECK;
/* True where ROLE may sign records of TYPE. */
bool lm_role_may_sign(int role, enum lm_type type) LM_MUST_CHECK;
/* The id that a record of TYPE speaks for, which must be its signer's; NULL where the type has
 * none. Borrowed from BODY. */
const char *lm_record_subject(enum lm_type type,
                              const union lm_body *body) LM_NONNULL LM_MUST_CHECK;

/*
 * Whether SIGNER may sign RECORD at INSTANT_S: its role may (LM_WRONG_ROLE), it is the subject
 * (LM_WRONG_SUBJECT), an order's market serves its region (LM_WRONG_MARKET), a fee or total is for
 * a region of its own (LM_WRONG_REGION), a user in a contract, settlement or bill is its customer
 * then (LM_WRONG_CUSTOMER).
 */
int lm_authority_check(const struct lm_registry *registry, const struct lm_record *record,
                       const struct lm_registered *signer, int64_t instant_s,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
