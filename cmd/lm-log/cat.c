#include <string.h>

#include "cmd/lm-log/log.h"
#include "cmd/rules.h"
#include "lib/base/period_argument.h"
#include "lib/evidence/log_reader.h"

struct filter {
    bool any_type;
    bool types[LM_TYPE_COUNT];
    bool any_period;
    struct lm_period period;
};

static void read_types(struct lm_run *run, const struct lm_list *names, struct filter *filter) {
    filter->any_type = names->count == 0;
    for (size_t i = 0; i < names->count; i++) {
        enum lm_type type = lm_type_named(names->items[i]);
        if (type < LM_TYPE_COUNT && type != LM_TYPE_ENTRY)
            filter->types[type] = true;
        else
            lm_run_usage(run, "--type: no record in a log is a '%s'", names->items[i]);
    }
}

static void read_period(struct lm_run *run, const struct lm_log_options *options,
                        struct filter *filter) {
    struct lm_terms_list terms = {0};
    struct lm_error error;
    int64_t now_s = lm_run_now(run);
    int64_t minutes = options->length_minutes;
    filter->any_period = !options->period;
    if (!options->period)
        return;
    lm_rules_check_length(run, minutes);
    for (size_t i = 0; i < options->rules.count; i++)
        lm_rules_load(run, options->rules.items[i], &terms);
    if (terms.count > 0) {
        const char *market = lm_terms_market(&terms, &error);
        const struct lm_terms *now = market ? lm_terms_at(&terms, market, now_s, &error) : NULL;
        if (now)
            minutes = now->period_minutes;
        else
            lm_run_fatal(run, &error);
    }
    if (lm_period_argument(options->period, now_s, minutes, &filter->period, &error) < 0)
        lm_run_fatal(run, &error);
    lm_terms_free(&terms);
}

/* What has no period belongs to all of them. */
static bool in_period(const struct lm_record *record, struct lm_period period) {
    const struct lm_members *members = lm_schema_of(record->type)->members;
    for (size_t i = 0; i < members->count; i++) {
        struct lm_period own;
        if (members->rows[i].kind != LM_KIND_PERIOD)
            continue;
        memcpy(&own, (const char *)&record->as + members->rows[i].offset, sizeof own);
        if (own.minutes != 0 && lm_period_compare(own, period) != 0)
            return false;
    }
    return true;
}

static void write_entry(struct lm_run *run, const struct lm_line *line, bool bare) {
    const char *record = line->data;
    size_t size = line->size;
    /* It is an entry in canonical form, so that its record is, too. */
    if (!bare || lm_log_record_of(line->data, line->size, &record, &size))
        lm_run_write(run, record, size);
}

static void write_log(struct lm_run *run, const char *path, const struct filter *filter,
                      bool bare) {
    struct lm_error error;
    struct lm_log_entry entry;
    enum lm_lines_result result;
    struct lm_log_reader *reader = lm_log_reader_open(path, &error);
    if (!reader)
        lm_run_fatal(run, &error);
    while (!run->stopped && (result = lm_log_read(reader, &entry, &error)) != LM_LINES_END) {
        run->any_bytes = true;
        if (result == LM_LINES_FAIL)
            lm_run_fatal(run, &error);
        if (result == LM_LINES_BAD) {
            const struct lm_input input = {strcmp(path, "-") == 0 ? "stdin" : path, entry.line};
            lm_run_reject(run, &input, &error);
            continue;
        }
        run->any_object = true;
        if ((filter->any_type || filter->types[entry.record.type]) &&
            (filter->any_period || in_period(&entry.record, filter->period)))
            write_entry(run, &entry.line, bare);
    }
    lm_log_reader_free(reader);
}

void lm_log_cat_command(struct lm_run *run) {
    const struct lm_log_options *options = run->options;
    struct filter filter = {0};
    read_types(run, &options->types, &filter);
    read_period(run, options, &filter);
    if (run->operands.count == 0)
        lm_run_usage(run, "say which log");
    lm_run_confine_to_input(run);
    for (size_t i = 0; i < run->operands.count && !run->stopped; i++)
        write_log(run, run->operands.items[i], &filter, options->bare);
}
