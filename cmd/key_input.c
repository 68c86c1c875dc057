#include "cmd/key_input.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/ask.h"

/* Somebody at a terminal mistypes; a file does not. */
#define TRIES 3

/* Until there is a first line, or the end. At a terminal the lines come after the question. */
static void wait_for_input(const struct lm_run *run) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (lm_run_reads_stdin(run) && !isatty(STDIN_FILENO))
        (void)poll(&input, 1, -1);
}

static int ask_and_load(const char *file, struct lm_key *key, struct lm_error *error) {
    struct lm_passphrase passphrase;
    char question[160];
    (void)snprintf(question, sizeof question, "passphrase of %.100s", file);
    if (lm_passphrase_new(&passphrase, error) < 0)
        return -1;
    int result = -1;
    for (int i = 0; i < TRIES; i++) {
        result = lm_ask_passphrase(question, &passphrase, error);
        if (result == 0)
            result = lm_key_load(file, &passphrase, key, error);
        if (result == 0 || error->reason != LM_BAD_PASSPHRASE)
            break;
        (void)snprintf(question, sizeof question, "it does not fit; passphrase of %.100s", file);
    }
    lm_passphrase_free(&passphrase);
    return result;
}

static int load(const struct lm_run *run, const char *file, const char *passphrase_file,
                struct lm_key *key, struct lm_error *error) {
    struct lm_passphrase passphrase;
    if (passphrase_file) {
        if (lm_passphrase_load(passphrase_file, &passphrase, error) < 0)
            return -1;
        int result = lm_key_load(file, &passphrase, key, error);
        lm_passphrase_free(&passphrase);
        return result;
    }
    int result = lm_key_load(file, NULL, key, error);
    if (result == 0 || error->reason != LM_LOCKED)
        return result;
    wait_for_input(run);
    return ask_and_load(file, key, error);
}

void lm_run_key_file(struct lm_run *run, const char *file, const char *passphrase_file,
                     struct lm_key *key) {
    struct lm_error error;
    if (lm_crypto_start(&error) < 0)
        lm_run_fatal(run, &error);
    int result = load(run, file, passphrase_file, key, &error);
    /* In `lm-keygen … | lm-sign -k FILE` the registrar signs itself with a key that is being made:
     * it is there when the first line arrives. */
    if (result < 0 && error.reason == LM_NO_INPUT && run->operands.count == 0) {
        wait_for_input(run);
        result = load(run, file, passphrase_file, key, &error);
    }
    if (result < 0)
        lm_run_fatal(run, &error);
}

void lm_run_key(struct lm_run *run, const struct lm_key_options *options, struct lm_key *key) {
    if (!options->file)
        lm_run_usage(run, "--key is needed");
    lm_run_key_file(run, options->file, options->passphrase_file, key);
}

static int ask_twice(struct lm_passphrase *passphrase, struct lm_error *error) {
    struct lm_passphrase again;
    if (lm_passphrase_new(&again, error) < 0)
        return -1;
    int result = lm_passphrase_new(passphrase, error);
    if (result == 0)
        result = lm_ask_passphrase("new passphrase", passphrase, error);
    if (result == 0)
        result = lm_ask_passphrase("once more", &again, error);
    if (result == 0 &&
        (again.size != passphrase->size || memcmp(again.bytes, passphrase->bytes, again.size) != 0))
        result = lm_fail(error, LM_USAGE, "the two passphrases differ");
    lm_passphrase_free(&again);
    return result;
}

void lm_run_new_passphrase(struct lm_run *run, const char *passphrase_file,
                           struct lm_passphrase *passphrase) {
    struct lm_error error;
    if (lm_crypto_start(&error) < 0)
        lm_run_fatal(run, &error);
    int result = passphrase_file ? lm_passphrase_load(passphrase_file, passphrase, &error)
                                 : ask_twice(passphrase, &error);
    if (result < 0)
        lm_run_fatal(run, &error);
}
