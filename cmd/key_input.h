/*
 * The private key of a program: the options that name it, and loading it, from files that may be
 * under a passphrase. A program of one key says
 *
 *     struct options { struct lm_common common; struct lm_key_options key; ... };
 *     LM_KEY_OPTIONS(struct options, key, "sign with this key file"),
 *     ...
 *     lm_crypto_guard_process();
 *     lm_run_start(&run, &program, argc, argv, &options);
 *     lm_run_key(&run, &options.key, &key);
 */
#ifndef LM_CMD_KEY_INPUT_H
#define LM_CMD_KEY_INPUT_H

#include "cmd/run.h"
#include "lib/crypto/key.h"

struct lm_key_options {
    const char *file;
    const char *passphrase_file;
};

/* The option that any program with a passphrase has. */
#define LM_PASSPHRASE_FILE_OPTION(structure, field)                                                \
    {                                                                                              \
        0, "passphrase-file", LM_OPTION_FILE, "FILE", NULL, offsetof(structure, field),            \
            "take the first line of FILE as the passphrase of the key file"                        \
    }
/* Rows of an option table: --key, with SAYS as its help, and --passphrase-file. */
#define LM_KEY_OPTIONS(structure, field, says)                                                     \
    {'k', "key", LM_OPTION_FILE, "FILE", NULL, offsetof(structure, field.file), says},             \
        LM_PASSPHRASE_FILE_OPTION(structure, field.passphrase_file)

/*
 * Loads the key that the options name. A passphrase that is needed comes from --passphrase-file, or
 * is asked for on the terminal. Does not return where that fails: --key is missing (2), the file
 * is missing, malformed, or opened by no passphrase given (66), others can read it (77).
 *
 * Where records come from standard input, and the file is not there yet or a question must be
 * asked, this waits for the first of them: in a pipeline, keys are made and questions asked in the
 * order of the programs. Call it before anything starts threads, and before the first lm_run_line.
 */
void lm_run_key(struct lm_run *run, const struct lm_key_options *options,
                struct lm_key *key) LM_NONNULL;
/* The same for a key file by its name, of several perhaps. PASSPHRASE_FILE may be NULL. */
void lm_run_key_file(struct lm_run *run, const char *file, const char *passphrase_file,
                     struct lm_key *key) LM_NONNULL_AT(1, 2, 4);

/* The passphrase that a new key file is put under: from --passphrase-file, or else, where
 * PASSPHRASE_FILE is NULL, asked for twice. Does not return where that fails. */
void lm_run_new_passphrase(struct lm_run *run, const char *passphrase_file,
                           struct lm_passphrase *passphrase) LM_NONNULL_AT(1, 3);

#endif
