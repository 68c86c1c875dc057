/*
 * Shell completions out of the option tables, the text that lands in completions/.
 */
#include <string.h>

#include "lib/base/option.h"

static bool completes_files(const struct lm_option *option) {
    return option->kind == LM_OPTION_FILE || option->kind == LM_OPTION_FILES;
}

/* Calls WRITE for each option, the program's own first. */
static void each_option(const struct lm_program *program, struct lm_buffer *out,
                        void (*write)(const struct lm_program *, const struct lm_option *,
                                      struct lm_buffer *)) {
    for (const struct lm_option *o = program->options; o->name; o++)
        write(program, o, out);
    for (const struct lm_option *o = program->common; o->name; o++)
        write(program, o, out);
}

static void words_of(const struct lm_option *option, struct lm_buffer *out) {
    for (size_t i = 0; option->words[i]; i++)
        lm_buffer_format(out, "%s%s", i ? " " : "", option->words[i]);
}

static void bash_name(const struct lm_program *program, const struct lm_option *option,
                      struct lm_buffer *out) {
    (void)program;
    lm_buffer_format(out, " --%s", option->name);
}

static void bash_case(const struct lm_program *program, const struct lm_option *option,
                      struct lm_buffer *out) {
    (void)program;
    if (option->kind == LM_OPTION_FLAG)
        return;
    lm_buffer_text(out, "    ");
    if (option->letter)
        lm_buffer_format(out, "-%c | ", option->letter);
    lm_buffer_format(out, "--%s)\n        ", option->name);
    if (option->kind == LM_OPTION_WORD) {
        lm_buffer_text(out, "mapfile -t COMPREPLY < <(compgen -W '");
        words_of(option, out);
        lm_buffer_text(out, "' -- \"$cur\")\n");
    } else if (completes_files(option)) {
        lm_buffer_text(out, "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
    } else {
        lm_buffer_text(out, "COMPREPLY=()\n");
    }
    lm_buffer_text(out, "        return\n        ;;\n");
}

/* lm-sign becomes _lm_sign: bash and zsh want a function's name. */
static void function_name(const struct lm_program *program, struct lm_buffer *out) {
    lm_buffer_byte(out, '_');
    for (const char *c = program->name; *c; c++)
        lm_buffer_byte(out, *c == '-' ? '_' : *c);
}

static void write_bash(const struct lm_program *program, struct lm_buffer *out) {
    lm_buffer_format(
        out, "# shellcheck shell=bash\n# Completion of %s, written from its option table.\n",
        program->name);
    function_name(program, out);
    lm_buffer_text(out, "() {\n    local cur=${COMP_WORDS[COMP_CWORD]} "
                        "prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
                        /* bash makes three words of --option=value */
                        "    if [[ $cur == = ]]; then\n        cur=\n"
                        "    elif [[ $prev == = ]]; then\n"
                        "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n    fi\n"
                        "    case $prev in\n");
    each_option(program, out, bash_case);
    lm_buffer_text(out, "    *) ;;\n    esac\n    if [[ $cur == -* ]]; then\n"
                        "        mapfile -t COMPREPLY < <(compgen -W '");
    struct lm_buffer names = {0};
    each_option(program, &names, bash_name);
    if (names.size > 0)
        lm_buffer_bytes(out, names.data + 1, names.size - 1);
    lm_buffer_free(&names);
    lm_buffer_text(out, "' -- \"$cur\")\n");
    if (program->operands)
        lm_buffer_text(out, "    else\n        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
    lm_buffer_text(out, "    fi\n}\ncomplete -o filenames -F ");
    function_name(program, out);
    lm_buffer_format(out, " %s\n", program->name);
}

/* Inside single quotes: a quote is left and entered again. zsh also reads [ ] and : in a spec. */
static void quoted(const char *text, const char *escape, struct lm_buffer *out) {
    for (const char *c = text; *c; c++) {
        if (*c == '\'')
            lm_buffer_text(out, "'\\''");
        else if (strchr(escape, *c))
            lm_buffer_format(out, "\\%c", *c);
        else
            lm_buffer_byte(out, *c);
    }
}

static void zsh_value(const struct lm_option *option, struct lm_buffer *out) {
    if (option->kind == LM_OPTION_FLAG)
        return;
    lm_buffer_byte(out, ':');
    quoted(option->argument, "[]:\\", out);
    lm_buffer_byte(out, ':');
    if (option->kind == LM_OPTION_WORD) {
        lm_buffer_byte(out, '(');
        words_of(option, out);
        lm_buffer_byte(out, ')');
    } else if (completes_files(option)) {
        lm_buffer_text(out, "_files");
    }
}

static void zsh_spec(const struct lm_program *program, const struct lm_option *option,
                     struct lm_buffer *out) {
    (void)program;
    for (int form = option->letter ? 0 : 1; form < 2; form++) {
        lm_buffer_text(out, " \\\n    '");
        if (lm_option_is_list(option))
            lm_buffer_byte(out, '*');
        if (form == 0)
            lm_buffer_format(out, "-%c[", option->letter);
        else
            lm_buffer_format(out, "--%s[", option->name);
        quoted(option->help, "[]:\\", out);
        lm_buffer_byte(out, ']');
        zsh_value(option, out);
        lm_buffer_byte(out, '\'');
    }
}

static void write_zsh(const struct lm_program *program, struct lm_buffer *out) {
    lm_buffer_format(out, "#compdef %s\n# Written from the option table of %s.\n_arguments -s -S",
                     program->name, program->name);
    each_option(program, out, zsh_spec);
    if (program->operands)
        lm_buffer_text(out, " \\\n    '*:file:_files'");
    lm_buffer_byte(out, '\n');
}

static void fish_line(const struct lm_program *program, const struct lm_option *option,
                      struct lm_buffer *out) {
    lm_buffer_format(out, "complete -c %s", program->name);
    if (option->letter)
        lm_buffer_format(out, " -s %c", option->letter);
    lm_buffer_format(out, " -l %s", option->name);
    if (option->kind == LM_OPTION_WORD) {
        lm_buffer_text(out, " -x -a '");
        words_of(option, out);
        lm_buffer_byte(out, '\'');
    } else if (completes_files(option)) {
        lm_buffer_text(out, " -r -F");
    } else if (option->kind != LM_OPTION_FLAG) {
        lm_buffer_text(out, " -x");
    }
    lm_buffer_text(out, " -d '");
    /* fish, too, ends a quoted string at a quote, but escapes it with a backslash. */
    for (const char *c = option->help; *c; c++) {
        if (*c == '\'' || *c == '\\')
            lm_buffer_byte(out, '\\');
        lm_buffer_byte(out, *c);
    }
    lm_buffer_text(out, "'\n");
}

static void write_fish(const struct lm_program *program, struct lm_buffer *out) {
    lm_buffer_format(out, "# Written from the option table of %s.\n", program->name);
    if (!program->operands)
        lm_buffer_format(out, "complete -c %s -f\n", program->name);
    each_option(program, out, fish_line);
}

int lm_options_completion(const struct lm_program *program, const char *shell,
                          struct lm_buffer *out, struct lm_error *error) {
    static const struct {
        const char *shell;
        void (*write)(const struct lm_program *, struct lm_buffer *);
    } writers[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        if (strcmp(writers[i].shell, shell) == 0) {
            writers[i].write(program, out);
            return 0;
        }
    }
    return lm_fail(error, LM_USAGE, "--completion: '%s' is not bash, zsh or fish", shell);
}
