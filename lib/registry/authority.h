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
 * Whether SIGNER may sign RECORD: its role may (LM_WRONG_ROLE), it is the subject
 * (LM_WRONG_SUBJECT), and it has that role, too, when the record's period or validity starts
 * (LM_WRONG_TIME). What else a record says is held against the identities of that instant, whenever
 * it was signed:
 *
 * - a fee or total is for a region of the signer's, a total of a supplier for one of that
 *   supplier's, a settlement of a DSO or TSO for one of both (LM_WRONG_REGION)
 * - an order goes to a market that serves its signer, by its identity and, where there are some, by
 *   its rules (LM_WRONG_MARKET); a user's supplier is one in her region (LM_WRONG_SUPPLIER)
 * - a trade or notice is about a user or supplier (LM_WRONG_PARTY) whom the market serves
 *   (LM_WRONG_REGION), customers' totals are for a supplier
 * - a reading is from a meter of somebody who is a user (LM_WRONG_PARTY), with a firmware that is
 *   approved (LM_FIRMWARE) and named where the meter's identity lists any (LM_NO_FIRMWARE)
 * - the user of a contract, settlement or adjustment is the signer's customer (LM_WRONG_CUSTOMER),
 *   that of a bill was it in that month, or before where only adjustments are billed
 * - a settlement is about somebody of the role that it says: a user, the supplier itself, a DSO, a
 *   TSO, a market; a transfer goes to another supplier, a total to a supplier, operator or auditor
 *   (LM_WRONG_PARTY); the market that they name serves those whom they are about (LM_WRONG_MARKET)
 *
 * A party that nobody knows, or of whom identities contradict each other, is LM_NO_IDENTITY or
 * LM_AMBIGUOUS.
 */
int lm_authority_check(const struct lm_registry *registry, const struct lm_record *record,
                       const struct lm_registered *signer,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Whether METER may run the firmware of a digest at an instant: it is approved, and one of those
 * that the meter's identity lists, if it lists any; without any approval in the registry, listed is
 * enough. LM_FIRMWARE. */
int lm_authority_firmware(const struct lm_registry *registry, const struct lm_registered *meter,
                          const char *digest, int64_t instant_s,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
