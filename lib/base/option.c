#include "lib/base/option.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/decimal.h"
#include "lib/base/id.h"
#include "lib/base/limits.h"
#include "lib/base/period.h"

#define OPTIONS_MAX 64

int lm_list_add(struct lm_list *list, const char *item, struct lm_error *error) {
    const char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return lm_fail_memory(error);
    list->items = items;
    list->items[list->count++] = item;
    return 0;
}

void lm_list_free(struct lm_list *list) {
    free(list->items);
    *list = (struct lm_list){0};
}

bool lm_option_is_list(const struct lm_option *option) {
    return option->kind == LM_OPTION_LIST || option->kind == LM_OPTION_FILES;
}

static int bad_value(const struct lm_option *option, const char *text, const char *wanted,
                     struct lm_error *error) {
    return lm_fail(error, LM_USAGE, "--%s: '%s' is not %s", option->name, text, wanted);
}

static int store(const struct lm_option *option, const char *text, void *target,
                 struct lm_error *error) {
    size_t size = text ? strlen(text) : 0;
    switch (option->kind) {
    case LM_OPTION_FLAG:
        *(bool *)target = true;
        return 0;
    case LM_OPTION_ID:
        if (!lm_id_valid(text, size))
            return bad_value(option, text, "an id (1 to 64 of A-Z a-z 0-9 . _ : -)", error);
        *(const char **)target = text;
        return 0;
    case LM_OPTION_TEXT:
    case LM_OPTION_FILE:
        *(const char **)target = text;
        return 0;
    case LM_OPTION_LIST:
    case LM_OPTION_FILES:
        return lm_list_add(target, text, error);
    case LM_OPTION_NUMBER: {
        lm_i128 value;
        if (!lm_decimal_parse(text, size, 0, &value) || value < 0 || value > LM_INTEGER_MAX)
            return bad_value(option, text, "a whole number from 0 to 2^53-1", error);
        *(int64_t *)target = (int64_t)value;
        return 0;
    }
    case LM_OPTION_INSTANT: {
        struct lm_instant_option *instant = target;
        if (!lm_instant_parse(text, size, &instant->instant_s))
            return bad_value(option, text, "an instant like 2016-04-01T11:40:00Z", error);
        instant->given = true;
        return 0;
    }
    case LM_OPTION_MONTH:
        if (!lm_month_parse(text, size, target))
            return bad_value(option, text, "a month like 2016-04", error);
        return 0;
    case LM_OPTION_WORD:
        for (int i = 0; option->words[i]; i++) {
            if (strcmp(option->words[i], text) == 0) {
                *(int *)target = i;
                return 0;
            }
        }
        return bad_value(option, text, option->argument, error);
    }
    return lm_fail(error, LM_DEFECT, "option kind %d", (int)option->kind);
}

/* getopt_long's tables for the program's options followed by the common ones. */
struct getopt_tables {
    const struct lm_option *options[OPTIONS_MAX];
    bool given[OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 1];
    char shorts[2 * OPTIONS_MAX + 3];
    size_t own; /* so many of the options are the program's */
    size_t count;
};

static void build_tables(const struct lm_program *program, struct getopt_tables *tables) {
    char *at = tables->shorts;
    *at++ = ':'; /* a missing argument is told from an unknown option */
    for (const struct lm_option *o = program->options; o->name; o++)
        tables->options[tables->count++] = o;
    tables->own = tables->count;
    for (const struct lm_option *o = program->common; o->name; o++)
        tables->options[tables->count++] = o;
    for (size_t i = 0; i < tables->count; i++) {
        const struct lm_option *option = tables->options[i];
        bool argument = option->kind != LM_OPTION_FLAG;
        tables->longs[i] = (struct option){
            .name = option->name,
            .has_arg = argument ? required_argument : no_argument,
            .val = 256 + (int)i,
        };
        if (option->letter) {
            *at++ = option->letter;
            if (argument)
                *at++ = ':';
        }
    }
    *at = '\0';
}

static const struct lm_option *find_letter(const struct getopt_tables *tables, int letter,
                                           size_t *index) {
    for (size_t i = 0; i < tables->count; i++) {
        if (tables->options[i]->letter == letter) {
            *index = i;
            return tables->options[i];
        }
    }
    return NULL;
}

int lm_options_parse(const struct lm_program *program, int argc, char **argv, void *values,
                     struct lm_list *operands, struct lm_error *error) {
    struct getopt_tables tables = {0};
    build_tables(program, &tables);
    opterr = 0;
    optind = 0; /* forgets where an earlier parse stopped, too */
    int found;
    while ((found = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1) {
        if (found == ':')
            return lm_fail(error, LM_USAGE, "%s needs an argument", argv[optind - 1]);
        if (found == '?') {
            if (optopt >= 256)
                return lm_fail(error, LM_USAGE, "--%s takes no argument",
                               tables.options[optopt - 256]->name);
            if (optopt)
                return lm_fail(error, LM_USAGE, "unknown option -%c", optopt);
            return lm_fail(error, LM_USAGE, "unknown option %s", argv[optind - 1]);
        }
        size_t index = (size_t)found - 256;
        const struct lm_option *option =
            found < 256 ? find_letter(&tables, found, &index) : tables.options[index];
        size_t base = index < tables.own ? 0 : program->common_offset;
        if (!option)
            return lm_fail(error, LM_DEFECT, "option %d", found);
        /* Of two values one would be passed over without a word; a flag again says nothing new. */
        if (tables.given[index] && option->kind != LM_OPTION_FLAG && !lm_option_is_list(option))
            return lm_fail(error, LM_USAGE, "--%s is given twice", option->name);
        tables.given[index] = true;
        if (store(option, optarg, (char *)values + base + option->offset, error) < 0)
            return -1;
    }
    if (optind < argc && !program->operands)
        return lm_fail(error, LM_USAGE, "unexpected argument '%s'", argv[optind]);
    for (int i = optind; i < argc; i++) {
        if (lm_list_add(operands, argv[i], error) < 0)
            return -1;
    }
    return 0;
}

static void help_table(const struct lm_option *options, struct lm_buffer *out) {
    for (const struct lm_option *option = options; option->name; option++) {
        size_t before = out->size;
        if (option->letter)
            lm_buffer_format(out, "  -%c, ", option->letter);
        else
            lm_buffer_text(out, "      ");
        lm_buffer_format(out, "--%s", option->name);
        if (option->argument)
            lm_buffer_format(out, " %s", option->argument);
        size_t width = out->size - before;
        lm_buffer_format(out, "%*s%s\n", width < 30 ? (int)(30 - width) : 2, "", option->help);
    }
}

void lm_options_help(const struct lm_program *program, struct lm_buffer *out) {
    lm_buffer_format(out, "usage: %s %s\n\n%s.\n\n", program->name, program->synopsis,
                     program->purpose);
    help_table(program->options, out);
    if (program->options->name)
        lm_buffer_byte(out, '\n');
    help_table(program->common, out);
    lm_buffer_format(out, "\nThe manual is %s(1); lm(7) tells how the programs go together.\n",
                     program->name);
}
