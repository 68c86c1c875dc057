#include "cmd/rules.h"

static int visit(void *context, const struct lm_input *input, struct lm_record *record,
                 struct lm_error *error) {
    (void)input;
    return lm_terms_add(context, record, error);
}

void lm_rules_load(struct lm_run *run, const char *file, struct lm_terms_list *terms) {
    lm_run_file(run, file, visit, terms);
}

void lm_rules_check_length(struct lm_run *run, int64_t minutes) {
    struct lm_period ignored;
    if (!lm_period_of(0, minutes, &ignored))
        lm_run_usage(run, "--length: %lld minutes do not divide a day", (long long)minutes);
}
