#include "cmd/csv_input.h"

#include <stdio.h>
#include <string.h>

void lm_csv_refuse_header(struct lm_run *run, struct lm_csv_input *csv, struct lm_error *error) {
    size_t used = strlen(error->detail);
    (void)snprintf(error->detail + used, sizeof error->detail - used,
                   "; nothing of this file is read");
    lm_run_reject(run, &csv->input, error);
    csv->usable = false;
}

enum lm_csv_event lm_csv_next(struct lm_run *run, struct lm_csv_input *csv) {
    struct lm_error error;
    const struct lm_line *line = &csv->input.line;
    while (lm_run_line(run, false, &csv->input)) {
        bool new_file = csv->input.source != csv->source || line->number <= csv->number;
        csv->source = csv->input.source;
        csv->number = line->number;
        if (new_file) {
            csv->usable = true;
            if (line->number != 1) {
                /* Its first line was too long or cut off, and is rejected already. */
                lm_fail(&error, LM_CSV, "the file has no header");
                lm_csv_refuse_header(run, csv, &error);
            } else if (lm_csv_header_read(line->data, line->size, csv->names, &csv->header,
                                          &csv->row, &error) < 0) {
                lm_csv_refuse_header(run, csv, &error);
            } else {
                return LM_CSV_HEADER;
            }
        } else if (csv->usable) {
            if (lm_csv_row_read(line->data, line->size, &csv->header, &csv->row, &error) == 0)
                return LM_CSV_ROW;
            lm_run_reject(run, &csv->input, &error);
        }
    }
    return LM_CSV_END;
}
