#include "cmd/attester.h"
#include "cmd/lm-auth/auth.h"

static int judge_question(const struct lm_auth_task *task, const struct lm_auth_message *message,
                          struct lm_error *error) {
    return lm_auth_question(
        &message->record, message->digest, task->key.id, lm_auth_asked(task, &message->record),
        lm_outstanding_reply(task->state, message->digest), &task->clock, error);
}

/* The attester's text waits in the item's output, where the response takes its place. */
static void attest(struct lm_auth_task *task, const struct lm_auth_message *message,
                   struct lm_work_item *item) {
    struct lm_error error;
    if (task->options->attest && message->record.type == LM_TYPE_CHALLENGE &&
        lm_attester_run(task->options->attest, message->digest, &item->out, &error) < 0) {
        lm_buffer_reset(&item->out);
        lm_auth_refuse(task, item, &error);
    }
}

static void respond_to(struct lm_auth_task *task, const struct lm_auth_message *message,
                       struct lm_work_item *item) {
    struct lm_buffer line = {0};
    struct lm_error error;
    struct lm_sent sent;
    const char *text = item->out.size > 0 ? item->out.data : NULL;
    int result = lm_auth_respond(&task->key, &message->record, message->digest, text,
                                 task->clock.now_s, task->options->ttl_s, &line, &sent, &error);
    if (result == 0)
        result = message->record.type == LM_TYPE_CHALLENGE
                     ? lm_outstanding_add(task->state, &sent, task->clock.now_s, &error)
                     : lm_outstanding_mark_closed(task->state,
                                                  message->record.as.response.challenge, &error);
    lm_buffer_reset(&item->out);
    if (result == 0)
        lm_buffer_bytes(&item->out, line.data, line.size);
    else
        lm_auth_refuse(task, item, &error);
    lm_buffer_free(&line);
}

void lm_auth_respond_command(struct lm_run *run) {
    static const struct lm_auth_verb verb = {lm_auth_is_question, judge_question, attest,
                                             respond_to};
    const struct lm_auth_options *options = run->options;
    struct lm_auth_task task;
    if (!options->state || !options->key.file)
        lm_run_usage(run, "respond needs --key and --state");
    lm_auth_start(&task, run);
    lm_auth_work(&task, &verb);
    lm_auth_end(&task);
}
