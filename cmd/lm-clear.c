/* lm-clear: orders in, one clearing for each market and period out, with its trades. */
#include <string.h>

#include "cmd/rules.h"
#include "cmd/run.h"
#include "lib/base/period_argument.h"
#include "lib/market/books.h"

struct options {
    const char *market;
    const char *period;
    const char *rules;
    int64_t length;
    const char *price;
    bool all;
    bool curve;
    struct lm_common common;
};

static const struct lm_option option_table[] = {
    {'m', "market", LM_OPTION_ID, "ID", NULL, offsetof(struct options, market),
     "clear only this market"},
    {'p', "period", LM_OPTION_TEXT, "PERIOD", NULL, offsetof(struct options, period),
     "clear only this period, or now, next, next+N; with --market, even an empty book"},
    {'r', "rules", LM_OPTION_FILE, "FILE", NULL, offsetof(struct options, rules),
     "take the market-rules in FILE, too; now and next go by their length of periods"},
    {'l', "length", LM_OPTION_NUMBER, "N", NULL, offsetof(struct options, length),
     "minutes of a period where no rules say them; without it 30"},
    {0, "price", LM_OPTION_TEXT, "RULE", NULL, offsetof(struct options, price),
     "midpoint (the default), low, high or k=0.25: where between the clearing prices"},
    {'a', "all", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, all),
     "write trades of zero energy, too"},
    {'c', "curve", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, curve),
     "write the supply and demand curves, too"},
    {0},
};

static const struct lm_program program = {
    .name = "lm-clear",
    .purpose = "Clear the auction of each market and period in a stream of orders",
    .synopsis = "[-m ID] [-p PERIOD] [--rules FILE] [--price RULE] [--all] [--curve] [FILE…]",
    .options = option_table,
    .common = lm_filter_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

struct output {
    struct lm_run *run;
    struct lm_buffer line;
    bool all;
};

static int write_record(struct output *output, enum lm_type type, const void *body) {
    lm_record_write(type, body, &output->line);
    lm_run_write_buffer(output->run, &output->line);
    return 0;
}

static int on_clearing(void *context, const struct lm_clearing *clearing, struct lm_error *error) {
    (void)error;
    return write_record(context, LM_TYPE_CLEARING, clearing);
}

static int on_trade(void *context, const struct lm_trade *trade, struct lm_error *error) {
    struct output *output = context;
    (void)error;
    return trade->energy_wh > 0 || output->all ? write_record(output, LM_TYPE_TRADE, trade) : 0;
}

static int on_curve(void *context, const struct lm_curve *curve, struct lm_error *error) {
    (void)error;
    return write_record(context, LM_TYPE_CURVE, curve);
}

static int on_reject(void *context, const struct lm_books_rejected *rejected,
                     struct lm_error *error) {
    struct output *output = context;
    (void)error;
    if (!output->run->stopped) {
        struct lm_input input = {rejected->place.source,
                                 {rejected->text, rejected->size, rejected->place.line}};
        lm_run_reject(output->run, &input, &rejected->why);
    }
    return 0;
}

static void check(struct lm_run *run, int result, const struct lm_error *error) {
    if (result < 0)
        lm_run_fatal(run, error);
}

static void read_options(struct lm_run *run, const struct options *options,
                         struct lm_books_options *wanted) {
    lm_rules_check_length(run, options->length);
    if (options->rules && strcmp(options->rules, "-") == 0 && lm_run_reads_stdin(run))
        lm_run_usage(run, "--rules - and the orders cannot both be standard input");
    wanted->market = options->market;
    wanted->keep_text = run->rejects_open;
    wanted->price_rule_given = options->price != NULL;
    if (options->price &&
        !lm_price_rule_parse(options->price, strlen(options->price), &wanted->price_rule))
        lm_run_usage(run, "--price: '%s' is not midpoint, low, high or k=0 to k=1", options->price);
}

/* Where the rules of --rules go: with those of the stream, and into the length of periods. */
struct rules {
    struct lm_books *books;
    struct lm_terms_list terms;
};

static int add_rules(void *context, const struct lm_input *input, struct lm_record *record,
                     struct lm_error *error) {
    struct rules *rules = context;
    struct lm_place place = {input->source, input->line.number};
    if (record->type != LM_TYPE_MARKET_RULES)
        return 0;
    if (lm_terms_add(&rules->terms, record, error) < 0)
        return -1;
    return lm_books_add(rules->books, record, &place, input->line.data, input->line.size, error);
}

/* The period of --period; now and next are of the length that the market's rules say. */
static struct lm_period read_period(struct lm_run *run, const struct options *options,
                                    const struct rules *rules) {
    struct lm_period period;
    struct lm_error error;
    int64_t now_s = lm_run_now(run);
    int64_t minutes = options->length;
    if (lm_period_parse(options->period, strlen(options->period), &period))
        return period;
    if (options->rules) {
        const char *market =
            options->market ? options->market : lm_terms_market(&rules->terms, &error);
        const struct lm_terms *terms =
            market ? lm_terms_at(&rules->terms, market, now_s, &error) : NULL;
        if (terms)
            minutes = terms->period_minutes;
        else
            lm_run_fatal(run, &error);
    }
    if (lm_period_argument(options->period, now_s, minutes, &period, &error) < 0)
        lm_run_fatal(run, &error);
    return period;
}

static struct lm_books *new_books(struct lm_run *run, const struct options *options,
                                  const struct lm_books_options *wanted) {
    struct lm_error error;
    struct rules rules = {.books = lm_books_new(wanted, &error)};
    check(run, rules.books ? 0 : -1, &error);
    if (options->rules)
        lm_run_file(run, options->rules, add_rules, &rules);
    if (options->period && !run->stopped) {
        struct lm_period period = read_period(run, options, &rules);
        lm_books_only(rules.books, period);
        if (options->market)
            check(run, lm_books_want(rules.books, options->market, period, NULL, &error), &error);
    }
    lm_terms_free(&rules.terms);
    return rules.books;
}

int main(int argc, char **argv) {
    struct options options = {.length = LM_PERIOD_MINUTES_DEFAULT};
    struct lm_run run;
    struct lm_error error;
    struct lm_input input;
    struct lm_record record;
    struct lm_books_options wanted = {0};
    lm_run_start(&run, &program, argc, argv, &options);
    read_options(&run, &options, &wanted);
    struct lm_books *books = new_books(&run, &options, &wanted);
    while (lm_run_record(&run, &input, &record)) {
        struct lm_place place = {input.source, input.line.number};
        check(&run, lm_books_add(books, &record, &place, input.line.data, input.line.size, &error),
              &error);
        lm_record_free(&record);
    }
    struct output output = {.run = &run, .all = options.all};
    struct lm_books_visitor visitor = {
        .clearing = on_clearing,
        .trade = on_trade,
        .curve = options.curve ? on_curve : NULL,
        .context = &output,
    };
    if (!run.stopped)
        check(&run, lm_books_judge(books, on_reject, &output, &error), &error);
    if (!run.stopped)
        check(&run, lm_books_clear(books, &visitor, &error), &error);
    lm_buffer_free(&output.line);
    lm_books_free(books);
    return lm_run_finish(&run);
}
