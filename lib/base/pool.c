#include "lib/base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* Items are taken so many at a time: few enough to share the end of a batch evenly. */
#define STRIDE 8

struct lm_pool {
    pthread_mutex_t mutex;
    pthread_cond_t begun;
    pthread_cond_t ended;
    unsigned long round; /* counts lm_pool_run calls, so that a worker sees a new one */
    size_t busy;         /* workers that have not finished this round */
    bool stopping;
    size_t count;
    void (*work)(void *, size_t);
    void *context;
    atomic_size_t next;
    size_t threads;
    pthread_t ids[];
};

static void share(struct lm_pool *pool) {
    for (;;) {
        size_t first = atomic_fetch_add(&pool->next, STRIDE);
        if (first >= pool->count)
            return;
        size_t end = first + STRIDE < pool->count ? first + STRIDE : pool->count;
        for (size_t i = first; i < end; i++)
            pool->work(pool->context, i);
    }
}

static void *worker(void *argument) {
    struct lm_pool *pool = argument;
    unsigned long seen = 0;
    (void)pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (pool->round == seen && !pool->stopping)
            (void)pthread_cond_wait(&pool->begun, &pool->mutex);
        if (pool->stopping)
            break;
        seen = pool->round;
        (void)pthread_mutex_unlock(&pool->mutex);
        share(pool);
        (void)pthread_mutex_lock(&pool->mutex);
        if (--pool->busy == 0)
            (void)pthread_cond_signal(&pool->ended);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

struct lm_pool *lm_pool_new(size_t jobs, struct lm_error *error) {
    if (jobs == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        jobs = online > 0 ? (size_t)online : 1;
    }
    if (jobs > 256)
        jobs = 256;
    struct lm_pool *pool = calloc(1, sizeof *pool + (jobs - 1) * sizeof *pool->ids);
    if (!pool) {
        lm_fail_memory(error);
        return NULL;
    }
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_cond_init(&pool->begun, NULL);
    (void)pthread_cond_init(&pool->ended, NULL);
    /* Where the system gives fewer threads than asked for, fewer do the same work. */
    while (pool->threads < jobs - 1 &&
           pthread_create(&pool->ids[pool->threads], NULL, worker, pool) == 0)
        pool->threads++;
    return pool;
}

void lm_pool_free(struct lm_pool *pool) {
    if (!pool)
        return;
    (void)pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->begun);
    (void)pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->threads; i++)
        (void)pthread_join(pool->ids[i], NULL);
    (void)pthread_cond_destroy(&pool->ended);
    (void)pthread_cond_destroy(&pool->begun);
    (void)pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

void lm_pool_run(struct lm_pool *pool, size_t count, void (*work)(void *context, size_t i),
                 void *context) {
    pool->count = count;
    pool->work = work;
    pool->context = context;
    atomic_store(&pool->next, 0);
    /* A few items are done sooner than the others are woken. */
    bool alone = pool->threads == 0 || count <= STRIDE;
    if (!alone) {
        (void)pthread_mutex_lock(&pool->mutex);
        pool->busy = pool->threads;
        pool->round++;
        (void)pthread_cond_broadcast(&pool->begun);
        (void)pthread_mutex_unlock(&pool->mutex);
    }
    share(pool);
    if (!alone) {
        (void)pthread_mutex_lock(&pool->mutex);
        while (pool->busy > 0)
            (void)pthread_cond_wait(&pool->ended, &pool->mutex);
        (void)pthread_mutex_unlock(&pool->mutex);
    }
}
