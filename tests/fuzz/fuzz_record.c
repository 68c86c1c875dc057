/*
 * Any bytes as a line: the parser never misbehaves, and what it takes for a record has one
 * canonical form, which is a record again with the same canonical form.
 */
#include "lib/base/limits.h"
#include "lib/record/canonical.h"
#include "lib/record/record.h"
#include "lib/record/reject.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_reject(const char *text, size_t size, const struct lm_error *error) {
    struct lm_buffer line = {0};
    struct lm_record record;
    struct lm_error ignored;
    lm_reject_write("fuzz", 1, text, size, error, &line);
    HOLDS(lm_buffer_ok(&line));
    HOLDS(line.size <= LM_RECORD_SIZE_MAX);
    HOLDS(lm_record_parse(line.data, line.size, &record, &ignored) == 0);
    HOLDS(record.type == LM_TYPE_REJECT);
    lm_record_free(&record);
    lm_buffer_free(&line);
}

/* What was read into the struct is written from it as a record that reads the same. */
static void check_struct(const struct lm_record *record) {
    struct lm_buffer first = {0};
    struct lm_buffer second = {0};
    struct lm_record again;
    struct lm_error error;
    lm_record_write(record->type, &record->as, &first);
    HOLDS(lm_buffer_ok(&first));
    if (lm_record_parse(first.data, first.size, &again, &error) < 0) {
        HOLDS(error.reason == LM_TOO_LONG || record->wrapped);
    } else {
        HOLDS(again.type == record->type);
        lm_record_write(again.type, &again.as, &second);
        HOLDS(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
        lm_record_free(&again);
    }
    lm_buffer_free(&first);
    lm_buffer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    struct lm_record record;
    struct lm_error error;
    if (lm_record_parse(text, size, &record, &error) < 0) {
        HOLDS(error.reason != LM_NONE && error.reason != LM_DEFECT);
        check_reject(text, size, &error);
        return 0;
    }
    struct lm_buffer first = {0};
    struct lm_buffer second = {0};
    struct lm_record again;
    check_struct(&record);
    lm_canonical(record.line, NULL, &first);
    HOLDS(lm_buffer_ok(&first));
    HOLDS(lm_record_parse(first.data, first.size, &again, &error) == 0);
    lm_canonical(again.line, NULL, &second);
    HOLDS(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
    HOLDS(again.type == record.type);
    lm_buffer_free(&first);
    lm_buffer_free(&second);
    lm_record_free(&again);
    lm_record_free(&record);
    return 0;
}
