/*
 * Letting signed records in, many at a time and under attack: what is cheap is checked first, by
 * several threads, a signature last, and none in vain. What comes of it is as if one record had
 * been dealt with after the other, whatever the number of threads.
 *
 * For a batch of lines, in the order in which they came:
 *
 *     lm_admission_start(item)                               for each
 *     lm_admission_look(admission, item, line, size, now_s)  for each, by several threads
 *     while (lm_admission_decide(admission, items, count, &error) > 0)
 *         lm_admission_verify(item)                          for each that is to be verified, by
 *                                                            several threads
 *
 * Orders under market-rules of the registry have a quota: max_orders of an entity in a period, the
 * replaced and the withdrawn ones included. Only orders whose signature verified are charged, so
 * that nobody uses up somebody else's; an entity at its quota is refused without any cryptography.
 * A bare order that says the same as one that was let in is dropped, however it is spelled.
 */
#ifndef LM_MARKET_ADMISSION_H
#define LM_MARKET_ADMISSION_H

#include "lib/base/buffer.h"
#include "lib/market/quota.h"
#include "lib/registry/registry.h"

struct lm_admission;

/* The registry must be sealed, and outlive it. BARE refuses entries (LM_UNEXPECTED_TYPE). NULL with
 * *error. */
struct lm_admission *lm_admission_new(const struct lm_registry *registry, bool bare,
                                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_admission_free(struct lm_admission *admission);

enum lm_admission_state {
    LM_ADMISSION_NEW,
    LM_ADMISSION_WAITS,    /* for a decision */
    LM_ADMISSION_VERIFIES, /* has to be verified next */
    LM_ADMISSION_PROVED,   /* its signature verifies; waits for a decision */
    LM_ADMISSION_FORGED,   /* it does not */
    LM_ADMISSION_PASSED,   /* from here on it is decided */
    LM_ADMISSION_DROPPED,
    LM_ADMISSION_REFUSED, /* error says why */
};

/* One line. All zero before its first use; kept for others then. */
struct lm_admission_item {
    enum lm_admission_state state;
    struct lm_error error;
    const char *from; /* in whose name it came, known to the registry; NULL where nobody's */
    uint32_t number;  /* of from, in the registry */
    uint64_t refused; /* LM_QUOTA: the how many of its entity, market and period that was */
    /* an order's, under rules */
    bool wrapped;
    struct lm_quota_key key;
    int64_t max_orders;
    int64_t gate_s;
    int64_t at_s;
    uint8_t content[LM_QUOTA_DIGEST_SIZE];
    uint32_t place; /* among the keys of this batch */
    struct lm_admitted admitted;
    struct lm_buffer signature; /* the protected header, the signature: each NUL-terminated */
    struct lm_buffer payload;
};

void lm_admission_start(struct lm_admission_item *item) LM_NONNULL;
void lm_admission_item_free(struct lm_admission_item *item) LM_NONNULL;

/* Does with one line all that does not depend on others: what is no order under rules is decided
 * afterwards. NOW_S is the instant for what stands in no entry. */
void lm_admission_look(const struct lm_admission *admission, struct lm_admission_item *item,
                       const char *line, size_t size, int64_t now_s) LM_NONNULL;
/* Decides what can be decided without looking at more signatures, and says how many items have to
 * be verified before it goes on; 0 when all are decided. ITEMS are pointers. -1 for want of
 * memory. */
int lm_admission_decide(struct lm_admission *admission, struct lm_admission_item **items,
                        size_t count, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Looks at the signature of an item that is to be verified. */
void lm_admission_verify(struct lm_admission_item *item) LM_NONNULL;

#endif
