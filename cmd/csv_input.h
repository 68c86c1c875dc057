/*
 * The input as CSV files, each with its own header.
 */
#ifndef LM_CMD_CSV_INPUT_H
#define LM_CMD_CSV_INPUT_H

#include "cmd/run.h"
#include "lib/base/csv.h"

/* Start it zeroed, with names set; free row with lm_csv_free in the end. */
struct lm_csv_input {
    const char *const *names; /* of the columns, as lm_csv_header_read takes them */
    struct lm_input input;    /* the line that the header or the row came from */
    struct lm_csv_header header;
    struct lm_csv_row row;
    const char *source; /* the file whose header that is */
    uint64_t number;    /* of the last line */
    bool usable;        /* the header can be used */
};

enum lm_csv_event { LM_CSV_END, LM_CSV_HEADER, LM_CSV_ROW };

/* The next header or row. Bad lines are rejected on the way; behind a header that was rejected
 * the rest of its file is passed over. */
enum lm_csv_event lm_csv_next(struct lm_run *run, struct lm_csv_input *csv) LM_NONNULL;

/* Rejects the header that lm_csv_next has just returned. */
void lm_csv_refuse_header(struct lm_run *run, struct lm_csv_input *csv,
                          struct lm_error *error) LM_NONNULL;

#endif
