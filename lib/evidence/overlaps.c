/* Periods of a meter that overlap: what flowed in both would be settled twice. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/evidence/totals.h"

static int tell(const struct lm_readings *readings, const struct lm_readings_row *before,
                const struct lm_readings_row *row, struct lm_findings *findings,
                struct lm_error *error) {
    const struct lm_place places[] = {before->place, row->place};
    const char *meter = lm_names_text(&readings->texts, row->meter);
    char first[LM_TIME_SIZE];
    char second[LM_TIME_SIZE];
    char text[256];
    (void)lm_period_format(before->period, first);
    (void)lm_period_format(row->period, second);
    (void)snprintf(text, sizeof text, "meter %s signed readings of %s and of %s", meter, first,
                   second);
    return lm_findings_tell(findings, lm_code_word(LM_CODE_OVERLAPPING), meter, places, 2, text,
                            error);
}

int lm_overlaps_judge(const struct lm_readings *readings, const uint32_t *order, size_t count,
                      struct lm_findings *findings, struct lm_error *error) {
    /* By meter, the reading so far whose period ends last. */
    const struct lm_readings_row **last = calloc(readings->texts.count + 1, sizeof *last);
    int result = 0;
    if (!last)
        return lm_fail_memory(error);
    for (size_t i = 0; i < count && result == 0; i++) {
        const struct lm_readings_row *row = &readings->rows[order[i]];
        const struct lm_readings_row **before = &last[row->meter];
        if (*before && row->period.start_s < lm_period_end((*before)->period))
            result = tell(readings, *before, row, findings, error);
        if (!*before || lm_period_end(row->period) > lm_period_end((*before)->period))
            *before = row;
    }
    free(last);
    return result;
}
