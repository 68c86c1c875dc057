/*
 * Telling: out of the records of a market, what each party may be told, by the rows of
 * lib/market/policy.h. Records are added one by one, in any order; then it is decided who is told
 * what, and written, sorted by period, market and recipient.
 *
 *     struct lm_inform *inform = lm_inform_new(LM_STAGE_CLEARING, LM_ANYBODY, &error);
 *     while (... a record ...)
 *         lm_inform_add(inform, &record, &place, text, size, &error);
 *     lm_inform_run(inform, registry, &visitor, &error);
 *     lm_inform_free(inform);
 *
 * Who is who is judged at the period's start, for a bill within its month. Signatures are not
 * looked at: that is done before. Nobody is told anything of
 *
 * - a clearing whose trades and orders do not cover all orders that entered the auction, or do not
 *   sum to its energy (LM_MISSING_RECORD), or that is contradicted (LM_CONFLICT);
 * - a trade of somebody whom the registry does not know (LM_NO_IDENTITY) or whom no row names
 *   (LM_NOT_TOLD); the other parties are told all the same;
 * - a reading of an unknown meter (LM_NO_METER) or user (LM_NO_IDENTITY), or two that contradict
 *   each other (LM_CONFLICT); of several seq the highest counts;
 * - a sum over fewer users than min_group of the market-rules of its region (LM_SMALL_GROUP), or
 *   that would leave such a sum when the others are taken from it. Where no rules say min_group,
 *   no sum (LM_MISSING_RECORD).
 */
#ifndef LM_MARKET_INFORM_H
#define LM_MARKET_INFORM_H

#include "lib/base/lines.h"
#include "lib/market/policy.h"
#include "lib/registry/registry.h"

#define LM_ANYBODY (-1)

struct lm_inform;

/* What is told at STAGE by role BY, or by LM_ANYBODY. NULL with *error. */
struct lm_inform *lm_inform_new(enum lm_stage stage, int by,
                                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_inform_free(struct lm_inform *inform);

/* Adds a record out of the line TEXT, bare or out of an entry; passes over types that the stage
 * does not need. Nothing is kept by reference but the place's source. Fails for want of memory. */
int lm_inform_add(struct lm_inform *inform, const struct lm_record *record,
                  const struct lm_place *place, const char *text, size_t size,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

struct lm_inform_visitor {
    /* Told of what nobody is told of, and why: all of it before the first record. */
    void (*reject)(void *context, const struct lm_place *place, const struct lm_error *why);
    /* The records, each addressed to one party, as lines. */
    void (*tell)(void *context, const char *line, size_t size);
    void *context;
};

/* Decides and tells, once, after the last record. REGISTRY, which is sealed, says who is who. */
int lm_inform_run(struct lm_inform *inform, const struct lm_registry *registry,
                  const struct lm_inform_visitor *visitor,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
