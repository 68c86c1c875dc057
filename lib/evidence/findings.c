#include "lib/evidence/findings.h"

#include <string.h>

#include "lib/record/reject.h"

void lm_findings_free(struct lm_findings *findings) {
    lm_buffer_free(&findings->text);
    lm_buffer_free(&findings->name);
}

/* TEXT as it can stand in a record; NULL without memory. */
static const char *clean(struct lm_buffer *buffer, const char *text) {
    lm_buffer_reset(buffer);
    lm_text_clean(text, strlen(text), buffer);
    lm_buffer_byte(buffer, '\0');
    return lm_buffer_ok(buffer) ? buffer->data : NULL;
}

static int point_at(struct lm_findings *findings, const struct lm_place *place, json_t *entries,
                    struct lm_error *error) {
    if (place->line == 0)
        return 0;
    json_t *json = json_object();
    /* Each steals its value, even where it fails. */
    int failed = json_object_set_new(json, "n", json_integer((json_int_t)place->line - 1));
    if (place->source && place->source[0])
        failed |=
            json_object_set_new(json, "log", json_string(clean(&findings->name, place->source)));
    failed |= json_array_append_new(entries, json);
    return failed ? lm_fail_memory(error) : 0;
}

int lm_findings_tell(struct lm_findings *findings, const char *code, const char *party,
                     const struct lm_place *places, size_t count, const char *text,
                     struct lm_error *error) {
    json_t *entries = json_array();
    int result = entries ? 0 : lm_fail_memory(error);
    for (size_t i = 0; i < count && result == 0; i++)
        result = point_at(findings, &places[i], entries, error);
    struct lm_finding finding = {.code = code, .entries = entries, .party = party};
    if (result == 0) {
        finding.text = clean(&findings->text, text);
        if (!finding.text)
            result = lm_fail_memory(error);
    }
    if (result == 0) {
        findings->count++;
        result = findings->tell(findings->context, &finding, error);
    }
    json_decref(entries);
    return result;
}

int lm_findings_refuse(struct lm_findings *findings, const struct lm_error *why, const char *party,
                       const struct lm_place *place, struct lm_error *error) {
    char detail[sizeof why->detail];
    memcpy(detail, why->detail, sizeof detail);
    return lm_findings_tell(findings, lm_reason_word(why->reason), party, place, 1, detail, error);
}
