/*
 * Any bytes as a command line: arguments that end in NULs. Values are only taken where they are of
 * their option's kind, and nothing is lost: every argument is an option, a value or an operand.
 */
#include "lib/base/id.h"
#include "lib/base/limits.h"
#include "lib/base/option.h"
#include "lib/base/period.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define ARGUMENTS_MAX 32

static const char *const words[] = {"one", "two", NULL};

struct common {
    bool help;
    struct lm_instant_option now;
};

struct options {
    bool flag;
    const char *text;
    const char *file;
    const char *id;
    struct lm_list list;
    struct lm_list files;
    int64_t number;
    struct lm_month month;
    int word;
    struct common common;
};

#define ROW(letter, name, kind, words, field)                                                      \
    { letter, name, LM_OPTION_##kind, "X", words, offsetof(struct options, field), "" }

static const struct lm_option own[] = {
    ROW('f', "flag", FLAG, NULL, flag),       ROW('t', "text", TEXT, NULL, text),
    ROW(0, "file", FILE, NULL, file),         ROW('i', "id", ID, NULL, id),
    ROW(0, "list", LIST, NULL, list),         ROW('F', "files", FILES, NULL, files),
    ROW('n', "number", NUMBER, NULL, number), ROW(0, "month", MONTH, NULL, month),
    ROW('w', "word", WORD, words, word),      {0},
};
static const struct lm_option common[] = {
    {'h', "help", LM_OPTION_FLAG, NULL, NULL, offsetof(struct common, help), ""},
    {0, "now", LM_OPTION_INSTANT, "X", NULL, offsetof(struct common, now), ""},
    {0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct lm_program program = {.name = "lm-fuzz",
                                 .purpose = "Fuzz",
                                 .synopsis = "",
                                 .options = own,
                                 .common = common,
                                 .common_offset = offsetof(struct options, common),
                                 .operands = size % 2};
    struct options options = {.number = 7, .word = -1};
    struct lm_list operands = {0};
    struct lm_error error;
    char name[] = "lm-fuzz";
    char *arguments[ARGUMENTS_MAX + 2] = {name};
    int count = 1;
    char *text = malloc(size + 1);
    HOLDS(text);
    memcpy(text, data, size);
    text[size] = '\0';
    for (size_t at = 0; at < size && count <= ARGUMENTS_MAX; at += strlen(text + at) + 1)
        arguments[count++] = text + at;
    if (lm_options_parse(&program, count, arguments, &options, &operands, &error) == 0) {
        HOLDS(!options.id || lm_id_valid(options.id, strlen(options.id)));
        HOLDS(options.number >= 0 && options.number <= LM_INTEGER_MAX);
        HOLDS(options.word >= -1 && options.word < 2);
        HOLDS(options.month.month >= 0 && options.month.month <= 12);
        HOLDS(program.operands || operands.count == 0);
        HOLDS(operands.count + options.list.count + options.files.count < (size_t)count);
    } else {
        HOLDS(error.reason == LM_USAGE && error.detail[0]);
    }
    lm_list_free(&options.list);
    lm_list_free(&options.files);
    lm_list_free(&operands);
    free(text);
    return 0;
}
