/*
 * The command line as people and scripts write it.
 */
#include "lib/base/option.h"

#include "lib/base/period.h"
#include "tests/unit/tap.h"

struct common {
    bool help;
    struct lm_instant_option now;
};

struct options {
    struct common common;
    bool all;
    const char *text;
    const char *file;
    const char *id;
    struct lm_list list;
    int64_t number;
    struct lm_month month;
    int word;
};

static const char *const words[] = {"offer", "bid", NULL};

static const struct lm_option own_table[] = {
    {'a', "all", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, all), "everything"},
    {'t', "text", LM_OPTION_TEXT, "TEXT", NULL, offsetof(struct options, text), "a text"},
    {0, "file", LM_OPTION_FILE, "FILE", NULL, offsetof(struct options, file), "a file"},
    {0, "id", LM_OPTION_ID, "ID", NULL, offsetof(struct options, id), "an id"},
    {'k', "list", LM_OPTION_LIST, "ITEM", NULL, offsetof(struct options, list), "an item"},
    {0, "number", LM_OPTION_NUMBER, "N", NULL, offsetof(struct options, number), "it's a number"},
    {0, "month", LM_OPTION_MONTH, "MONTH", NULL, offsetof(struct options, month), "a month"},
    {0, "word", LM_OPTION_WORD, "offer|bid", words, offsetof(struct options, word), "a [word]: it"},
    {0}};
static const struct lm_option common_table[] = {
    {'h', "help", LM_OPTION_FLAG, NULL, NULL, offsetof(struct common, help), "print this"},
    {0, "now", LM_OPTION_INSTANT, "INSTANT", NULL, offsetof(struct common, now), "the instant"},
    {0}};

static struct lm_program program = {
    .name = "lm-try",
    .purpose = "Tries options",
    .synopsis = "[options] [FILE…]",
    .options = own_table,
    .common = common_table,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

static struct options options;
static struct lm_list operands;
static struct lm_error error;

/* Parses the arguments behind the program's name, which end with NULL. */
static int parse(const char *const *arguments) {
    static char copies[16][64];
    char *argv[17];
    int argc = 0;
    lm_list_free(&options.list);
    lm_list_free(&operands);
    options = (struct options){.number = 30, .word = 1};
    error = (struct lm_error){0};
    (void)snprintf(copies[0], sizeof copies[0], "lm-try");
    argv[argc++] = copies[0];
    for (size_t i = 0; arguments[i]; i++) {
        (void)snprintf(copies[argc], sizeof copies[argc], "%s", arguments[i]);
        argv[argc] = copies[argc];
        argc++;
    }
    argv[argc] = NULL;
    return lm_options_parse(&program, argc, argv, &options, &operands, &error);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static bool same(const char *a, const char *b) {
    return a && b && strcmp(a, b) == 0;
}

static void test_good(void) {
    tap_ok(parse((const char *const[]){NULL}) == 0 && !options.all && !options.text &&
               options.number == 30 && options.word == 1 && operands.count == 0 &&
               !options.common.now.given,
           "nothing given keeps what was preset");
    tap_ok(PARSE("-a", "-t", "x", "--id", "u1") == 0 && options.all && same(options.text, "x") &&
               same(options.id, "u1"),
           "short and long");
    tap_ok(PARSE("-atx", "-hk1") == 0 && options.all && same(options.text, "x") &&
               options.common.help && options.list.count == 1,
           "short ones together");
    tap_ok(PARSE("--text=", "--file=-") == 0 && same(options.text, "") && same(options.file, "-"),
           "with an equals sign");
    tap_ok(PARSE("-a", "--all", "-aa", "--help", "-h") == 0 && options.all && options.common.help,
           "flags again and again");
    tap_ok(PARSE("-k", "1", "--list", "2", "--list=3") == 0 && options.list.count == 3 &&
               same(options.list.items[0], "1") && same(options.list.items[2], "3"),
           "a list in its order");
    tap_ok(PARSE("--numb", "0", "--wo", "offer") == 0 && options.number == 0 && options.word == 0,
           "long ones cut short");
    tap_ok(PARSE("--number", "9007199254740991", "--month", "2016-04") == 0 &&
               options.number == 9007199254740991 && options.month.year == 2016 &&
               options.month.month == 4,
           "numbers and months");
    tap_ok(PARSE("--now", "1970-01-01T00:00:00Z") == 0 && options.common.now.given &&
               options.common.now.instant_s == 0,
           "an instant, even the first");
    tap_ok(PARSE("a", "-a", "b") == 0 && options.all && operands.count == 2 &&
               same(operands.items[0], "a") && same(operands.items[1], "b"),
           "operands anywhere");
    tap_ok(PARSE("--", "-a", "--text") == 0 && !options.all && operands.count == 2 &&
               same(operands.items[0], "-a"),
           "-- ends options");
    tap_ok(PARSE("-", "-t", "-") == 0 && operands.count == 1 && same(operands.items[0], "-") &&
               same(options.text, "-"),
           "- is an operand, or an argument");
    tap_ok(PARSE("-t", "--all") == 0 && same(options.text, "--all") && !options.all,
           "an argument may look like an option");
}

static void is_usage(int result, const char *detail) {
    tap_ok(result == -1 && error.reason == LM_USAGE && strcmp(error.detail, detail) == 0, "%s%s%s",
           detail, strcmp(error.detail, detail) == 0 ? "" : " but got ",
           strcmp(error.detail, detail) == 0 ? "" : error.detail);
}

static void test_bad(void) {
    is_usage(PARSE("--nonsense"), "unknown option --nonsense");
    is_usage(PARSE("--nonsense=x"), "unknown option --nonsense=x");
    is_usage(PARSE("-x"), "unknown option -x");
    is_usage(PARSE("-axt"), "unknown option -x");
    tap_ok(PARSE("plain") == 0 && operands.count == 1,
           "nothing is left of a parse that failed in the middle of a word");
    is_usage(PARSE("-t"), "-t needs an argument");
    is_usage(PARSE("-at"), "-at needs an argument");
    is_usage(PARSE("--text"), "--text needs an argument");
    is_usage(PARSE("--all=yes"), "--all takes no argument");
    is_usage(PARSE("--number", "-1"), "--number: '-1' is not a whole number from 0 to 2^53-1");
    is_usage(PARSE("--number", "9007199254740992"),
             "--number: '9007199254740992' is not a whole number from 0 to 2^53-1");
    is_usage(PARSE("--number", "1.0"), "--number: '1.0' is not a whole number from 0 to 2^53-1");
    is_usage(PARSE("--number", ""), "--number: '' is not a whole number from 0 to 2^53-1");
    is_usage(PARSE("--id", "a b"), "--id: 'a b' is not an id (1 to 64 of A-Z a-z 0-9 . _ : -)");
    is_usage(PARSE("--id="), "--id: '' is not an id (1 to 64 of A-Z a-z 0-9 . _ : -)");
    is_usage(PARSE("--word", "ask"), "--word: 'ask' is not offer|bid");
    is_usage(PARSE("--month", "2016-13"), "--month: '2016-13' is not a month like 2016-04");
    is_usage(PARSE("--now", "now"), "--now: 'now' is not an instant like 2016-04-01T11:40:00Z");
    is_usage(PARSE("--text", "x", "--text", "x"), "--text is given twice");
    is_usage(PARSE("-tx", "--te=", "y"), "--text is given twice");
    is_usage(PARSE("--file", "", "--file", "f"), "--file is given twice");
    is_usage(PARSE("--id", "u1", "--id", "u2"), "--id is given twice");
    is_usage(PARSE("--number", "30", "--number", "30"), "--number is given twice");
    is_usage(PARSE("--month", "2016-04", "a", "--month", "2016-05"), "--month is given twice");
    is_usage(PARSE("--word", "bid", "--word", "offer"), "--word is given twice");
    is_usage(PARSE("--now", "1970-01-01T00:00:00Z", "--now", "1970-01-01T00:00:01Z"),
             "--now is given twice");
    program.operands = false;
    is_usage(PARSE("-a", "file"), "unexpected argument 'file'");
    program.operands = true;
}

static bool completes(const char *shell, const char *wanted) {
    struct lm_buffer out = {0};
    bool found = lm_options_completion(&program, shell, &out, &error) == 0;
    lm_buffer_byte(&out, '\0');
    found = found && lm_buffer_ok(&out) && strstr(out.data, wanted);
    lm_buffer_free(&out);
    return found;
}

static void test_texts(void) {
    struct lm_buffer out = {0};
    lm_options_help(&program, &out);
    lm_buffer_byte(&out, '\0');
    tap_is(out.data,
           "usage: lm-try [options] [FILE…]\n\nTries options.\n\n"
           "  -a, --all                   everything\n"
           "  -t, --text TEXT             a text\n"
           "      --file FILE             a file\n"
           "      --id ID                 an id\n"
           "  -k, --list ITEM             an item\n"
           "      --number N              it's a number\n"
           "      --month MONTH           a month\n"
           "      --word offer|bid        a [word]: it\n\n"
           "  -h, --help                  print this\n"
           "      --now INSTANT           the instant\n\n"
           "The manual is lm-try(1); lm(7) tells how the programs go together.\n",
           "the whole of --help");
    lm_buffer_free(&out);
    tap_ok(
        completes("bash", "--all --text --file --id --list --number --month --word --help --now"),
        "bash knows every option");
    tap_ok(completes("bash", "compgen -W 'offer bid'"), "bash knows the words");
    tap_ok(completes("zsh", "'--number[it'\\''s a number]:N:'"), "zsh gets quotes");
    tap_ok(completes("zsh", "'--word[a \\[word\\]\\: it]:offer|bid:(offer bid)'"),
           "zsh gets brackets and colons");
    tap_ok(completes("zsh", "'*-k[an item]:ITEM:'"), "zsh knows what may be repeated");
    tap_ok(completes("fish", "complete -c lm-try -l number -x -d 'it\\'s a number'"),
           "fish gets quotes");
    tap_ok(!completes("csh", "") && error.reason == LM_USAGE, "no other shell");
}

int main(void) {
    test_good();
    test_bad();
    test_texts();
    lm_list_free(&options.list);
    lm_list_free(&operands);
    return tap_done();
}
