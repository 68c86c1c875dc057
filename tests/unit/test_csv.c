/* RFC 4180 section 2, rule by rule, and what else a line may hold. */
#include <stdlib.h>

#include "lib/base/csv.h"
#include "tests/unit/tap.h"

/* The fields of a row joined by '|', or the reason why there are none. */
static const char *split(const char *line, size_t size) {
    static char text[256];
    struct lm_csv_row row = {0};
    struct lm_error error;
    if (lm_csv_split(line, size, &row, &error) < 0) {
        (void)snprintf(text, sizeof text, "%s", lm_reason_word(error.reason));
    } else {
        size_t used = 0;
        for (size_t i = 0; i < row.count; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "|" : "",
                                     row.bytes.data + row.starts[i]);
    }
    lm_csv_free(&row);
    return text;
}

static void check_split(void) {
    static const struct {
        const char *line;
        const char *wanted;
    } cases[] = {
        {"aaa,bbb,ccc", "aaa|bbb|ccc"},                   /* rule 4 */
        {" a , b ", " a | b "},                           /* spaces are part of a field */
        {"\"aaa\",\"bbb\",\"ccc\"", "aaa|bbb|ccc"},       /* rule 5 */
        {"\"aaa\",\"b,bb\",\"ccc\"", "aaa|b,bb|ccc"},     /* rule 6 */
        {"\"aaa\",\"b\"\"bb\",\"ccc\"", "aaa|b\"bb|ccc"}, /* rule 7 */
        {"aaa,bbb\r", "aaa|bbb"},                         /* rule 1: CR LF */
        {"aaa,\"bbb\"\r", "aaa|bbb"},
        {"a\rb,c", "a\rb|c"},
        {",", "|"},
        {"\"\",\"\"\"\"", "|\""},
        {"a", "a"},
        {"\"aaa", "csv"},
        {"a\"aa,b", "csv"},
        {"\"aaa\"a,b", "csv"},
        {"\"aaa\" ,b", "csv"},
        {"\"", "csv"},
        {"", "empty"},
        {"\r", "empty"},
        {"a,\xC3\xA9", "a|\xC3\xA9"},
        {"a,\xC3", "utf8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        tap_is(split(cases[i].line, strlen(cases[i].line)), cases[i].wanted, "a line's fields");
    tap_is(split("a\0b", 3), "nul", "a NUL byte");
}

static void check_many(void) {
    char line[2 * LM_CSV_FIELDS_MAX + 1];
    memset(line, ',', sizeof line);
    struct lm_csv_row row = {0};
    struct lm_error error;
    tap_ok(lm_csv_split(line, LM_CSV_FIELDS_MAX - 1, &row, &error) == 0 &&
               row.count == LM_CSV_FIELDS_MAX,
           "as many fields as there may be");
    tap_ok(lm_csv_split(line, LM_CSV_FIELDS_MAX, &row, &error) < 0 && error.reason == LM_CSV,
           "one more");
    lm_csv_free(&row);
}

static void check_header(void) {
    static const char *const names[] = {"at", "energy_wh", "price", NULL};
    struct lm_csv_header header;
    struct lm_csv_row row = {0};
    struct lm_error error;
    const char *line = "\xEF\xBB\xBFprice,x_note,at\r";
    tap_ok(lm_csv_header_read(line, strlen(line), names, &header, &row, &error) == 0 &&
               lm_csv_has(&header, 0) && !lm_csv_has(&header, 1) && lm_csv_has(&header, 2) &&
               header.count == 3,
           "a header behind a byte order mark, with a column to pass over");
    bool read = lm_csv_row_read("1,2,", 4, &header, &row, &error) == 0;
    tap_ok(read && strcmp(lm_csv_field(&header, &row, 2), "1") == 0 &&
               lm_csv_field(&header, &row, 1) == NULL && lm_csv_field(&header, &row, 0) == NULL,
           "a field by its column; absent and empty ones are NULL");
    tap_ok(lm_csv_row_read("1,2", 3, &header, &row, &error) < 0 && error.reason == LM_CSV,
           "a field too few");
    tap_ok(lm_csv_header_read("at,at", 5, names, &header, &row, &error) < 0 &&
               error.reason == LM_CSV,
           "a column twice");
    tap_ok(lm_csv_header_read("at,foo", 6, names, &header, &row, &error) < 0 &&
               strstr(error.hint, "at energy_wh price"),
           "an unknown column; the hint lists the known ones");
    lm_csv_free(&row);
}

static void check_numbers(void) {
    static const struct {
        const char *text;
        int digits;
        int64_t value; /* -1: refused */
    } cases[] = {
        {"0", 0, 0},
        {"9007199254740991", 0, 9007199254740991},
        {"9007199254740992", 0, -1},
        {"1.5", 0, -1},
        {"1.5", 3, 1500},
        {"0.001", 3, 1},
        {"0.0005", 3, -1},
        {"9007199254740.991", 3, 9007199254740991},
        {"9007199254740.992", 3, -1},
        {"-1", 3, -1},
        {"1e3", 3, -1},
        {"1,5", 3, -1},
        {" 1", 3, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lm_error error;
        int64_t value = -1;
        int status = lm_csv_number("c", cases[i].text, cases[i].digits, &value, &error);
        tap_ok(status == (cases[i].value < 0 ? -1 : 0) && value == cases[i].value,
               "the number '%s' with %d digits", cases[i].text, cases[i].digits);
    }
}

int main(void) {
    check_split();
    check_many();
    check_header();
    check_numbers();
    return tap_done();
}
