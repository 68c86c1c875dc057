#include <string.h>

#include "cmd/lm-auth/auth.h"

static bool is_response(enum lm_type type) {
    return type == LM_TYPE_RESPONSE;
}

static int judge_answer(const struct lm_auth_task *task, const struct lm_auth_message *message,
                        struct lm_error *error) {
    const struct lm_response *response = &message->record.as.response;
    uint32_t ignored;
    if (lm_auth_answer(response, lm_outstanding_owner(task->state),
                       lm_auth_asked(task, &message->record), &task->clock, error) < 0)
        return -1;
    if (task->options->from && strcmp(task->options->from, response->from) != 0)
        return lm_fail(error, LM_NOT_WANTED, "the response is from %s, not from %s", response->from,
                       task->options->from);
    if (task->options->answering && !lm_names_find(&task->answering, response->challenge,
                                                   strlen(response->challenge), &ignored))
        return lm_fail(error, LM_NOT_WANTED, "the response answers nothing in %.100s",
                       task->options->answering);
    return 0;
}

static int check_role(const struct lm_auth_task *task, const char *id, struct lm_error *error) {
    struct lm_registered registered;
    if (task->options->role < 0)
        return 0;
    if (lm_registry_by_id(task->registry, id, task->clock.now_s, &registered, error) < 0)
        return -1;
    if (registered.role == task->options->role)
        return 0;
    return lm_fail(error, LM_NOT_WANTED, "%s is a %s, not a %s", id, lm_role_words[registered.role],
                   lm_role_words[task->options->role]);
}

static void accept_answer(struct lm_auth_task *task, const struct lm_auth_message *message,
                          struct lm_work_item *item) {
    const struct lm_response *response = &message->record.as.response;
    struct lm_error error;
    if (check_role(task, response->from, &error) < 0 ||
        (task->options->attested &&
         lm_auth_attested(task->registry, response, task->clock.now_s, &error) < 0) ||
        lm_outstanding_mark_answered(task->state, response->challenge, message->digest, &error) <
            0) {
        lm_auth_refuse(task, item, &error);
        return;
    }
    lm_buffer_bytes(&item->out, item->input.line.data, item->input.line.size);
    task->passed++;
}

/* No response is no sign of life: a script that looks at the exit status alone is not deceived. */
static void tell_nobody(struct lm_run *run) {
    struct lm_error nobody;
    lm_fail(&nobody, LM_UNKNOWN_CHALLENGE, "nobody has shown to be there");
    lm_run_error(run, &nobody);
}

void lm_auth_check_command(struct lm_run *run) {
    static const struct lm_auth_verb verb = {is_response, judge_answer, NULL, accept_answer};
    const struct lm_auth_options *options = run->options;
    struct lm_auth_task task;
    if (!options->state)
        lm_run_usage(run, "check needs --state");
    lm_auth_start(&task, run);
    lm_auth_work(&task, &verb);
    if (task.passed == 0)
        tell_nobody(run);
    lm_auth_end(&task);
}
