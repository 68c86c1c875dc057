/*
 * Programs of several commands: the first operand says which, and each takes some of the options.
 *
 *     static const struct lm_command commands[] = {
 *         {"append", append_command, " key origin "}, ..., {0}};
 *     struct options options = defaults;
 *     lm_run_start(&run, &program, argc, argv, &options);
 *     const struct lm_command *command = lm_command_take(&run, commands, &defaults);
 *     command->run(&run);
 */
#ifndef LM_CMD_COMMAND_H
#define LM_CMD_COMMAND_H

#include "cmd/run.h"

/* A table of them ends with one without a name. */
struct lm_command {
    const char *name;
    void (*run)(struct lm_run *run); /* the options are run->options */
    const char *options; /* those that it takes beside the common ones, each in spaces */
};

/* The command that the first operand names, which is taken away. Usage error where there is none,
 * or where an option is given that it does not take: one that differs from DEFAULTS, the program's
 * options struct before the command line. */
const struct lm_command *lm_command_take(struct lm_run *run, const struct lm_command *commands,
                                         const void *defaults) LM_NONNULL;

/* The next operand, which is taken away from the others; NULL where there is none. */
const char *lm_operand_take(struct lm_run *run) LM_NONNULL;
/* The same for one that must be there: WHAT names it. */
const char *lm_operand_need(struct lm_run *run, const char *what) LM_NONNULL;
/* Usage error where operands are left. */
void lm_operand_no_more(struct lm_run *run) LM_NONNULL;

#endif
