/*
 * Price rules against numbers worked by hand, and what becomes of rejected lines.
 */
#include <stdlib.h>

#include "lib/record/price_rule.h"
#include "lib/record/record.h"
#include "lib/record/reject.h"
#include "tests/unit/tap.h"

static void test_price_rule(void) {
    static const struct {
        const char *text;
        int64_t k_micro; /* -1: refused */
        const char *spelled;
    } spellings[] = {
        {"midpoint", 500000, "midpoint"},
        {"low", 0, "low"},
        {"high", 1000000, "high"},
        {"k=0.25", 250000, "k=0.25"},
        {"k=0.250000", 250000, "k=0.25"},
        {"k=0.5", 500000, "midpoint"},
        {"k=0.50", 500000, "midpoint"},
        {"k=0", 0, "low"},
        {"k=1", 1000000, "high"},
        {"k=0.000001", 1, "k=0.000001"},
        {"k=0.999999", 999999, "k=0.999999"},
        {"k=1.000001", -1, NULL},
        {"k=2", -1, NULL},
        {"k=-0.5", -1, NULL},
        {"k=0.1234567", -1, NULL},
        {"k=", -1, NULL},
        {"k=.5", -1, NULL},
        {"k=0,5", -1, NULL},
        {"K=0.5", -1, NULL},
        {"k 0.5", -1, NULL},
        {"0.5", -1, NULL},
        {"", -1, NULL},
        {"Midpoint", -1, NULL},
        {"mid", -1, NULL},
        {"lowest", -1, NULL},
        {"low ", -1, NULL},
    };
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        struct lm_price_rule rule = {-2};
        char text[LM_PRICE_RULE_SIZE] = "";
        bool parsed = lm_price_rule_parse(spellings[i].text, strlen(spellings[i].text), &rule);
        bool good = !spellings[i].spelled;
        if (parsed && spellings[i].spelled) {
            lm_price_rule_format(rule, text);
            good = rule.k_micro == spellings[i].k_micro && strcmp(text, spellings[i].spelled) == 0;
        } else {
            good = good && !parsed;
        }
        tap_ok(good, "price rule '%s'%s", spellings[i].text, parsed ? "" : " is refused");
    }

    static const struct {
        int64_t k_micro;
        int64_t low_micro;
        int64_t high_micro;
        int64_t wanted_micro;
    } prices[] = {
        {500000, 10000000, 20000000, 15000000},
        {500000, 10000000, 10000000, 10000000},
        {500000, 0, 1, 0},    /* 0.5 */
        {500000, 1, 2, 2},    /* 1.5 */
        {500000, 2, 3, 2},    /* 2.5 */
        {500000, 3, 4, 4},    /* 3.5 */
        {500000, 0, 3, 2},    /* 1.5 */
        {500000, -1, 0, 0},   /* -0.5 */
        {500000, -2, -1, -2}, /* -1.5 */
        {500000, -3, -2, -2}, /* -2.5 */
        {500000, -4, -3, -4}, /* -3.5 */
        {500000, -3, 4, 0},   /* 0.5 */
        {500000, -4, 3, 0},   /* -0.5 */
        {500000, -1, 4, 2},   /* 1.5 */
        {500000, -800000, 110000, -345000},
        {500000, INT64_MAX - 1, INT64_MAX, INT64_MAX - 1}, /* INT64_MAX is odd */
        {500000, -INT64_MAX, INT64_MAX, 0},
        {0, -5, 7, -5},
        {1000000, -5, 7, 7},
        {250000, 0, 2, 0},  /* 0.5 */
        {250000, 0, 6, 2},  /* 1.5 */
        {250000, 0, 10, 2}, /* 2.5 */
        {250000, 100, 200, 125},
        {750000, 100, 200, 175},
        {250000, -200, -100, -175},
        {1, 0, 1000000, 1},
        {1, 0, 499999, 0},
        {1, 0, 500000, 0}, /* 0.5 */
        {1, 0, 500001, 1},
        {333333, 0, 3, 1}, /* 0.999999 */
    };
    for (size_t i = 0; i < sizeof prices / sizeof *prices; i++) {
        struct lm_price_rule rule = {prices[i].k_micro};
        int64_t got_micro = lm_price_rule_apply(rule, prices[i].low_micro, prices[i].high_micro);
        tap_ok(got_micro == prices[i].wanted_micro, "k %lld of [%lld, %lld] is %lld",
               (long long)prices[i].k_micro, (long long)prices[i].low_micro,
               (long long)prices[i].high_micro, (long long)prices[i].wanted_micro);
    }
}

/* The reject record of LINE, refused for what its parser says, with a NUL behind it. */
static char *reject(const char *line, size_t size) {
    struct lm_record record;
    struct lm_error error;
    struct lm_buffer out = {0};
    if (lm_record_parse(line, size, &record, &error) == 0) {
        lm_record_free(&record);
        lm_fail(&error, LM_LATE, "too late");
    }
    lm_reject_write("lm-try", 7, line, size, &error, &out);
    lm_buffer_byte(&out, '\0');
    if (!lm_buffer_ok(&out))
        abort();
    return out.data;
}

static void is_reject(const char *line, const char *wanted, const char *name) {
    char *got = reject(line, strlen(line));
    tap_is(got, wanted, name);
    free(got);
}

static void test_reject_texts(void) {
    is_reject("{ \"type\": \"what\", \"a\": 1 }",
              "{\"detail\":\"unknown type 'what'\",\"line\":7,\"program\":\"lm-try\","
              "\"reason\":\"unknown_type\",\"record\":{\"a\":1,\"type\":\"what\"},"
              "\"type\":\"reject\",\"v\":1}",
              "an object is kept as a record");
    is_reject("[1]",
              "{\"detail\":\"not a JSON object\",\"line\":7,\"program\":\"lm-try\","
              "\"reason\":\"not_object\",\"text\":\"[1]\",\"type\":\"reject\",\"v\":1}",
              "what is no object is kept as text");
    struct lm_error error;
    struct lm_buffer out = {0};
    lm_fail(&error, LM_EMPTY, "empty line");
    lm_reject_write("lm-try", 1, "", 0, &error, &out);
    lm_buffer_byte(&out, '\0');
    tap_is(out.data,
           "{\"detail\":\"empty line\",\"line\":1,\"program\":\"lm-try\",\"reason\":\"empty\","
           "\"text\":\"\",\"type\":\"reject\",\"v\":1}",
           "an empty line is empty text");
    lm_buffer_reset(&out);
    lm_reject_write("lm-try", 1, NULL, 0, &error, &out);
    lm_buffer_byte(&out, '\0');
    tap_is(out.data,
           "{\"detail\":\"empty line\",\"line\":1,\"program\":\"lm-try\",\"reason\":\"empty\","
           "\"type\":\"reject\",\"v\":1}",
           "a line that is gone leaves no text");
    lm_buffer_reset(&out);
    lm_fail(&error, LM_UTF8, "near '\xFF\x1B[2J\xEF\xBF\xBE'");
    error.offset = 3;
    lm_reject_write("lm-try", 1, "a\0\xC3", 3, &error, &out);
    lm_buffer_byte(&out, '\0');
    tap_is(out.data,
           "{\"detail\":\"near '\xEF\xBF\xBD\\u001b[2J\xEF\xBF\xBD'\",\"line\":1,\"offset\":3,"
           "\"program\":\"lm-try\",\"reason\":\"utf8\",\"text\":\"a\xEF\xBF\xBD\xEF\xBF\xBD\","
           "\"type\":\"reject\",\"v\":1}",
           "what is no character becomes U+FFFD");
    lm_buffer_free(&out);
}

/* A reject of a reject of a reject …: each must be a record. */
static bool parses_back(const char *line, size_t size) {
    char *first = reject(line, size);
    bool good = true;
    for (int i = 0; i < 40 && good; i++) {
        struct lm_record record;
        struct lm_error error;
        good = strlen(first) <= 65536 && strchr(first, '\n') == NULL &&
               lm_record_parse(first, strlen(first), &record, &error) == 0 &&
               record.type == LM_TYPE_REJECT;
        if (!good)
            printf("# not a record: %.300s\n", first);
        lm_record_free(&record);
        char *next = reject(first, strlen(first));
        free(first);
        first = next;
    }
    free(first);
    return good;
}

static void test_reject_parses(void) {
    static char line[66560];
    static const struct {
        const char *name;
        char fill;
    } fills[] = {{"letters", 'x'},  {"quotes", '"'},       {"control characters", '\x01'},
                 {"NULs", '\0'},    {"bad bytes", '\xFF'}, {"half characters", '\xC3'},
                 {"brackets", '['}, {"backslashes", '\\'}};
    static const size_t sizes[] = {0, 1, 8191, 8192, 8193, 65536, 66560};
    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
        bool good = true;
        memset(line, fills[i].fill, sizeof line);
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
            good = good && parses_back(line, sizes[k]);
        tap_ok(good, "rejects of %s parse back", fills[i].name);
    }
    static const char *const lines[] = {"{\"type\":\"order\",\"x\":\"\\uFFFE\"}",
                                        "\xEF\xB7\x90",
                                        "{\"a\":\"\xEF\xBF\xBF\"}",
                                        "{\"a\":1,\"a\":2}",
                                        "{\"a\":1.5}",
                                        "{\"a\":9007199254740992}",
                                        "{\"a\":\"\\u0000\"}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        tap_ok(parses_back(lines[i], strlen(lines[i])), "a reject parses back, row %zu", i);
    /* Noncharacters all along, three and four bytes each, at every offset of the cut. */
    bool good = true;
    for (size_t shift = 0; shift < 4; shift++) {
        memset(line, ' ', sizeof line);
        for (size_t i = shift; i + 7 < 20000; i += 7)
            memcpy(line + i, "\xEF\xBF\xBE\xF0\x9F\xBF\xBF", 7);
        good = good && parses_back(line, 20000);
    }
    tap_ok(good, "rejects of noncharacters parse back");
    good = true;
    for (int depth = 28; depth <= 40; depth++) {
        struct lm_buffer text = {0};
        for (int i = 0; i < depth; i++)
            lm_buffer_text(&text, "{\"a\":");
        lm_buffer_byte(&text, '1');
        for (int i = 0; i < depth; i++)
            lm_buffer_byte(&text, '}');
        good = good && parses_back(text.data, text.size);
        lm_buffer_free(&text);
    }
    tap_ok(good, "rejects of deep objects parse back");
    good = true;
    for (size_t size = 61400; size <= 61480; size++) {
        memset(line, 'x', size);
        memcpy(line, "{\"a\":\"", 6);
        memcpy(line + size - 2, "\"}", 2);
        good = good && parses_back(line, size);
    }
    tap_ok(good, "rejects of large objects parse back");
}

int main(void) {
    test_price_rule();
    test_reject_texts();
    test_reject_parses();
    return tap_done();
}
