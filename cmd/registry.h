/*
 * -r FILE and --root FILE|KID, for the programs that must know who is who, and what says that the
 * registry is whole and recent.
 */
#ifndef LM_CMD_REGISTRY_H
#define LM_CMD_REGISTRY_H

#include "cmd/run.h"
#include "lib/registry/registry.h"

/* A program's options struct holds one of these. */
struct lm_registry_options {
    struct lm_list files;
    const char *root;
    const char *checkpoint; /* of the registry, which is a log then; may be NULL, as the next */
    const char *max_age;    /* how old that checkpoint may be */
    /* Shown the market-rules in the files once the root's signature is checked; may be NULL. */
    int (*rules)(void *context, const struct lm_input *input, struct lm_record *record,
                 struct lm_error *error);
    void *context;
};

/* The rows of its option table, for an options struct of that TYPE with these in FIELD. */
#define LM_REGISTRY_OPTION_ROWS(type, field)                                                       \
    {'r',                                                                                          \
     "registry",                                                                                   \
     LM_OPTION_FILES,                                                                              \
     "FILE",                                                                                       \
     NULL,                                                                                         \
     offsetof(type, field.files),                                                                  \
     "identities, revocations, rules, firmware; several times if need be"},                        \
        {0,                                                                                        \
         "root",                                                                                   \
         LM_OPTION_FILE,                                                                           \
         "FILE|KID",                                                                               \
         NULL,                                                                                     \
         offsetof(type, field.root),                                                               \
         "the registrar's key, or its thumbprint"},                                                \
        {0,                                                                                        \
         "registry-checkpoint",                                                                    \
         LM_OPTION_FILE,                                                                           \
         "FILE",                                                                                   \
         NULL,                                                                                     \
         offsetof(type, field.checkpoint),                                                         \
         "the registry is the whole log of this checkpoint, or nothing is done"},                  \
    {                                                                                              \
        0, "max-age", LM_OPTION_TEXT, "DURATION", NULL, offsetof(type, field.max_age),             \
            "the checkpoint is no older: 90s, 15m, 12h, 7d"                                        \
    }

/*
 * Reads and seals the registry, with the run's --jobs threads. What the root has not signed is
 * rejected by its line. Does not return where an option is missing (2), a file is (66), the root is
 * no key, or the registry is not that of its checkpoint or too old. The caller frees the registry.
 */
struct lm_registry *lm_registry_open(struct lm_run *run,
                                     const struct lm_registry_options *options) LM_NONNULL;

#endif
