/*
 * A pool of threads that share out the items of one array at a time.
 */
#ifndef LM_BASE_POOL_H
#define LM_BASE_POOL_H

#include <stddef.h>

#include "lib/base/error.h"

struct lm_pool;

/* A pool of JOBS workers, the calling thread being one of them: JOBS 1 starts no thread, 0 means
 * as many as there are processors online. NULL with *error. */
struct lm_pool *lm_pool_new(size_t jobs, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_pool_free(struct lm_pool *pool);

/* Calls WORK(context, i) once for every i below COUNT, in any order and by several threads, and
 * returns when all are done. WORK touches only what belongs to its i, and what nobody writes. */
void lm_pool_run(struct lm_pool *pool, size_t count, void (*work)(void *context, size_t i),
                 void *context) LM_NONNULL_AT(1, 3);

#endif
