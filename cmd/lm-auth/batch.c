#include <stdlib.h>
#include <string.h>

#include "cmd/lm-auth/auth.h"

void lm_auth_refuse(const struct lm_auth_task *task, struct lm_work_item *item,
                    const struct lm_error *error) {
    if (lm_reason_exit(error->reason) != LM_EXIT_REJECT)
        lm_run_fatal(task->run, error);
    item->rejected = true;
    item->error = *error;
}

bool lm_auth_is_question(enum lm_type type) {
    return type == LM_TYPE_CHALLENGE || type == LM_TYPE_RESPONSE;
}

const struct lm_sent *lm_auth_asked(const struct lm_auth_task *task,
                                    const struct lm_record *record) {
    if (record->type != LM_TYPE_RESPONSE)
        return NULL;
    return lm_outstanding_find(task->state, record->as.response.challenge);
}

struct batch {
    struct lm_auth_task *task;
    const struct lm_auth_verb *verb;
    struct lm_auth_message *messages;
};

static const char *state_owner(const struct lm_auth_task *task) {
    return task->options->key.file ? task->key.id : NULL;
}

static bool read_message(const struct batch *batch, struct lm_work_item *item,
                         struct lm_auth_message *message) {
    struct lm_error error;
    if (lm_record_parse(item->input.line.data, item->input.line.size, &message->record, &error) <
        0) {
        lm_auth_refuse(batch->task, item, &error);
        return false;
    }
    message->held = true;
    item->skip = !batch->verb->takes(message->record.type);
    if (!item->skip && lm_auth_digest(&message->record, message->digest, &error) < 0)
        lm_run_fatal(batch->task->run, &error);
    return !item->skip;
}

/* What is cheap, by the state as it is just now: a flood of it costs no signature. */
static void look(void *pointer, struct lm_work_item *items, size_t count) {
    struct batch *batch = pointer;
    struct lm_auth_task *task = batch->task;
    struct lm_error error;
    bool any = false;
    batch->messages = calloc(count, sizeof *batch->messages);
    if (!batch->messages) {
        lm_fail_memory(&error);
        lm_run_fatal(task->run, &error);
    }
    lm_auth_look_at_clock(task);
    for (size_t i = 0; i < count; i++) {
        items[i].tag = i;
        if (!items[i].rejected && read_message(batch, &items[i], &batch->messages[i]))
            any = true;
    }
    if (!any)
        return;
    lm_auth_lock(task, state_owner(task));
    lm_auth_commit(task);
    for (size_t i = 0; i < count; i++) {
        if (items[i].rejected || items[i].skip)
            continue;
        if (batch->verb->judge(task, &batch->messages[i], &error) < 0)
            lm_auth_refuse(task, &items[i], &error);
    }
}

static void verify(void *pointer, struct lm_work_item *item) {
    const struct batch *batch = pointer;
    const struct lm_auth_task *task = batch->task;
    item->rejected = lm_registry_check(task->registry, &batch->messages[item->tag].record,
                                       task->clock.now_s, NULL, &item->error) < 0;
}

static void prepare(struct batch *batch, struct lm_work_item *items, size_t count) {
    for (size_t i = 0; batch->verb->prepare && i < count; i++) {
        if (!items[i].rejected && !items[i].skip)
            batch->verb->prepare(batch->task, &batch->messages[i], &items[i]);
    }
}

static void conclude(void *pointer, struct lm_work_item *items, size_t count) {
    struct batch *batch = pointer;
    struct lm_auth_task *task = batch->task;
    bool stop = false;
    bool locked = false;
    prepare(batch, items, count);
    lm_auth_look_at_clock(task);
    for (size_t i = 0; i < count; i++) {
        struct lm_auth_message *message = &batch->messages[i];
        struct lm_error error;
        if (items[i].rejected && lm_reason_exit(items[i].error.reason) != LM_EXIT_REJECT)
            lm_run_fatal(task->run, &items[i].error);
        items[i].skip = items[i].skip || stop;
        if (!items[i].rejected && !items[i].skip) {
            if (!locked)
                lm_auth_lock(task, state_owner(task));
            locked = true;
            if (batch->verb->judge(task, message, &error) < 0)
                lm_auth_refuse(task, &items[i], &error);
            else
                batch->verb->act(task, message, &items[i]);
        }
        stop = stop || (items[i].rejected && task->run->common->strict);
        if (message->held)
            lm_record_free(&message->record);
    }
    if (locked)
        lm_auth_commit(task);
    free(batch->messages);
    batch->messages = NULL;
}

void lm_auth_work(struct lm_auth_task *task, const struct lm_auth_verb *verb) {
    struct batch batch = {.task = task, .verb = verb};
    lm_run_parallel(
        task->run,
        &(struct lm_work){.work = verify, .before = look, .after = conclude, .context = &batch});
}
