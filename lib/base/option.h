/*
 * Option tables: one table a program from which its command line is parsed and its --help, its
 * usage line and its shell completions are written.
 */
#ifndef LM_BASE_OPTION_H
#define LM_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"

/* What an option takes and where its value goes, at `offset` of the program's options struct. */
enum lm_option_kind {
    LM_OPTION_FLAG,    /* nothing; bool */
    LM_OPTION_TEXT,    /* const char *, borrowed from argv; NULL until given */
    LM_OPTION_FILE,    /* as text, completed as a file name */
    LM_OPTION_ID,      /* as text, checked to be an id */
    LM_OPTION_LIST,    /* struct lm_list of texts; may be given several times */
    LM_OPTION_FILES,   /* as list, completed as file names */
    LM_OPTION_NUMBER,  /* int64_t, 0 to 2^53-1; the struct is preset by the program */
    LM_OPTION_INSTANT, /* struct lm_instant_option */
    LM_OPTION_MONTH,   /* struct lm_month */
    LM_OPTION_WORD,    /* int, the index of the word in `words`; preset by the program */
};

struct lm_list {
    const char **items; /* owned; the texts are borrowed */
    size_t count;
};

struct lm_instant_option {
    bool given;
    int64_t instant_s;
};

struct lm_option {
    char letter;      /* 0 for none */
    const char *name; /* without the dashes */
    enum lm_option_kind kind;
    const char *argument;     /* as --help shows it, "FILE"; NULL for flags */
    const char *const *words; /* LM_OPTION_WORD: NULL-terminated */
    size_t offset;
    const char *help; /* one sentence without a full stop */
};

/* A table ends with an option without a name. A program has its own and the common one. */
struct lm_program {
    const char *name;     /* "lm-sign" */
    const char *purpose;  /* one sentence without a full stop */
    const char *synopsis; /* what follows the name in the usage line */
    const struct lm_option *options;
    const struct lm_option *common;
    size_t common_offset; /* where the common options' struct lies in the program's */
    bool operands;        /* takes operands; they are completed as file names */
    bool exhibits;        /* reads exhibits, whose lines may be longer than others */
};

/* Whether an option takes one value more each time that it is given. */
bool lm_option_is_list(const struct lm_option *option) LM_NONNULL LM_MUST_CHECK;

/*
 * Parses argv into VALUES (the program's options struct, zeroed or preset) and the operands, by
 * getopt_long: long options may be cut to what is unambiguous, "--" ends them. An option of one
 * value is given once.
 * -1 with reason LM_USAGE where that fails. The lists in VALUES are then still to be freed.
 */
int lm_options_parse(const struct lm_program *program, int argc, char **argv, void *values,
                     struct lm_list *operands, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Adds an item. */
int lm_list_add(struct lm_list *list, const char *item,
                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_list_free(struct lm_list *list) LM_NONNULL;
/* The whole of --help. */
void lm_options_help(const struct lm_program *program, struct lm_buffer *out) LM_NONNULL;

/* A completion script for SHELL, "bash", "zsh" or "fish". -1 with LM_USAGE for another. */
int lm_options_completion(const struct lm_program *program, const char *shell,
                          struct lm_buffer *out, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
