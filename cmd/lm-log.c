#include "cmd/lm-log/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/period_argument.h"
#include "lib/registry/authority.h"

#define ROW(letter, name, kind, argument, field, help)                                             \
    { letter, name, LM_OPTION_##kind, argument, NULL, offsetof(struct lm_log_options, field), help }

static const struct lm_option option_table[] = {
    LM_KEY_OPTIONS(struct lm_log_options, key, "sign with this key file"),
    ROW(0, "origin", TEXT, "NAME", origin, "the log's name in checkpoints and receipts"),
    ROW(0, "rules", FILES, "FILE", rules, "take gates and lengths from the market-rules in FILE"),
    ROW('o', "output", FILE, "FILE", output, "keep the checkpoint in FILE, not in LOG.checkpoint"),
    ROW(0, "state", FILE, "FILE", state, "the last checkpoint that the witness saw"),
    ROW(0, "first", FLAG, NULL, first, "there is no state yet: begin with this checkpoint"),
    ROW(0, "name", TEXT, "NAME", name, "the witness's name; without it the key's id"),
    ROW(0, "log-key", FILE, "VKEY|FILE", log_key, "the log's public key"),
    ROW(0, "keeper", ID, "ID", keeper, "whose key in the registry the log's is"),
    LM_REGISTRY_OPTION_ROWS(struct lm_log_options, registry),
    ROW(0, "log", FILE, "LOG", log, "take what proves consistency from the log itself"),
    ROW(0, "checkpoint", FILE, "FILE", checkpoint, "prove against this one, not LOG.checkpoint"),
    ROW(0, "from", FILE, "OLD|SIZE", from, "an earlier checkpoint, or its size"),
    ROW(0, "with-entry", FLAG, NULL, entry_too, "put the entry into the proof"),
    ROW(0, "exhibit", FLAG, NULL, exhibit, "write an exhibit record, which holds the entry"),
    ROW(0, "claim", TEXT, "DIGEST", claim, "the claim that the exhibit is about"),
    ROW(0, "entry", FILE, "FILE", entry, "check that the entry in FILE is what is proved"),
    ROW(0, "leaf", TEXT, "DIGEST", leaf, "check that this is the leaf that is proved"),
    ROW(0, "receipt", FILE, "FILE", receipt, "check that the receipt in FILE is kept"),
    ROW('w', "witness", FILES, "VKEY|FILE", witnesses, "want this witness's cosignature, too"),
    ROW('p', "period", TEXT, "PERIOD", period, "leave out what belongs to other periods"),
    ROW('t', "type", LIST, "TYPE", types, "only records of this type; several times if need be"),
    ROW('l', "length", NUMBER, "N", length_minutes, "minutes of a period; without it 30"),
    ROW(0, "bare", FLAG, NULL, bare, "write the records without their entries"),
    {0},
};

static const struct lm_program program = {
    .name = "lm-log",
    .purpose = "Keeps append-only logs, and proves and checks what is in them",
    .synopsis = "append LOG -k FILE [OPTION]… [FILE]…\n"
                "              checkpoint LOG -k FILE [--origin NAME] [-o FILE]\n"
                "              vkey [LOG] -k FILE [--origin NAME] [--name NAME]\n"
                "              cosign -k FILE --state FILE --log-key VKEY|FILE [--log LOG] [FILE]\n"
                "              prove LOG N [--checkpoint FILE] [--with-entry|--exhibit]\n"
                "              prove LOG --from OLD|SIZE [--checkpoint FILE]\n"
                "              check --log-key VKEY|FILE [OPTION]… [PROOF]\n"
                "              cat LOG… [--period PERIOD] [--type TYPE]… [--bare]",
    .options = option_table,
    .common = lm_parallel_options,
    .common_offset = offsetof(struct lm_log_options, common),
    .operands = true,
};

static const struct {
    const char *name;
    lm_log_command *run;
    const char *options; /* those that it takes beside the common ones, each in spaces */
} commands[] = {
    {"append", lm_log_append_command, " key passphrase-file origin rules "},
    {"checkpoint", lm_log_checkpoint_command, " key passphrase-file origin output "},
    {"vkey", lm_log_vkey_command, " key passphrase-file origin name "},
    {"cosign", lm_log_cosign_command,
     " key passphrase-file state first name log-key keeper registry root registry-checkpoint "
     "max-age"
     " log "},
    {"prove", lm_log_prove_command, " checkpoint from with-entry exhibit claim "},
    {"check", lm_log_check_command,
     " log-key keeper registry root registry-checkpoint max-age from entry leaf receipt witness "},
    {"cat", lm_log_cat_command, " rules period type length bare "},
};

/* ---- what the commands share ---- */

const char *lm_log_take_operand(struct lm_run *run) {
    if (run->operands.count == 0)
        return NULL;
    const char *operand = run->operands.items[0];
    run->operands.count--;
    memmove(run->operands.items, run->operands.items + 1,
            run->operands.count * sizeof *run->operands.items);
    return operand;
}

const char *lm_log_need_operand(struct lm_run *run, const char *what) {
    const char *operand = lm_log_take_operand(run);
    if (!operand)
        lm_run_usage(run, "say which %s", what);
    return operand;
}

void lm_log_no_more_operands(struct lm_run *run) {
    if (run->operands.count > 0)
        lm_run_usage(run, "unexpected argument '%s'", run->operands.items[0]);
}

char *lm_log_beside(struct lm_run *run, const char *log, const char *suffix) {
    char *name = NULL;
    if (asprintf(&name, "%s.%s", log, suffix) < 0) {
        struct lm_error error;
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    return name;
}

/* The origin of the last checkpoint, if there is one that can be read. */
static bool last_origin(struct lm_run *run, const char *log, struct lm_checkpoint *checkpoint) {
    struct lm_buffer bytes = {0};
    struct lm_error ignored;
    char *path = lm_log_beside(run, log, "checkpoint");
    bool there = lm_file_read(path, LM_NOTE_SIZE_MAX, &bytes, &ignored) == 0 &&
                 lm_checkpoint_parse(bytes.data, bytes.size, checkpoint, &ignored) == 0;
    lm_buffer_free(&bytes);
    free(path);
    return there;
}

char *lm_log_origin(struct lm_run *run, const struct lm_log_options *options, const char *log,
                    const struct lm_key *key) {
    struct lm_checkpoint last;
    struct lm_error error;
    char *origin = NULL;
    const char *slash = strrchr(log, '/');
    bool known = last_origin(run, log, &last);
    if (known && options->origin && strcmp(options->origin, last.origin) != 0)
        lm_run_usage(run, "--origin: the log's last checkpoint calls it '%s'", last.origin);
    int made = options->origin ? asprintf(&origin, "%s", options->origin)
               : known         ? asprintf(&origin, "%s", last.origin)
                               : asprintf(&origin, "%s/%s", key->id, slash ? slash + 1 : log);
    if (made < 0) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    if (!lm_note_name_valid(origin, strlen(origin)))
        lm_run_usage(run, "'%s' cannot name a log: it has a space or a plus sign, or is too long",
                     origin);
    return origin;
}

void lm_log_read_file(struct lm_run *run, const char *path, struct lm_buffer *out) {
    struct lm_error error;
    /* A proof is a checkpoint with some hashes and perhaps an entry before it. */
    if (lm_file_read(path, 2 * (size_t)LM_NOTE_SIZE_MAX, out, &error) < 0)
        lm_run_fatal(run, &error);
}

bool lm_log_read_vkey(const char *text, struct lm_note_key *key) {
    struct lm_buffer bytes = {0};
    struct lm_error ignored;
    if (lm_note_key_parse(text, key, &ignored) == 0)
        return true;
    bool found = lm_file_read(text, 4096, &bytes, &ignored) == 0 && bytes.size > 0;
    if (found) {
        const char *feed = memchr(bytes.data, '\n', bytes.size);
        bytes.size = feed ? (size_t)(feed - bytes.data) : bytes.size;
        lm_buffer_byte(&bytes, '\0');
        found = lm_buffer_ok(&bytes) && lm_note_key_parse(bytes.data, key, &ignored) == 0;
    }
    lm_buffer_free(&bytes);
    return found;
}

/* The key that the registry has for the keeper: of a log called ID or ID/…, that is ID. */
static void find_in_registry(struct lm_run *run, const struct lm_log_options *options,
                             const char *origin, uint8_t public_key[32]) {
    struct lm_error error;
    struct lm_registered keeper;
    struct lm_registered holder;
    int64_t now_s = lm_run_now(run);
    struct lm_registry *registry = lm_registry_open(run, &options->registry);
    char *id = options->keeper ? strdup(options->keeper) : strndup(origin, strcspn(origin, "/"));
    if (!id)
        (void)lm_fail_memory(&error);
    if (!id || lm_registry_by_id(registry, id, now_s, &keeper, &error) < 0 ||
        lm_registry_by_kid(registry, keeper.kid, now_s, &holder, &error) < 0)
        lm_run_fatal(run, &error);
    if (!lm_role_may_sign(keeper.role, LM_TYPE_RECEIPT)) {
        lm_fail(&error, LM_WRONG_ROLE, "%s is a %s and keeps no log", keeper.id,
                lm_role_words[keeper.role]);
        lm_run_fatal(run, &error);
    }
    memcpy(public_key, keeper.public_key, sizeof keeper.public_key);
    lm_registry_free(registry);
    free(id);
}

void lm_log_find_key(struct lm_run *run, const struct lm_log_options *options, const char *origin,
                     struct lm_note_key *key) {
    struct lm_error error;
    uint8_t public_key[32];
    const struct lm_registry_options *registry = &options->registry;
    bool by_registry =
        registry->root || registry->files.count > 0 || registry->checkpoint || registry->max_age;
    if (!options->log_key && !by_registry)
        lm_run_usage(run, "--log-key, or --registry and --root, say whose the log is");
    if (options->log_key && by_registry)
        lm_run_usage(run, "--log-key and --registry do not go together");
    if (options->log_key && lm_log_read_vkey(options->log_key, key)) {
        if (key->kind != LM_NOTE_ED25519)
            lm_run_usage(run, "--log-key: that is the key of a witness, not of a log");
        if (strcmp(key->name, origin) == 0)
            return;
        lm_fail(&error, LM_WRONG_SUBJECT, "a checkpoint of %.100s, not of %.100s", origin,
                key->name);
        lm_run_fatal(run, &error);
    }
    if (options->log_key) {
        if (lm_public_key_load(options->log_key, public_key, &error) < 0)
            lm_run_fatal(run, &error);
    } else {
        find_in_registry(run, options, origin, public_key);
    }
    if (lm_note_key_make(origin, LM_NOTE_ED25519, public_key, key, &error) < 0)
        lm_run_fatal(run, &error);
}

/* ---- the command line ---- */

static bool is_given(const struct lm_option *option, const struct lm_log_options *options) {
    const char *value = (const char *)options + option->offset;
    switch (option->kind) {
    case LM_OPTION_FLAG:
        return *(const bool *)value;
    case LM_OPTION_LIST:
    case LM_OPTION_FILES:
        return ((const struct lm_list *)(const void *)value)->count > 0;
    case LM_OPTION_NUMBER:
        return *(const int64_t *)(const void *)value != LM_PERIOD_MINUTES_DEFAULT;
    default:
        return *(const char *const *)(const void *)value != NULL;
    }
}

static void refuse_other_options(struct lm_run *run, const struct lm_log_options *options,
                                 const char *command, const char *taken) {
    for (const struct lm_option *option = option_table; option->name; option++) {
        char word[32];
        (void)snprintf(word, sizeof word, " %s ", option->name);
        if (is_given(option, options) && !strstr(taken, word))
            lm_run_usage(run, "--%s does not go with %s", option->name, command);
    }
}

int main(int argc, char **argv) {
    struct lm_log_options options = {.length_minutes = LM_PERIOD_MINUTES_DEFAULT};
    struct lm_run run;
    struct lm_error error;
    lm_crypto_guard_process();
    lm_run_start(&run, &program, argc, argv, &options);
    if (lm_crypto_start(&error) < 0)
        lm_run_fatal(&run, &error);
    const char *name = lm_log_take_operand(&run);
    size_t count = sizeof commands / sizeof *commands;
    size_t i = 0;
    while (name && i < count && strcmp(commands[i].name, name) != 0)
        i++;
    if (!name || i == count)
        lm_run_usage(&run, "say what: append, checkpoint, vkey, cosign, prove, check or cat");
    refuse_other_options(&run, &options, name, commands[i].options);
    commands[i].run(&run, &options);
    lm_list_free(&options.registry.files);
    lm_list_free(&options.rules);
    lm_list_free(&options.witnesses);
    lm_list_free(&options.types);
    return lm_run_finish(&run);
}
