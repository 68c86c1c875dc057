/*
 * What issued records are called, so that those that should have been issued can be found beside
 * them, and who answers for them.
 */
#ifndef LM_EVIDENCE_NAMES_H
#define LM_EVIDENCE_NAMES_H

#include "lib/evidence/comparison.h"

/* Fills *key for a clearing, trade, notice, settlement, adjustment, transfer or bill. The name is
 * written into NAME and stays until that changes; the party is BODY's. False for other types.
 * Memory running out shows in lm_buffer_ok(NAME). */
bool lm_issued_key(enum lm_type type, const union lm_body *body, struct lm_buffer *name,
                   struct lm_issued_key *key) LM_NONNULL LM_MUST_CHECK;

/* The key of the trade that an order would make. */
void lm_issued_trade_key(const char *market, struct lm_period period, const char *from,
                         const char *order, struct lm_buffer *name,
                         struct lm_issued_key *key) LM_NONNULL;

#endif
