/*
 * How many orders of each entity a market has let in for a period, and which. Only what was let in
 * takes memory: nobody fills it with records that nobody signed. Periods whose gate has closed are
 * forgotten when room is needed.
 *
 *     lm_quota_digest(quota, payload, size, content);
 *     if (!lm_quota_holds(quota, content) && lm_quota_count(quota, &key) < rules.max_orders)
 *         lm_quota_accept(quota, &key, content, gate_s, at_s, &error);
 */
#ifndef LM_MARKET_QUOTA_H
#define LM_MARKET_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"

#define LM_QUOTA_DIGEST_SIZE 16

/* Whose orders, where and when. The numbers are the caller's, as those of lm_registered. */
struct lm_quota_key {
    uint32_t from;
    uint32_t market;
    int64_t start_s; /* of the period */
};

struct lm_quota;

/* NULL with *error. */
struct lm_quota *lm_quota_new(struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_quota_free(struct lm_quota *quota);

/* The digest, under a key of this quota's own, of what an order says: lm_record_payload. Several
 * threads may call it at once. */
void lm_quota_digest(const struct lm_quota *quota, const void *payload, size_t size,
                     uint8_t content[LM_QUOTA_DIGEST_SIZE]) LM_NONNULL;

/* Orders let in for KEY. */
int64_t lm_quota_count(const struct lm_quota *quota,
                       const struct lm_quota_key *key) LM_NONNULL LM_MUST_CHECK;
/* Whether an order that says the same was let in. */
bool lm_quota_holds(const struct lm_quota *quota,
                    const uint8_t content[LM_QUOTA_DIGEST_SIZE]) LM_NONNULL LM_MUST_CHECK;
/* Lets an order in that came at AT_S, before GATE_S. */
int lm_quota_accept(struct lm_quota *quota, const struct lm_quota_key *key,
                    const uint8_t content[LM_QUOTA_DIGEST_SIZE], int64_t gate_s, int64_t at_s,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Notes that an order was refused for want of quota; says the how many of KEY's that was, 0 where
 * none was ever let in. */
uint64_t lm_quota_refuse(struct lm_quota *quota, const struct lm_quota_key *key) LM_NONNULL;

/* How many keys are remembered. */
size_t lm_quota_size(const struct lm_quota *quota) LM_NONNULL;

#endif
