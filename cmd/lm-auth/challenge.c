#include <stdlib.h>
#include <string.h>

#include "cmd/lm-auth/auth.h"
#include "lib/base/id.h"

static void check_usage(struct lm_run *run, const struct lm_auth_options *options) {
    if (!options->state || !options->key.file)
        lm_run_usage(run, "challenge needs --key and --state");
    if (options->to.count == 0)
        lm_run_usage(run, "challenge needs --to");
    if (run->operands.count > 0)
        lm_run_usage(run, "challenge reads no files");
    run->no_input = true;
}

static void check_peers(const struct lm_auth_task *task) {
    const struct lm_list *to = &task->options->to;
    for (size_t i = 0; i < to->count; i++) {
        if (!lm_id_valid(to->items[i], strlen(to->items[i])))
            lm_run_usage(task->run, "--to: '%s' is not an id", to->items[i]);
        if (strcmp(to->items[i], task->key.id) == 0)
            lm_run_usage(task->run, "--to: the key is that of %s itself", to->items[i]);
    }
}

/* All of them are on the disk before the first is seen. */
static void challenge(struct lm_auth_task *task) {
    const struct lm_list *to = &task->options->to;
    struct lm_buffer *lines = calloc(to->count, sizeof *lines);
    struct lm_error error;
    if (!lines) {
        lm_fail_memory(&error);
        lm_run_fatal(task->run, &error);
    }
    check_peers(task);
    lm_auth_look_at_clock(task);
    lm_auth_lock(task, task->key.id);
    for (size_t i = 0; i < to->count; i++) {
        struct lm_sent sent;
        if (lm_auth_challenge(&task->key, to->items[i], task->clock.now_s, task->options->ttl_s,
                              &lines[i], &sent, &error) < 0 ||
            lm_outstanding_add(task->state, &sent, task->clock.now_s, &error) < 0)
            lm_run_fatal(task->run, &error);
    }
    lm_auth_commit(task);
    for (size_t i = 0; i < to->count; i++) {
        lm_run_write_buffer(task->run, &lines[i]);
        lm_buffer_free(&lines[i]);
    }
    free(lines);
}

void lm_auth_challenge_command(struct lm_run *run) {
    struct lm_auth_task task;
    check_usage(run, run->options);
    lm_auth_start(&task, run);
    challenge(&task);
    lm_auth_end(&task);
}
