/* The options that programs share. */
#include "cmd/run.h"

#define BASIC_OPTIONS                                                                              \
    {'h',                                                                                          \
     "help",                                                                                       \
     LM_OPTION_FLAG,                                                                               \
     NULL,                                                                                         \
     NULL,                                                                                         \
     offsetof(struct lm_common, help),                                                             \
     "print this and exit"},                                                                       \
        {0,                                                                                        \
         "version",                                                                                \
         LM_OPTION_FLAG,                                                                           \
         NULL,                                                                                     \
         NULL,                                                                                     \
         offsetof(struct lm_common, version),                                                      \
         "print the version and exit"},                                                            \
    {                                                                                              \
        0, "completion", LM_OPTION_TEXT, "SHELL", NULL, offsetof(struct lm_common, completion),    \
            "print the completion script for bash, zsh or fish and exit"                           \
    }
#define CLOCK_OPTIONS                                                                              \
    {                                                                                              \
        0, "now", LM_OPTION_INSTANT, "INSTANT", NULL, offsetof(struct lm_common, now),             \
            "take this for the present instant"                                                    \
    }
#define FILTER_OPTIONS                                                                             \
    {0,                                                                                            \
     "rejects",                                                                                    \
     LM_OPTION_FILE,                                                                               \
     "FILE",                                                                                       \
     NULL,                                                                                         \
     offsetof(struct lm_common, rejects),                                                          \
     "write a reject record to FILE for each rejected line"},                                      \
        {0,                                                                                        \
         "accept-rejects",                                                                         \
         LM_OPTION_FLAG,                                                                           \
         NULL,                                                                                     \
         NULL,                                                                                     \
         offsetof(struct lm_common, accept_rejects),                                               \
         "exit 0 in spite of rejected records"},                                                   \
        {0,                                                                                        \
         "strict",                                                                                 \
         LM_OPTION_FLAG,                                                                           \
         NULL,                                                                                     \
         NULL,                                                                                     \
         offsetof(struct lm_common, strict),                                                       \
         "stop at the first rejected line"},                                                       \
    {                                                                                              \
        0, "progress", LM_OPTION_FLAG, NULL, NULL, offsetof(struct lm_common, progress),           \
            "show the number of records on a terminal's standard error"                            \
    }
#define PARALLEL_OPTIONS                                                                           \
    {                                                                                              \
        'j', "jobs", LM_OPTION_NUMBER, "N", NULL, offsetof(struct lm_common, jobs),                \
            "work with N threads; without it, or with 0, one a processor"                          \
    }
#define END_OPTIONS                                                                                \
    { 0 }

const struct lm_option lm_basic_options[] = {BASIC_OPTIONS, END_OPTIONS};
const struct lm_option lm_clock_options[] = {CLOCK_OPTIONS, BASIC_OPTIONS, END_OPTIONS};
const struct lm_option lm_filter_options[] = {FILTER_OPTIONS, CLOCK_OPTIONS, BASIC_OPTIONS,
                                              END_OPTIONS};
const struct lm_option lm_parallel_options[] = {PARALLEL_OPTIONS, FILTER_OPTIONS, CLOCK_OPTIONS,
                                                BASIC_OPTIONS, END_OPTIONS};
