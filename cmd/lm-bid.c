#include <stdlib.h>
#include <string.h>

#include "cmd/csv_input.h"
#include "cmd/rules.h"
#include "cmd/run.h"
#include "lib/base/period_argument.h"
#include "lib/market/bid.h"

struct options {
    const char *from;
    const char *market;
    const char *period;
    struct lm_list offers;
    struct lm_list bids;
    bool csv;
    const char *id;
    int64_t seq;
    const char *rules;
    int64_t length_minutes;
    bool cancel;
    struct lm_common common;
};

#define ROW(letter, name, kind, argument, field, help)                                             \
    { letter, name, LM_OPTION_##kind, argument, NULL, offsetof(struct options, field), help }

static const struct lm_option option_table[] = {
    ROW(0, "from", ID, "ID", from, "who offers or bids"),
    ROW('m', "market", ID, "ID", market, "the market"),
    ROW('p', "period", TEXT, "PERIOD", period,
        "when: 2016-04-01T12:00Z/PT30M, now, next or next+N"),
    ROW(0, "offer", LIST, "QTY@PRICE", offers, "sell, like 2kWh@0.11; may be repeated"),
    ROW(0, "bid", LIST, "QTY@PRICE", bids, "buy, like 500Wh@-0.01; may be repeated"),
    ROW(0, "csv", FLAG, NULL, csv, "read orders from CSV files or standard input"),
    ROW(0, "id", ID, "ID", id, "the order's id; without it like offer-0.11"),
    ROW(0, "seq", NUMBER, "N", seq, "the version of the order; without it the clock in us"),
    ROW(0, "cancel", FLAG, NULL, cancel, "withdraw the orders"),
    ROW('r', "rules", FILE, "FILE", rules, "keep to the market-rules in FILE"),
    ROW('l', "length", NUMBER, "N", length_minutes,
        "minutes of a period where no rules say them; without it 30"),
    {0},
};

static const struct lm_program program = {
    .name = "lm-bid",
    .purpose = "Write orders for a market",
    .synopsis = "--from ID --market ID --period PERIOD [--offer QTY@PRICE]… [--bid QTY@PRICE]…\n"
                "       lm-bid --csv [FILE…]",
    .options = option_table,
    .common = lm_filter_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

static void write_order(struct lm_run *run, const struct lm_bid *bid, struct lm_buffer *line) {
    lm_record_write(LM_TYPE_ORDER, &bid->order, line);
    lm_run_write_buffer(run, line);
}

/* What is wrong with an order of the command line is wrong with the command line. */
static _Noreturn void refuse(struct lm_run *run, struct lm_error *error) {
    if (lm_reason_exit(error->reason) == LM_EXIT_REJECT)
        error->reason = LM_USAGE;
    lm_run_fatal(run, error);
}

/* One order of the command line; TEXT is NULL where --cancel --id names it. */
static void make_order(struct lm_run *run, struct lm_bid_maker *maker, enum lm_side side,
                       const char *text, struct lm_bid *bid) {
    struct lm_error error;
    int64_t now_us = lm_run_now_us(run);
    lm_bid_start(maker, now_us, bid);
    bid->order.side = (int)side;
    if (!text)
        bid->order.price_micro = 0;
    else if (lm_bid_quantity(maker, text, bid, &error) < 0)
        refuse(run, &error);
    if (lm_bid_finish(maker, maker->period, now_us, bid, &error) < 0)
        refuse(run, &error);
}

/* All of them are made before the first is written: a command line is right or it is not. */
static void write_orders(struct lm_run *run, const struct options *options,
                         struct lm_bid_maker *maker) {
    struct lm_error error;
    struct lm_buffer line = {0};
    size_t offers = options->offers.count;
    size_t count = offers + options->bids.count;
    bool named = count == 0; /* a withdrawal by its id alone */
    struct lm_bid *bids = calloc(count + named, sizeof *bids);
    if (!bids) {
        lm_fail_memory(&error);
        lm_run_fatal(run, &error);
    }
    for (size_t i = 0; i < count; i++) {
        make_order(run, maker, i < offers ? LM_SIDE_OFFER : LM_SIDE_BID,
                   i < offers ? options->offers.items[i] : options->bids.items[i - offers],
                   &bids[i]);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(bids[k].order.id, bids[i].order.id) == 0)
                lm_run_usage(run, "two orders with the id %s", bids[i].order.id);
        }
    }
    if (named)
        make_order(run, maker, LM_SIDE_OFFER, NULL, &bids[count++]);
    for (size_t i = 0; i < count; i++)
        write_order(run, &bids[i], &line);
    lm_buffer_free(&line);
    free(bids);
}

static void convert(struct lm_run *run, struct lm_bid_maker *maker) {
    struct lm_csv_input csv = {.names = lm_bid_columns};
    struct lm_buffer line = {0};
    struct lm_error error;
    enum lm_csv_event event;
    while ((event = lm_csv_next(run, &csv)) != LM_CSV_END) {
        struct lm_bid bid;
        const char *period;
        if (event == LM_CSV_HEADER) {
            if (lm_bid_header(maker, &csv.header, &error) < 0)
                lm_csv_refuse_header(run, &csv, &error);
            continue;
        }
        int64_t now_us = lm_run_now_us(run);
        lm_bid_start(maker, now_us, &bid);
        if (lm_bid_row(maker, &csv.header, &csv.row, &period, &bid, &error) < 0 ||
            lm_bid_finish(maker, period, now_us, &bid, &error) < 0) {
            if (error.reason == LM_USAGE) /* a field's fault, not the command line's */
                error.reason = LM_CSV;
            lm_run_reject(run, &csv.input, &error);
            continue;
        }
        write_order(run, &bid, &line);
    }
    lm_csv_free(&csv.row);
    lm_buffer_free(&line);
}

static void check_usage(struct lm_run *run, const struct options *options) {
    size_t count = options->offers.count + options->bids.count;
    lm_rules_check_length(run, options->length_minutes);
    if (options->csv) {
        if (count > 0)
            lm_run_usage(run, "--offer and --bid do not go with --csv");
        if (options->id)
            lm_run_usage(run, "--id does not go with --csv: give a column id");
        if (options->rules && strcmp(options->rules, "-") == 0 && lm_run_reads_stdin(run))
            lm_run_usage(run, "--rules - and the orders cannot both be standard input");
        return;
    }
    if (run->operands.count > 0)
        lm_run_usage(run, "unexpected argument '%s' without --csv", run->operands.items[0]);
    if (!options->from)
        lm_run_usage(run, "--from is missing");
    if (!options->market)
        lm_run_usage(run, "--market is missing");
    if (!options->period)
        lm_run_usage(run, "--period is missing");
    if (options->id && count > 1)
        lm_run_usage(run, "--id with more than one order");
    if (count == 0 && !(options->cancel && options->id))
        lm_run_usage(run, options->cancel ? "--cancel needs --id, --offer or --bid"
                                          : "no order: --offer, --bid or --csv is missing");
}

int main(int argc, char **argv) {
    struct options options = {.seq = LM_ABSENT, .length_minutes = LM_PERIOD_MINUTES_DEFAULT};
    struct lm_terms_list terms = {0};
    struct lm_run run;
    lm_run_start(&run, &program, argc, argv, &options);
    check_usage(&run, &options);
    struct lm_bid_maker maker = {
        .period = options.period,
        .minutes = options.length_minutes,
        .cancel = options.cancel,
    };
    lm_record_clear(LM_TYPE_ORDER, &maker.defaults);
    maker.defaults.from = options.from;
    maker.defaults.market = options.market;
    maker.defaults.id = options.id;
    if (options.rules) {
        lm_rules_load(&run, options.rules, &terms);
        maker.terms = &terms;
    }
    if (options.csv && options.seq != LM_ABSENT) {
        maker.count_seq = true;
        maker.next_seq = options.seq;
    } else {
        maker.defaults.seq = options.seq;
    }
    lm_run_confine(&run);
    if (options.csv)
        convert(&run, &maker);
    else
        write_orders(&run, &options, &maker);
    lm_terms_free(&terms);
    lm_list_free(&options.offers);
    lm_list_free(&options.bids);
    return lm_run_finish(&run);
}
