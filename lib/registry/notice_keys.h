/*
 * The keys that orders name for their notices. Who trades under a pseudonym is in no registry, or
 * wants a key for one period alone: an order's `seal` is what the notice about it is sealed with.
 */
#ifndef LM_REGISTRY_NOTICE_KEYS_H
#define LM_REGISTRY_NOTICE_KEYS_H

#include "lib/record/record.h"

struct lm_notice_keys;

struct lm_notice_keys *lm_notice_keys_new(struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_notice_keys_free(struct lm_notice_keys *keys);

/* Takes the key of an order that has one; passes over other records. The order must be one that was
 * verified: whoever could write it chooses who reads the notice. LM_BAD_MEMBER where `seal` is no
 * X25519 key. */
int lm_notice_keys_add(struct lm_notice_keys *keys, const struct lm_record *record,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The key for a notice: that of the orders of its market, period and addressee. 1 with PUBLIC_KEY,
 * 0 where they name none; LM_AMBIGUOUS where they name different ones. Several threads may ask. */
int lm_notice_keys_find(const struct lm_notice_keys *keys, const struct lm_notice *notice,
                        uint8_t public_key[32], struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
