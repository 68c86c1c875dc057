#include "lib/record/reject.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/lines.h"
#include "lib/record/canonical.h"
#include "lib/record/record.h"

/* An escape makes six bytes of one, so that so much text always fits a record. */
#define TEXT_SIZE_MAX 8192
/* Room beside the kept record for the reject's other members, their escapes included. */
#define OTHERS_SIZE 4096

/* Character by character, so that hostile bytes cost no more than others. */
void lm_text_clean(const char *text, size_t size, struct lm_buffer *out) {
    while (size > 0) {
        unsigned char lead = (unsigned char)*text;
        size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0x80 ? 2 : 1;
        bool whole = lead != '\0' && length <= size && lm_utf8_valid(text, length) == length;
        if (!whole)
            length = 1;
        if (whole && !lm_noncharacter_in(text, length))
            lm_buffer_bytes(out, text, length);
        else
            lm_buffer_text(out, "\xEF\xBF\xBD");
        text += length;
        size -= length;
    }
}

/* False where the record is nested so deep that a reject around it would be too deep. */
static bool fits_inside(json_t *record, struct lm_error *why) {
    json_t *outer = json_object();
    bool fits = outer && json_object_set(outer, "record", record) == 0
                    ? lm_ijson_check(outer, why) == 0
                    : lm_fail_memory(why) == 0;
    json_decref(outer);
    return fits;
}

void lm_reject_write(const char *program, uint64_t number, const char *text, size_t size,
                     const struct lm_error *error, struct lm_buffer *out) {
    struct lm_buffer clean = {0};
    struct lm_buffer detail = {0};
    struct lm_error why = {.reason = LM_NONE};
    struct lm_reject reject;
    lm_record_clear(LM_TYPE_REJECT, &reject);
    lm_text_clean(error->detail, strlen(error->detail), &detail);
    lm_buffer_byte(&detail, '\0');
    reject.detail = detail.data;
    reject.line = (int64_t)number;
    if (error->offset >= 0)
        reject.offset = error->offset;
    reject.program = program;
    reject.reason = lm_reason_word(error->reason);
    json_t *json = NULL;
    if (text) {
        if (size <= LM_RECORD_SIZE_MAX - OTHERS_SIZE)
            json = lm_json_parse(text, size, &why);
        if (json_is_object(json) && fits_inside(json, &why)) {
            reject.record = json;
        } else {
            lm_text_clean(text, size < TEXT_SIZE_MAX ? size : TEXT_SIZE_MAX, &clean);
            lm_buffer_byte(&clean, '\0');
            reject.text = clean.data;
        }
    }
    if (!lm_buffer_ok(&clean) || !lm_buffer_ok(&detail) || why.reason == LM_MEMORY)
        out->failed = true;
    else
        lm_record_write(LM_TYPE_REJECT, &reject, out);
    json_decref(json);
    lm_buffer_free(&clean);
    lm_buffer_free(&detail);
}
