/* lm-clear: orders in, one clearing for each market and period out, with its trades. */
#include <string.h>

#include "cmd/run.h"
#include "lib/base/period_argument.h"
#include "lib/market/books.h"

struct options {
    const char *market;
    const char *period;
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
    {0, "length", LM_OPTION_NUMBER, "MINUTES", NULL, offsetof(struct options, length),
     "the length of the periods that now and next are of; without it 30"},
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
    .synopsis = "[-m ID] [-p PERIOD [--length MINUTES]] [--price RULE] [--all] [--curve] [FILE…]",
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

static int on_reject(void *context, const struct lm_place *place, const char *text, size_t size,
                     const struct lm_error *why, struct lm_error *error) {
    struct output *output = context;
    (void)error;
    if (!output->run->stopped) {
        struct lm_input input = {place->source, {text, size, place->line}};
        lm_run_reject(output->run, &input, why);
    }
    return 0;
}

static void check(struct lm_run *run, int result, const struct lm_error *error) {
    if (result < 0)
        lm_run_fatal(run, error);
}

static void read_options(struct lm_run *run, const struct options *options,
                         struct lm_books_options *wanted) {
    struct lm_error error;
    wanted->market = options->market;
    wanted->keep_text = run->rejects_open;
    wanted->price_rule_given = options->price != NULL;
    if (options->price &&
        !lm_price_rule_parse(options->price, strlen(options->price), &wanted->price_rule))
        lm_run_usage(run, "--price: '%s' is not midpoint, low, high or k=0 to k=1", options->price);
    if (options->period && lm_period_argument(options->period, lm_run_now(run), options->length,
                                              &wanted->period, &error) < 0)
        lm_run_fatal(run, &error);
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
    struct lm_books *books = lm_books_new(&wanted, &error);
    check(&run, books ? 0 : -1, &error);
    if (wanted.market && wanted.period.minutes)
        check(&run, lm_books_want(books, wanted.market, wanted.period, NULL, &error), &error);
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
