#include <stdlib.h>
#include <string.h>

#include "cmd/attester.h"
#include "cmd/key_input.h"
#include "cmd/registry.h"
#include "cmd/run.h"
#include "lib/base/id.h"
#include "lib/base/names.h"
#include "lib/registry/auth.h"
#include "lib/registry/outstanding.h"

#define TTL_DEFAULT  60
#define SKEW_DEFAULT 30
#define SKEW_MAX     3600

struct options {
    struct lm_common common;
    struct lm_registry_options registry;
    struct lm_key_options key;
    const char *state;
    struct lm_list to;
    int64_t ttl_s;
    int64_t skew_s;
    const char *attest;
    const char *from;
    int role;
    const char *answering;
    bool attested;
};

#define ROW(letter, name, kind, argument, field, help)                                             \
    { letter, name, LM_OPTION_##kind, argument, NULL, offsetof(struct options, field), help }

static const struct lm_option option_table[] = {
    LM_KEY_OPTIONS(struct options, key, "challenge, respond: sign with this key file"),
    ROW('s', "state", FILE, "FILE", state, "what we asked and is not answered yet"),
    ROW('t', "to", LIST, "ID", to, "challenge: whom; several times for several"),
    ROW(0, "ttl", NUMBER, "SECONDS", ttl_s,
        "challenge, respond: how long an answer counts; without it 60"),
    LM_REGISTRY_OPTION_ROWS(struct options, registry),
    ROW(0, "skew", NUMBER, "SECONDS", skew_s,
        "respond, check: how much clocks may differ; without it 30"),
    ROW(0, "attest", TEXT, "PROGRAM", attest,
        "respond: include what PROGRAM prints, called with the challenge's digest"),
    ROW('f', "from", ID, "ID", from, "check: nobody else's response will do"),
    {0, "role", LM_OPTION_WORD, "ROLE", lm_role_words, offsetof(struct options, role),
     "check: only one of that role will do"},
    ROW(0, "answering", FILE, "FILE", answering,
        "check: only a response to what is in FILE will do"),
    ROW(0, "attested", FLAG, NULL, attested,
        "check: only one that attests approved firmware will do"),
    {0},
};

static const struct lm_program program = {
    .name = "lm-auth",
    .purpose = "Challenges and responses: shows that an entity is there now",
    .synopsis = "challenge -k FILE -s FILE -t ID… [OPTION]…\n"
                "       lm-auth respond -k FILE -s FILE -r FILE --root FILE|KID [OPTION]… [FILE]…\n"
                "       lm-auth check -s FILE -r FILE --root FILE|KID [OPTION]… [FILE]…",
    .options = option_table,
    .common = lm_parallel_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

/* A message of a batch, between what is cheap, what is dear, and what is done under the lock. */
struct message {
    bool held;
    struct lm_record record;
    char digest[LM_DIGEST_TEXT_SIZE];
};

struct task {
    struct lm_run *run;
    const struct options *options;
    struct lm_key key; /* of challenge and respond */
    struct lm_registry *registry;
    struct lm_outstanding *state;
    struct lm_names answering; /* digests */
    struct lm_auth_clock clock;
    struct message *messages;
    uint64_t passed;
};

static _Noreturn void fatal(const struct task *task, const struct lm_error *error) {
    lm_run_fatal(task->run, error);
}

/* An error that is the line's rejects it; any other ends the program. */
static void refuse(const struct task *task, struct lm_work_item *item,
                   const struct lm_error *error) {
    if (lm_reason_exit(error->reason) != LM_EXIT_REJECT)
        fatal(task, error);
    item->rejected = true;
    item->error = *error;
}

static void look_at_clock(struct task *task) {
    task->clock.now_s = lm_run_now(task->run);
    task->clock.skew_s = task->options->skew_s;
}

static void lock(struct task *task, const char *id) {
    struct lm_error error;
    if (lm_outstanding_lock(task->state, id, task->clock.now_s, &error) < 0)
        fatal(task, &error);
}

static void commit(struct task *task) {
    struct lm_error error;
    if (lm_outstanding_commit(task->state, &error) < 0)
        fatal(task, &error);
}

/* ---- challenge ---- */

/* All of them are on the disk before the first is seen. */
static void challenge(struct task *task) {
    const struct lm_list *to = &task->options->to;
    struct lm_buffer *lines = calloc(to->count, sizeof *lines);
    struct lm_error error;
    if (!lines) {
        lm_fail_memory(&error);
        fatal(task, &error);
    }
    for (size_t i = 0; i < to->count; i++) {
        if (!lm_id_valid(to->items[i], strlen(to->items[i])))
            lm_run_usage(task->run, "--to: '%s' is not an id", to->items[i]);
        if (strcmp(to->items[i], task->key.id) == 0)
            lm_run_usage(task->run, "--to: the key is that of %s itself", to->items[i]);
    }
    look_at_clock(task);
    lock(task, task->key.id);
    for (size_t i = 0; i < to->count; i++) {
        struct lm_sent sent;
        if (lm_auth_challenge(&task->key, to->items[i], task->clock.now_s, task->options->ttl_s,
                              &lines[i], &sent, &error) < 0 ||
            lm_outstanding_add(task->state, &sent, task->clock.now_s, &error) < 0)
            fatal(task, &error);
    }
    commit(task);
    for (size_t i = 0; i < to->count; i++) {
        lm_run_write_buffer(task->run, &lines[i]);
        lm_buffer_free(&lines[i]);
    }
    free(lines);
}

/* ---- respond and check: the batch ---- */

/* What differs between the two. */
struct verb {
    bool (*takes)(enum lm_type type);
    /* Whether the message may pass, but for its signature. */
    int (*judge)(const struct task *task, const struct message *message, struct lm_error *error);
    /* Once its signature is right: before the lock (may be NULL), and under it. */
    void (*prepare)(struct task *task, const struct message *message, struct lm_work_item *item);
    void (*act)(struct task *task, const struct message *message, struct lm_work_item *item);
};

struct batch {
    struct task *task;
    const struct verb *verb;
};

static const char *state_owner(const struct task *task) {
    return task->options->key.file ? task->key.id : NULL;
}

static bool read_message(const struct batch *batch, struct lm_work_item *item,
                         struct message *message) {
    struct lm_error error;
    if (lm_record_parse(item->input.line.data, item->input.line.size, &message->record, &error) <
        0) {
        refuse(batch->task, item, &error);
        return false;
    }
    message->held = true;
    item->skip = !batch->verb->takes(message->record.type);
    if (!item->skip && lm_auth_digest(&message->record, message->digest, &error) < 0)
        fatal(batch->task, &error);
    return !item->skip;
}

/* What is cheap, by the state as it is just now: a flood of it costs no signature. */
static void look(void *pointer, struct lm_work_item *items, size_t count) {
    struct batch *batch = pointer;
    struct task *task = batch->task;
    struct lm_error error;
    bool any = false;
    task->messages = calloc(count, sizeof *task->messages);
    if (!task->messages) {
        lm_fail_memory(&error);
        fatal(task, &error);
    }
    look_at_clock(task);
    for (size_t i = 0; i < count; i++) {
        items[i].tag = i;
        if (!items[i].rejected && read_message(batch, &items[i], &task->messages[i]))
            any = true;
    }
    if (!any)
        return;
    lock(task, state_owner(task));
    commit(task);
    for (size_t i = 0; i < count; i++) {
        if (items[i].rejected || items[i].skip)
            continue;
        if (batch->verb->judge(task, &task->messages[i], &error) < 0)
            refuse(task, &items[i], &error);
    }
}

static void verify(void *pointer, struct lm_work_item *item) {
    const struct batch *batch = pointer;
    const struct task *task = batch->task;
    item->rejected = lm_registry_check(task->registry, &task->messages[item->tag].record,
                                       task->clock.now_s, NULL, &item->error) < 0;
}

static void prepare(struct batch *batch, struct lm_work_item *items, size_t count) {
    for (size_t i = 0; batch->verb->prepare && i < count; i++) {
        if (!items[i].rejected && !items[i].skip)
            batch->verb->prepare(batch->task, &batch->task->messages[i], &items[i]);
    }
}

static void conclude(void *pointer, struct lm_work_item *items, size_t count) {
    struct batch *batch = pointer;
    struct task *task = batch->task;
    bool stop = false;
    bool locked = false;
    prepare(batch, items, count);
    look_at_clock(task);
    for (size_t i = 0; i < count; i++) {
        struct message *message = &task->messages[i];
        struct lm_error error;
        if (items[i].rejected && lm_reason_exit(items[i].error.reason) != LM_EXIT_REJECT)
            fatal(task, &items[i].error);
        items[i].skip = items[i].skip || stop;
        if (!items[i].rejected && !items[i].skip) {
            if (!locked)
                lock(task, state_owner(task));
            locked = true;
            if (batch->verb->judge(task, message, &error) < 0)
                refuse(task, &items[i], &error);
            else
                batch->verb->act(task, message, &items[i]);
        }
        stop = stop || (items[i].rejected && task->run->common->strict);
        if (message->held)
            lm_record_free(&message->record);
    }
    if (locked)
        commit(task);
    free(task->messages);
    task->messages = NULL;
}

static void work(struct task *task, const struct verb *verb) {
    struct batch batch = {task, verb};
    lm_run_parallel(
        task->run,
        &(struct lm_work){.work = verify, .before = look, .after = conclude, .context = &batch});
}

/* ---- respond ---- */

static bool is_question(enum lm_type type) {
    return type == LM_TYPE_CHALLENGE || type == LM_TYPE_RESPONSE;
}

static const struct lm_sent *asked(const struct task *task, const struct lm_record *record) {
    if (record->type != LM_TYPE_RESPONSE)
        return NULL;
    return lm_outstanding_find(task->state, record->as.response.challenge);
}

static int judge_question(const struct task *task, const struct message *message,
                          struct lm_error *error) {
    return lm_auth_question(
        &message->record, message->digest, task->key.id, asked(task, &message->record),
        lm_outstanding_reply(task->state, message->digest), &task->clock, error);
}

/* The attester's text waits in the item's output, where the response takes its place. */
static void attest(struct task *task, const struct message *message, struct lm_work_item *item) {
    struct lm_error error;
    if (task->options->attest && message->record.type == LM_TYPE_CHALLENGE &&
        lm_attester_run(task->options->attest, message->digest, &item->out, &error) < 0) {
        lm_buffer_reset(&item->out);
        refuse(task, item, &error);
    }
}

static void respond_to(struct task *task, const struct message *message,
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
        refuse(task, item, &error);
    lm_buffer_free(&line);
}

static void respond(struct task *task) {
    static const struct verb verb = {is_question, judge_question, attest, respond_to};
    work(task, &verb);
}

/* ---- check ---- */

static bool is_response(enum lm_type type) {
    return type == LM_TYPE_RESPONSE;
}

static int judge_answer(const struct task *task, const struct message *message,
                        struct lm_error *error) {
    const struct lm_response *response = &message->record.as.response;
    uint32_t ignored;
    if (lm_auth_answer(response, lm_outstanding_owner(task->state), asked(task, &message->record),
                       &task->clock, error) < 0)
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

static int check_role(const struct task *task, const char *id, struct lm_error *error) {
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

static void accept_answer(struct task *task, const struct message *message,
                          struct lm_work_item *item) {
    const struct lm_response *response = &message->record.as.response;
    struct lm_error error;
    if (check_role(task, response->from, &error) < 0 ||
        (task->options->attested &&
         lm_auth_attested(task->registry, response, task->clock.now_s, &error) < 0) ||
        lm_outstanding_mark_answered(task->state, response->challenge, message->digest, &error) <
            0) {
        refuse(task, item, &error);
        return;
    }
    lm_buffer_bytes(&item->out, item->input.line.data, item->input.line.size);
    task->passed++;
}

static int remember_question(void *pointer, const struct lm_input *input, struct lm_record *record,
                             struct lm_error *error) {
    struct task *task = pointer;
    char digest[LM_DIGEST_TEXT_SIZE];
    uint32_t ignored;
    (void)input;
    if (!is_question(record->type))
        return 0;
    if (lm_auth_digest(record, digest, error) < 0)
        return -1;
    return lm_names_add(&task->answering, digest, strlen(digest), &ignored, error);
}

/* No response is no sign of life: a script that looks at the exit status alone is not deceived. */
static void check(struct task *task) {
    static const struct verb verb = {is_response, judge_answer, NULL, accept_answer};
    work(task, &verb);
    if (task->passed > 0)
        return;
    struct lm_error nobody;
    lm_fail(&nobody, LM_UNKNOWN_CHALLENGE, "nobody has shown to be there");
    lm_run_error(task->run, &nobody);
}

/* ---- the command line ---- */

static const struct command {
    const char *name;
    void (*run)(struct task *task);
    bool signs;
    bool reads;
} commands[] = {
    {"challenge", challenge, true, false},
    {"respond", respond, true, true},
    {"check", check, false, true},
};

/* Takes the command from the operands; the rest are files. */
static const struct command *take_command(struct lm_run *run) {
    struct lm_list *operands = &run->operands;
    for (size_t i = 0; operands->count > 0 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, operands->items[0]) != 0)
            continue;
        operands->count--;
        memmove(operands->items, operands->items + 1, operands->count * sizeof *operands->items);
        return &commands[i];
    }
    lm_run_usage(run, "say what: challenge, respond or check");
}

static void check_usage(struct lm_run *run, const struct command *command,
                        const struct options *options) {
    const struct {
        const char *name;
        bool given;
        const char *commands; /* that know it */
    } rows[] = {
        {"--key", options->key.file, "challenge respond"},
        {"--passphrase-file", options->key.passphrase_file, "challenge respond"},
        {"--to", options->to.count > 0, "challenge"},
        {"--ttl", options->ttl_s != LM_ABSENT, "challenge respond"},
        {"--registry", options->registry.files.count > 0, "respond check"},
        {"--root", options->registry.root, "respond check"},
        {"--registry-checkpoint", options->registry.checkpoint, "respond check"},
        {"--max-age", options->registry.max_age, "respond check"},
        {"--skew", options->skew_s != LM_ABSENT, "respond check"},
        {"--attest", options->attest, "respond"},
        {"--from", options->from, "check"},
        {"--role", options->role >= 0, "check"},
        {"--answering", options->answering, "check"},
        {"--attested", options->attested, "check"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].given && !strstr(rows[i].commands, command->name))
            lm_run_usage(run, "%s does not go with %s", rows[i].name, command->name);
    }
    if (!options->state || (command->signs && !options->key.file))
        lm_run_usage(run, "%s needs %s", command->name,
                     command->signs ? "--key and --state" : "--state");
    if (!command->reads && options->to.count == 0)
        lm_run_usage(run, "challenge needs --to");
    if (!command->reads && run->operands.count > 0)
        lm_run_usage(run, "challenge reads no files");
}

static void set_defaults(struct lm_run *run, struct options *options) {
    if (options->ttl_s == LM_ABSENT)
        options->ttl_s = TTL_DEFAULT;
    if (options->skew_s == LM_ABSENT)
        options->skew_s = SKEW_DEFAULT;
    if (options->ttl_s < 1 || options->ttl_s > LM_CHALLENGE_SECONDS_MAX)
        lm_run_usage(run, "--ttl is from 1 to %d seconds", LM_CHALLENGE_SECONDS_MAX);
    if (options->skew_s > SKEW_MAX)
        lm_run_usage(run, "--skew is at most %d seconds", SKEW_MAX);
}

static void prepare_task(struct task *task, const struct command *command) {
    const struct options *options = task->options;
    struct lm_error error;
    lm_names_start(&task->answering);
    task->run->no_input = !command->reads;
    if (command->signs)
        lm_run_key(task->run, &options->key, &task->key);
    if (lm_crypto_start(&error) < 0 || !(task->state = lm_outstanding_new(options->state, &error)))
        fatal(task, &error);
    task->run->unconfined = options->attest != NULL;
    lm_run_allow(task->run, options->state, LM_SANDBOX_WRITE);
    if (command->reads)
        task->registry = lm_registry_open(task->run, &options->registry);
    if (options->answering)
        lm_run_file(task->run, options->answering, remember_question, task);
    lm_run_confine(task->run);
}

int main(int argc, char **argv) {
    struct options options = {.ttl_s = LM_ABSENT, .skew_s = LM_ABSENT, .role = -1};
    struct lm_run run;
    struct task task = {.run = &run, .options = &options};

    lm_crypto_guard_process();
    lm_run_start(&run, &program, argc, argv, &options);
    const struct command *command = take_command(&run);
    check_usage(&run, command, &options);
    set_defaults(&run, &options);
    prepare_task(&task, command);
    command->run(&task);
    if (command->signs)
        lm_key_free(&task.key);
    lm_outstanding_free(task.state);
    lm_registry_free(task.registry);
    lm_names_free(&task.answering);
    lm_list_free(&options.to);
    lm_list_free(&options.registry.files);
    return lm_run_finish(&run);
}
