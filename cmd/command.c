#include "cmd/command.h"

#include <stdio.h>
#include <string.h>

const char *lm_operand_take(struct lm_run *run) {
    if (run->operands.count == 0)
        return NULL;
    const char *operand = run->operands.items[0];
    run->operands.count--;
    memmove(run->operands.items, run->operands.items + 1,
            run->operands.count * sizeof *run->operands.items);
    return operand;
}

const char *lm_operand_need(struct lm_run *run, const char *what) {
    const char *operand = lm_operand_take(run);
    if (!operand)
        lm_run_usage(run, "say which %s", what);
    return operand;
}

void lm_operand_no_more(struct lm_run *run) {
    if (run->operands.count > 0)
        lm_run_usage(run, "unexpected argument '%s'", run->operands.items[0]);
}

static bool is_given(const struct lm_option *option, const char *options, const char *defaults) {
    static const size_t sizes[] = {
        [LM_OPTION_FLAG] = sizeof(bool),
        [LM_OPTION_TEXT] = sizeof(const char *),
        [LM_OPTION_FILE] = sizeof(const char *),
        [LM_OPTION_ID] = sizeof(const char *),
        [LM_OPTION_LIST] = sizeof(struct lm_list),
        [LM_OPTION_FILES] = sizeof(struct lm_list),
        [LM_OPTION_NUMBER] = sizeof(int64_t),
        [LM_OPTION_INSTANT] = sizeof(bool), /* given, its first member */
        [LM_OPTION_MONTH] = sizeof(struct lm_month),
        [LM_OPTION_WORD] = sizeof(int),
    };
    return memcmp(options + option->offset, defaults + option->offset, sizes[option->kind]) != 0;
}

static void refuse_other_options(struct lm_run *run, const struct lm_command *command,
                                 const void *defaults) {
    for (const struct lm_option *option = run->program->options; option->name; option++) {
        char word[32];
        (void)snprintf(word, sizeof word, " %s ", option->name);
        if (is_given(option, run->options, defaults) && !strstr(command->options, word))
            lm_run_usage(run, "--%s does not go with %s", option->name, command->name);
    }
}

static _Noreturn void ask_which(struct lm_run *run, const struct lm_command *commands) {
    struct lm_buffer names = {0};
    for (size_t i = 0; commands[i].name; i++) {
        lm_buffer_text(&names, i == 0 ? "" : commands[i + 1].name ? ", " : " or ");
        lm_buffer_text(&names, commands[i].name);
    }
    lm_buffer_byte(&names, '\0');
    lm_run_usage(run, "say what: %s", lm_buffer_ok(&names) ? names.data : "which command");
}

const struct lm_command *lm_command_take(struct lm_run *run, const struct lm_command *commands,
                                         const void *defaults) {
    const char *name = lm_operand_take(run);
    const struct lm_command *command = commands;
    while (name && command->name && strcmp(command->name, name) != 0)
        command++;
    if (!name || !command->name)
        ask_which(run, commands);
    refuse_other_options(run, command, defaults);
    return command;
}
