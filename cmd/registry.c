#include "cmd/registry.h"

struct loading {
    struct lm_run *run;
    struct lm_registry *registry;
};

static int add(void *pointer, const struct lm_input *input, struct lm_record *record,
               struct lm_error *error) {
    const struct loading *loading = pointer;
    return lm_registry_add(loading->registry, record, input->source, input->line.number, error);
}

static void reject(void *pointer, const char *source, uint64_t line, const struct lm_error *why) {
    const struct loading *loading = pointer;
    struct lm_input input = {.source = source, .line = {.number = line}};
    lm_run_reject(loading->run, &input, why);
}

struct lm_registry *lm_registry_open(struct lm_run *run,
                                     const struct lm_registry_options *options) {
    struct lm_error error;
    struct lm_root root;
    struct lm_pool *pool;
    struct loading loading = {.run = run};
    if (!options->root || options->files.count == 0)
        lm_run_usage(run, "--registry and --root are needed");
    if (lm_crypto_start(&error) < 0 || lm_root_load(options->root, &root, &error) < 0 ||
        !(loading.registry = lm_registry_new(&root, &error)))
        lm_run_fatal(run, &error);
    for (size_t i = 0; i < options->files.count; i++)
        lm_run_file(run, options->files.items[i], add, &loading);
    /* The threads come behind the first file, confined like this one. */
    if (!(pool = lm_pool_new((size_t)run->common->jobs, &error)) ||
        lm_registry_seal(loading.registry, pool, reject, &loading, &error) < 0)
        lm_run_fatal(run, &error);
    lm_pool_free(pool);
    return loading.registry;
}
