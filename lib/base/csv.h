/*
 * Comma-separated values as RFC 4180 has them, a line at a time: a line into its fields, a header
 * into the places of the columns that a program knows.
 *
 * Of RFC 4180 one thing is refused: a line break in a quoted field. Beyond it are accepted: LF
 * line ends beside CR LF, and a byte order mark before the header.
 */
#ifndef LM_BASE_CSV_H
#define LM_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"

#define LM_CSV_FIELDS_MAX 64

/* A line's fields, NUL-terminated, without their quotes. They stay until the next lm_csv_split. */
struct lm_csv_row {
    size_t starts[LM_CSV_FIELDS_MAX]; /* of each field in bytes */
    size_t count;
    struct lm_buffer bytes; /* owned: lm_csv_free */
};

/* Where in a row the columns stand: by the column's number in the program's list of names, the
 * field's number, or LM_CSV_ABSENT. */
#define LM_CSV_ABSENT ((size_t)-1)
struct lm_csv_header {
    size_t fields[LM_CSV_FIELDS_MAX];
    size_t count; /* fields of every row */
};

/*
 * Splits LINE (no line feed; a CR at its end is dropped) into ROW. -1 with LM_EMPTY, LM_NUL,
 * LM_UTF8, or with LM_CSV for a quote that is not closed or stands in the middle, and for more
 * than LM_CSV_FIELDS_MAX fields.
 */
int lm_csv_split(const char *line, size_t size, struct lm_csv_row *row,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_csv_free(struct lm_csv_row *row) LM_NONNULL;

/*
 * Splits a file's first LINE and finds the columns of NAMES (ends with NULL) in it, in any order.
 * -1 with LM_CSV for a column twice, or one that NAMES does not have and that does not begin with
 * x_; such columns are passed over, like x_ members of records.
 */
int lm_csv_header_read(const char *line, size_t size, const char *const *names,
                       struct lm_csv_header *header, struct lm_csv_row *row,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* True where the header has the column. */
bool lm_csv_has(const struct lm_csv_header *header, size_t column) LM_NONNULL LM_MUST_CHECK;

/* Splits LINE; -1 with LM_CSV also where it has not as many fields as the header. */
int lm_csv_row_read(const char *line, size_t size, const struct lm_csv_header *header,
                    struct lm_csv_row *row, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The field of a column; NULL where the header lacks the column or the field is empty. */
const char *lm_csv_field(const struct lm_csv_header *header, const struct lm_csv_row *row,
                         size_t column) LM_NONNULL LM_MUST_CHECK;

/* Reads TEXT, a field of the column NAME, as a decimal of at most DIGITS fraction digits and from 0
 * to 2^53-1 when multiplied by 10^DIGITS, which is *value. -1 with LM_BAD_MEMBER or
 * LM_INTEGER_RANGE. */
int lm_csv_number(const char *name, const char *text, int digits, int64_t *value,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Fails with LM_CSV: the column NAME is missing, and OPTION (may be NULL) could stand for it. */
int lm_csv_fail_missing(const char *name, const char *option, struct lm_error *error)
    LM_NONNULL_AT(1, 3);
/* Fails with LM_CSV: the field of the column NAME is empty. */
int lm_csv_fail_empty(const char *name, struct lm_error *error) LM_NONNULL;

#endif
