#include "cmd/registry.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/file.h"
#include "lib/crypto/note.h"
#include "lib/registry/registry_log.h"

/* Market-rules wait here until the registry is sealed: only then the root's key is known. */
struct waiting {
    struct lm_record record;
    const char *source;
    uint64_t line;
};

struct loading {
    struct lm_run *run;
    const struct lm_registry_options *options;
    struct lm_registry *registry;
    struct lm_registry_log log;
    int64_t max_age_s; /* 0 for any */
    struct waiting *rules;
    size_t count;
    size_t room;
};

/* A registry that is not the whole log is none: nothing is verified by it. */
static void follow_log(struct loading *loading, const struct lm_input *input,
                       const struct lm_record *record) {
    struct lm_error why;
    struct lm_error error;
    if (lm_registry_log_add(&loading->log, record, &why) == 0)
        return;
    lm_fail(&error, why.reason, "%.100s:%llu: %.120s", input->source,
            (unsigned long long)input->line.number, why.detail);
    lm_run_fatal(loading->run, &error);
}

static int add(void *pointer, const struct lm_input *input, struct lm_record *record,
               struct lm_error *error) {
    struct loading *loading = pointer;
    if (loading->options->checkpoint)
        follow_log(loading, input, record);
    if (record->type == LM_TYPE_MARKET_RULES && loading->options->rules) {
        struct waiting *rules =
            lm_array_room(loading->rules, &loading->room, loading->count, sizeof *rules, error);
        if (!rules)
            return -1;
        loading->rules = rules;
        rules[loading->count++] = (struct waiting){*record, input->source, input->line.number};
        *record = (struct lm_record){0};
        return 0;
    }
    return lm_registry_add(loading->registry, record, input->source, input->line.number, error);
}

static void reject(void *pointer, const char *source, uint64_t line, const struct lm_error *why) {
    const struct loading *loading = pointer;
    struct lm_input input = {.source = source, .line = {.number = line}};
    lm_run_reject(loading->run, &input, why);
}

static void show_rules(struct loading *loading) {
    const struct lm_registry_options *options = loading->options;
    for (size_t i = 0; i < loading->count; i++) {
        struct waiting *rules = &loading->rules[i];
        struct lm_input input = {.source = rules->source, .line = {"", 0, rules->line}};
        struct lm_error error;
        if (lm_registry_check(loading->registry, &rules->record, lm_run_now(loading->run), NULL,
                              &error) < 0 ||
            options->rules(options->context, &input, &rules->record, &error) < 0)
            lm_run_reject(loading->run, &input, &error);
        lm_record_free(&rules->record);
    }
    free(loading->rules);
}

static void check_checkpoint(struct loading *loading) {
    struct lm_run *run = loading->run;
    const struct lm_registry_options *options = loading->options;
    struct lm_buffer note = {0};
    struct lm_error error;
    int64_t signed_s;
    if (lm_file_read(options->checkpoint, LM_NOTE_SIZE_MAX, &note, &error) < 0 ||
        lm_registry_log_check(&loading->log, lm_registry_root(loading->registry), note.data,
                              note.size, &signed_s, &error) < 0)
        lm_run_fatal(run, &error);
    if (loading->max_age_s > 0 &&
        lm_registry_log_age(signed_s, loading->max_age_s, lm_run_now(run), &error) < 0)
        lm_run_fatal(run, &error);
    lm_buffer_free(&note);
    lm_registry_log_free(&loading->log);
}

/* Also reads what is more than a text. */
static void check_options(struct loading *loading) {
    struct lm_run *run = loading->run;
    const struct lm_registry_options *options = loading->options;
    if (!options->root || options->files.count == 0)
        lm_run_usage(run, "--registry and --root are needed");
    if (options->max_age && !options->checkpoint)
        lm_run_usage(run, "--max-age is that of a --registry-checkpoint");
    if (options->checkpoint && options->files.count > 1)
        lm_run_usage(run, "a --registry-checkpoint speaks for one registry, and several are given");
    if (options->max_age &&
        !lm_duration_parse(options->max_age, strlen(options->max_age), &loading->max_age_s))
        lm_run_usage(run, "--max-age: '%s' is no duration such as 90s, 15m, 12h or 7d",
                     options->max_age);
}

struct lm_registry *lm_registry_open(struct lm_run *run,
                                     const struct lm_registry_options *options) {
    struct lm_error error;
    struct lm_root root;
    struct lm_pool *pool;
    struct loading loading = {.run = run, .options = options};
    check_options(&loading);
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
    if (options->checkpoint)
        check_checkpoint(&loading);
    show_rules(&loading);
    return loading.registry;
}
