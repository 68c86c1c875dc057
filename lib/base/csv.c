#include "lib/base/csv.h"

#include <string.h>

#include "lib/base/decimal.h"
#include "lib/base/limits.h"
#include "lib/base/lines.h"

static int check_bytes(const char *line, size_t size, struct lm_error *error) {
    if (size == 0)
        return lm_fail(error, LM_EMPTY, "empty line");
    const char *nul = memchr(line, '\0', size);
    if (nul) {
        lm_fail(error, LM_NUL, "NUL byte");
        error->offset = nul - line;
        return -1;
    }
    size_t valid = lm_utf8_valid(line, size);
    if (valid < size) {
        lm_fail(error, LM_UTF8, "invalid UTF-8 at byte %zu", valid);
        error->offset = (int64_t)valid;
        return -1;
    }
    return 0;
}

static int fail_at(size_t at, const char *what, struct lm_error *error) {
    lm_fail(error, LM_CSV, "%s at byte %zu", what, at);
    error->offset = (int64_t)at;
    return -1;
}

/* Copies the field that begins at *at to *out and moves *at behind it, to a comma or the end. */
static int copy_field(const char *line, size_t size, size_t *at, char **out,
                      struct lm_error *error) {
    size_t i = *at;
    char *to = *out;
    if (i < size && line[i] == '"') {
        size_t open = i++;
        for (;; i++) {
            if (i == size)
                return fail_at(open, "quote that is not closed", error);
            if (line[i] == '"') {
                if (i + 1 == size || line[i + 1] != '"')
                    break;
                i++;
            }
            *to++ = line[i];
        }
        i++;
        if (i < size && line[i] != ',')
            return fail_at(i, "text behind a closing quote", error);
    } else {
        for (; i < size && line[i] != ','; i++) {
            if (line[i] == '"')
                return fail_at(i, "quote in a field that does not begin with one", error);
            *to++ = line[i];
        }
    }
    *to++ = '\0';
    *at = i;
    *out = to;
    return 0;
}

int lm_csv_split(const char *line, size_t size, struct lm_csv_row *row, struct lm_error *error) {
    if (size > 0 && line[size - 1] == '\r')
        size--;
    if (check_bytes(line, size, error) < 0)
        return -1;
    row->count = 0;
    lm_buffer_reset(&row->bytes);
    /* Every field's NUL takes the place of a comma, the last one's is the byte more. */
    char *out = lm_buffer_reserve(&row->bytes, size + 1);
    if (!out)
        return lm_fail_memory(error);
    size_t at = 0;
    for (;;) {
        if (row->count == LM_CSV_FIELDS_MAX)
            return lm_fail(error, LM_CSV, "more than %d fields", LM_CSV_FIELDS_MAX);
        row->starts[row->count++] = (size_t)(out - row->bytes.data);
        if (copy_field(line, size, &at, &out, error) < 0)
            return -1;
        if (at == size)
            return 0;
        at++;
    }
}

void lm_csv_free(struct lm_csv_row *row) {
    lm_buffer_free(&row->bytes);
    *row = (struct lm_csv_row){0};
}

static const char *field_text(const struct lm_csv_row *row, size_t field) {
    return row->bytes.data + row->starts[field];
}

static size_t find_name(const char *const *names, const char *name) {
    for (size_t column = 0; names[column]; column++) {
        if (strcmp(names[column], name) == 0)
            return column;
    }
    return LM_CSV_ABSENT;
}

static int unknown_column(const char *const *names, const char *name, struct lm_error *error) {
    size_t used = 0;
    lm_fail(error, LM_CSV, "unknown column '%s'", name);
    lm_hint(error, "the columns are");
    for (; names[0]; names++) {
        used = strlen(error->hint);
        if (used + strlen(names[0]) + 2 >= sizeof error->hint)
            break;
        error->hint[used] = ' ';
        memcpy(error->hint + used + 1, names[0], strlen(names[0]) + 1);
    }
    return -1;
}

int lm_csv_header_read(const char *line, size_t size, const char *const *names,
                       struct lm_csv_header *header, struct lm_csv_row *row,
                       struct lm_error *error) {
    static const char byte_order_mark[] = {'\xEF', '\xBB', '\xBF'};
    if (size >= sizeof byte_order_mark &&
        memcmp(line, byte_order_mark, sizeof byte_order_mark) == 0) {
        line += sizeof byte_order_mark;
        size -= sizeof byte_order_mark;
    }
    if (lm_csv_split(line, size, row, error) < 0)
        return -1;
    header->count = row->count;
    for (size_t column = 0; column < LM_CSV_FIELDS_MAX; column++)
        header->fields[column] = LM_CSV_ABSENT;
    for (size_t field = 0; field < row->count; field++) {
        const char *name = field_text(row, field);
        if (strncmp(name, "x_", 2) == 0)
            continue;
        size_t column = find_name(names, name);
        if (column == LM_CSV_ABSENT)
            return unknown_column(names, name, error);
        if (header->fields[column] != LM_CSV_ABSENT)
            return lm_fail(error, LM_CSV, "the column %s stands there twice", name);
        header->fields[column] = field;
    }
    return 0;
}

bool lm_csv_has(const struct lm_csv_header *header, size_t column) {
    return header->fields[column] != LM_CSV_ABSENT;
}

int lm_csv_row_read(const char *line, size_t size, const struct lm_csv_header *header,
                    struct lm_csv_row *row, struct lm_error *error) {
    if (lm_csv_split(line, size, row, error) < 0)
        return -1;
    if (row->count != header->count)
        return lm_fail(error, LM_CSV, "%zu fields where the header has %zu", row->count,
                       header->count);
    return 0;
}

const char *lm_csv_field(const struct lm_csv_header *header, const struct lm_csv_row *row,
                         size_t column) {
    size_t field = header->fields[column];
    if (field == LM_CSV_ABSENT)
        return NULL;
    const char *text = field_text(row, field);
    return *text ? text : NULL;
}

int lm_csv_number(const char *name, const char *text, int digits, int64_t *value,
                  struct lm_error *error) {
    lm_i128 number;
    if (!lm_decimal_parse(text, strlen(text), digits, &number) || number < 0) {
        lm_fail(error, LM_BAD_MEMBER, "%s: '%s' is not a %s", name, text,
                digits ? "number that the column allows" : "whole number");
        return digits ? lm_hint(error, "write it from 0, with at most %d fraction digits", digits)
                      : lm_hint(error, "write it from 0, without a fraction");
    }
    if (number > LM_INTEGER_MAX)
        return lm_fail(error, LM_INTEGER_RANGE, "%s: '%s' is beyond 2^53-1%s", name, text,
                       digits == 3 ? " Wh" : "");
    *value = (int64_t)number;
    return 0;
}

int lm_csv_fail_missing(const char *name, const char *option, struct lm_error *error) {
    lm_fail(error, LM_CSV, "no column %s", name);
    return option ? lm_hint(error, "add it, or give %s", option) : -1;
}

int lm_csv_fail_empty(const char *name, struct lm_error *error) {
    return lm_fail(error, LM_CSV, "the field %s is empty", name);
}
