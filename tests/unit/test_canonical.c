/*
 * RFC 8785: its own examples, and the public test data of its author where present.
 */
#include "lib/record/canonical.h"

#include <stdlib.h>

#include "lib/record/record.h"
#include "tests/unit/tap.h"

/* The canonical form of TEXT with a NUL behind it, or the word of why there is none. */
static char *canonical(const char *text, size_t size) {
    struct lm_error error;
    struct lm_buffer out = {0};
    json_t *json = lm_json_parse(text, size, &error);
    if (!json)
        return strdup(lm_reason_word(error.reason));
    lm_canonical(json, NULL, &out);
    lm_buffer_byte(&out, '\0');
    json_decref(json);
    if (!lm_buffer_ok(&out))
        abort();
    return out.data;
}

static void is_canonical(const char *text, const char *wanted, const char *name) {
    char *got = canonical(text, strlen(text));
    tap_is(got, wanted, name);
    free(got);
}

static void test_examples(void) {
    is_canonical("{\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
                 " \"literals\": [null, true, false]}",
                 "{\"literals\":[null,true,false],"
                 "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}",
                 "section 3.2.2, but for its numbers");
    is_canonical("{\"\\u20ac\": \"Euro Sign\", \"\\r\": \"Carriage Return\",\n"
                 " \"\\ufb33\": \"Hebrew Letter Dalet With Dagesh\", \"1\": \"One\",\n"
                 " \"\\ud83d\\ude00\": \"Emoji: Grinning Face\", \"\\u0080\": \"Control\",\n"
                 " \"\\u00f6\": \"Latin Small Letter O With Diaeresis\"}",
                 "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\","
                 "\"\xC3\xB6\":\"Latin Small Letter O With Diaeresis\","
                 "\"\xE2\x82\xAC\":\"Euro Sign\",\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\","
                 "\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}",
                 "section 3.2.3");
    is_canonical("\"\\u0000\"", "nul", "U+0000 cannot be");
    is_canonical("[\"\\u0001\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f\\u007f\"]",
                 "[\"\\u0001\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f\x7F\"]",
                 "the five short escapes, lower case hex, and no escape of DEL");
    is_canonical(" [ 0 , -0 , 1 , -1 , 9007199254740991 , -9007199254740991 ] ",
                 "[0,0,1,-1,9007199254740991,-9007199254740991]", "integers");
    is_canonical("{\"b\":{\"z\":[{\"y\":1,\"x\":2}],\"a\":{}},\"a\":[]}",
                 "{\"a\":[],\"b\":{\"a\":{},\"z\":[{\"x\":2,\"y\":1}]}}", "nested objects");
    is_canonical("{\"aa\":1,\"a\":2,\"\":3,\"A\":4}", "{\"\":3,\"A\":4,\"a\":2,\"aa\":1}",
                 "a name before those that it begins");
}

/* A hundred names, in reverse: more than are sorted by insertion. */
static void test_many_names(void) {
    struct lm_buffer text = {0};
    struct lm_buffer wanted = {0};
    lm_buffer_byte(&text, '{');
    lm_buffer_byte(&wanted, '{');
    for (int i = 0; i < 100; i++) {
        lm_buffer_format(&text, "%s\"n%02d\":%d", i ? "," : "", 99 - i, i);
        lm_buffer_format(&wanted, "%s\"n%02d\":%d", i ? "," : "", i, 99 - i);
    }
    lm_buffer_text(&text, "}");
    lm_buffer_text(&wanted, "}");
    lm_buffer_byte(&wanted, '\0');
    char *got = canonical(text.data, text.size);
    tap_is(got, wanted.data, "a hundred names");
    free(got);
    lm_buffer_free(&text);
    lm_buffer_free(&wanted);
}

/* Leaves the outermost sig and proof out, and none within. */
static void test_without(void) {
    static const char *const without[] = {"sig", "proof", NULL};
    struct lm_buffer out = {0};
    json_t *json = json_loads("{\"sig\":1,\"proof\":2,\"a\":{\"sig\":3}}", 0, NULL);
    lm_canonical(json, without, &out);
    tap_ok(out.size == 15 && memcmp(out.data, "{\"a\":{\"sig\":3}}", 15) == 0,
           "outermost members are left out");
    json_decref(json);
    lm_buffer_free(&out);
}

static void test_refused(void) {
    static const struct {
        const char *text;
        const char *word;
    } table[] = {
        {"1.0", "real"},
        {"[1e2]", "real"},
        {"[-0.0]", "real"},
        {"1E400", "real"},
        {"9007199254740992", "integer_range"},
        {"-9007199254740992", "integer_range"},
        {"123456789012345678901234567890", "integer_range"},
        {"{\"a\":1,\"a\":1}", "duplicate_name"},
        {"{\"b\":{\"a\":1,\"\\u0061\":2}}", "duplicate_name"},
        {"\"\\uFFFE\"", "noncharacter"},
        {"\"\xEF\xBF\xBF\"", "noncharacter"},
        {"\"\\uFDD0\"", "noncharacter"},
        {"\"\\uFDEF\"", "noncharacter"},
        {"\"\xF0\x9F\xBF\xBE\"", "noncharacter"},
        {"\"\xF4\x8F\xBF\xBF\"", "noncharacter"},
        {"{\"\\uFDD0\":1}", "noncharacter"},
        {"{\"a\\u0000b\":1}", "nul"},
        {"\"\\ud800\"", "json"},
        {"\"\\udc00\\ud800\"", "json"},
        {"", "json"},
        {"{", "json"},
        {"{} {}", "json"},
        {"{}x", "json"},
        {"{\"a\":1,}", "json"},
        {"[1,]", "json"},
        {"{'a':1}", "json"},
        {"{a:1}", "json"},
        {"\"\t\"", "json"},
        {"01", "json"},
        {"+1", "json"},
        {"NaN", "json"},
        {"Infinity", "json"},
        {"// comment\n1", "json"},
        {"\xEF\xBB\xBF{}", "json"}, /* a byte order mark */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *got = canonical(table[i].text, strlen(table[i].text));
        tap_ok(strcmp(got, table[i].word) == 0, "refusals, row %zu: %s%s%s", i, table[i].word,
               strcmp(got, table[i].word) == 0 ? "" : " but got ",
               strcmp(got, table[i].word) == 0 ? "" : got);
        free(got);
    }
    static const char *const good[] = {"\"\\uFDCF\"", "\"\\uFDF0\"", "\"\\uFFFD\"",
                                       "\"\xF0\x9F\xBF\xBD\"", "\"\\ud83d\\ude00\""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *got = canonical(good[i], strlen(good[i]));
        tap_ok(got[0] == '"', "beside the noncharacters, row %zu", i);
        free(got);
    }
}

static void nest(int depth, const char *inside, struct lm_buffer *text) {
    for (int i = 0; i < depth; i++)
        lm_buffer_text(text, i % 2 ? "{\"a\":" : "[");
    lm_buffer_text(text, inside);
    for (int i = depth - 1; i >= 0; i--)
        lm_buffer_byte(text, i % 2 ? '}' : ']');
}

static void test_depth(void) {
    static const struct {
        int depth;
        const char *word; /* NULL: it passes */
    } table[] = {{32, NULL}, {33, "depth"}, {2000, "depth"}, {30000, "depth"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lm_buffer text = {0};
        nest(table[i].depth, "1", &text);
        char *got = canonical(text.data, text.size);
        bool same = table[i].word
                        ? strcmp(got, table[i].word) == 0
                        : strlen(got) == text.size && memcmp(got, text.data, text.size) == 0;
        tap_ok(same, "%d levels", table[i].depth);
        free(got);
        lm_buffer_free(&text);
    }
}

/* A record that another holds is as deep as it may be by itself; one more is too deep, and so is
 * what only looks like that. */
static void test_depth_held(void) {
    static const struct {
        const char *around[4]; /* what comes before each record inside; ends with NULL */
        int depth;
        const char *word;
    } table[] = {
        {{"{\"type\":\"entry\",\"record\":"}, 32, NULL},
        {{"{\"type\":\"entry\",\"record\":"}, 33, "depth"},
        {{"{\"type\":\"claim\",\"receipt\":"}, 32, NULL},
        {{"{\"type\":\"exhibit\",\"entry\":", "{\"type\":\"entry\",\"record\":",
          "{\"type\":\"claim\",\"record\":"},
         32,
         NULL},
        {{"{\"type\":\"order\",\"record\":"}, 31, NULL},
        {{"{\"type\":\"order\",\"record\":"}, 32, "depth"},
        {{"{\"type\":\"entry\",\"x_\":"}, 32, "depth"},
        {{"{\"type\":\"entry\",\"record\":", "{\"x_\":", "{\"type\":\"entry\",\"record\":"},
         30,
         NULL},
        {{"{\"type\":\"entry\",\"record\":", "{\"x_\":", "{\"type\":\"entry\",\"record\":"},
         31,
         "depth"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lm_buffer text = {0};
        struct lm_error error;
        size_t count = 0;
        for (; table[i].around[count]; count++)
            lm_buffer_text(&text, table[i].around[count]);
        nest(table[i].depth, "1", &text);
        for (size_t k = 0; k < count; k++)
            lm_buffer_byte(&text, '}');
        json_t *json = lm_json_parse(text.data, text.size, &error);
        const char *word = json ? NULL : lm_reason_word(error.reason);
        tap_ok(!word == !table[i].word && (!word || strcmp(word, table[i].word) == 0),
               "%d levels in %s…", table[i].depth, table[i].around[0]);
        json_decref(json);
        lm_buffer_free(&text);
    }
    /* Holding is no way to any depth. */
    struct lm_buffer text = {0};
    struct lm_error error;
    for (int i = 0; i < 64; i++)
        lm_buffer_text(&text, "{\"type\":\"entry\",\"record\":");
    lm_buffer_byte(&text, '1');
    for (int i = 0; i < 64; i++)
        lm_buffer_byte(&text, '}');
    tap_ok(!lm_json_parse(text.data, text.size, &error) && error.reason == LM_DEPTH,
           "entries in entries without end");
    lm_buffer_free(&text);
}

static char *slurp(const char *folder, const char *part, const char *name) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/jcs-rfc8785/testdata/%s/%s.json", folder, part, name);
    FILE *file = fopen(path, "rbe");
    if (!file)
        return NULL;
    char *text = calloc(1, 65536);
    if (!text || fread(text, 1, 65535, file) == 0)
        abort();
    (void)fclose(file);
    return text;
}

/* Takes CUT out of TEXT and puts PUT, which is not longer, in its place. */
static bool replace(char *text, const char *cut, const char *put) {
    char *at = strstr(text, cut);
    if (!at)
        return false;
    memmove(at + strlen(put), at + strlen(cut), strlen(at + strlen(cut)) + 1);
    memcpy(at, put, strlen(put));
    return true;
}

static void test_vectors(void) {
    /* Records hold no reals: files with them must be refused, and match once they are taken out. */
    static const struct {
        const char *name;
        const char *cut_input;
        const char *cut_output;
        const char *put;
    } files[] = {
        {"arrays", NULL, NULL, NULL},
        {"french", NULL, NULL, NULL},
        {"unicode", NULL, NULL, NULL},
        {"weird", NULL, NULL, NULL},
        {"structures", "56.0", "56", "7"},
        {"values", "[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]",
         "[333333333.3333333,1e+30,4.5,0.002,1e-27]", "[]"},
    };
    const char *folder = getenv("LM_VECTORS");
    if (!folder)
        folder = "../shared/vectors";
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "public test data: %s", files[i].name);
        char *input = slurp(folder, "input", files[i].name);
        char *output = slurp(folder, "output", files[i].name);
        if (!input || !output) {
            tap_skip(name, "not on this machine (set LM_VECTORS)");
        } else {
            if (files[i].cut_input) {
                char *refused = canonical(input, strlen(input));
                tap_is(refused, "real", "public test data with reals is refused");
                free(refused);
                tap_ok(replace(input, files[i].cut_input, files[i].put) &&
                           replace(output, files[i].cut_output, files[i].put),
                       "its reals are taken out");
            }
            char *got = canonical(input, strlen(input));
            tap_is(got, output, name);
            free(got);
        }
        free(input);
        free(output);
    }
}

static void test_nul(void) {
    static const char *const texts[] = {"{}\0{}", "{}\0!!!!", "\0{}!!!!", "5\0!!!!!!!",
                                        "[1,\0!!!!!"};
    bool refused = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t size = i == 0 ? 5 : 6;
        char *got = canonical(texts[i], size);
        refused = refused && strcmp(got, "nul") == 0;
        free(got);
    }
    tap_ok(refused, "a NUL ends no text, wherever it stands");
}

int main(void) {
    test_nul();
    test_examples();
    test_many_names();
    test_without();
    test_refused();
    test_depth();
    test_depth_held();
    test_vectors();
    return tap_done();
}
