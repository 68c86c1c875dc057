#include "lib/evidence/report.h"

#include <stdio.h>
#include <string.h>

static void escape(const char *text, struct lm_buffer *out) {
    lm_buffer_escaped(out, text, strlen(text));
}

void lm_report_finding(const struct lm_finding *finding, struct lm_buffer *out) {
    escape(finding->party ? finding->party : "nobody named", out);
    lm_buffer_text(out, ": ");
    escape(finding->text, out);
    lm_buffer_text(out, " (");
    escape(finding->code, out);
    for (size_t i = 0; i < json_array_size(finding->entries); i++) {
        const json_t *entry = json_array_get(finding->entries, i);
        const char *log = json_string_value(json_object_get(entry, "log"));
        lm_buffer_text(out, i ? ", " : ": ");
        if (log) {
            escape(log, out);
            lm_buffer_byte(out, ' ');
        }
        lm_buffer_integer(out, json_integer_value(json_object_get(entry, "n")));
    }
    lm_buffer_byte(out, ')');
}

void lm_report_answer(const struct lm_claim *claim, const struct lm_verdict *verdict,
                      struct lm_buffer *out) {
    lm_buffer_format(out, "claim %.8s of %s (%s): %s", verdict->claim, claim->claimant,
                     lm_claim_words[claim->kind], lm_result_words[verdict->result]);
    if (verdict->party) {
        lm_buffer_text(out, ", ");
        escape(verdict->party, out);
        lm_buffer_text(out, " is at fault");
    }
    lm_buffer_text(out, ": ");
    escape(verdict->text, out);
}

void lm_report_verdict(const struct lm_verdict *verdict, uint64_t findings, struct lm_buffer *out) {
    if (verdict->result == LM_RESULT_CLEAN)
        lm_buffer_text(out, "verdict: clean");
    else
        lm_buffer_format(out, "verdict: %llu finding%s", (unsigned long long)findings,
                         findings == 1 ? "" : "s");
    if (verdict->text) {
        lm_buffer_text(out, "; ");
        escape(verdict->text, out);
    }
}

void lm_report_not_due(uint64_t count, char text[LM_REPORT_NOT_DUE_SIZE]) {
    (void)snprintf(text, LM_REPORT_NOT_DUE_SIZE, "%llu record%s not due yet",
                   (unsigned long long)count, count == 1 ? " is" : "s are");
}
