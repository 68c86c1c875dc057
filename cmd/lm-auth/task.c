#include <string.h>

#include "cmd/lm-auth/auth.h"

void lm_auth_look_at_clock(struct lm_auth_task *task) {
    task->clock.now_s = lm_run_now(task->run);
    task->clock.skew_s = task->options->skew_s;
}

void lm_auth_lock(struct lm_auth_task *task, const char *id) {
    struct lm_error error;
    if (lm_outstanding_lock(task->state, id, task->clock.now_s, &error) < 0)
        lm_run_fatal(task->run, &error);
}

void lm_auth_commit(struct lm_auth_task *task) {
    struct lm_error error;
    if (lm_outstanding_commit(task->state, &error) < 0)
        lm_run_fatal(task->run, &error);
}

static int remember_question(void *pointer, const struct lm_input *input, struct lm_record *record,
                             struct lm_error *error) {
    struct lm_auth_task *task = pointer;
    char digest[LM_DIGEST_TEXT_SIZE];
    uint32_t ignored;
    (void)input;
    if (!lm_auth_is_question(record->type))
        return 0;
    if (lm_auth_digest(record, digest, error) < 0)
        return -1;
    return lm_names_add(&task->answering, digest, strlen(digest), &ignored, error);
}

void lm_auth_start(struct lm_auth_task *task, struct lm_run *run) {
    const struct lm_auth_options *options = run->options;
    struct lm_error error;
    *task = (struct lm_auth_task){.run = run, .options = options};
    lm_names_start(&task->answering);
    if (options->key.file)
        lm_run_key(run, &options->key, &task->key);
    if (lm_crypto_start(&error) < 0 || !(task->state = lm_outstanding_new(options->state, &error)))
        lm_run_fatal(run, &error);
    run->unconfined = options->attest != NULL;
    lm_run_allow(run, options->state, LM_SANDBOX_WRITE);
    if (!run->no_input)
        task->registry = lm_registry_open(run, &options->registry);
    if (options->answering)
        lm_run_file(run, options->answering, remember_question, task);
    lm_run_confine(run);
}

void lm_auth_end(struct lm_auth_task *task) {
    if (task->options->key.file)
        lm_key_free(&task->key);
    lm_outstanding_free(task->state);
    lm_registry_free(task->registry);
    lm_names_free(&task->answering);
}
