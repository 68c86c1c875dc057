#include "cmd/run.h"
#include "lib/settle/bills.h"
#include "lib/settle/settle.h"

struct options {
    struct lm_common common;
    const char *supplier;
    const char *previous;
    bool bills;
    struct lm_month month;
};

static const struct lm_option option_table[] = {
    {'s', "supplier", LM_OPTION_ID, "S", NULL, offsetof(struct options, supplier),
     "settle only the customers of S and write only what S writes"},
    {0, "previous", LM_OPTION_FILE, "FILE", NULL, offsetof(struct options, previous),
     "write adjustments to what FILE says was issued"},
    {0, "bills", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, bills),
     "write the bills of a month from its settlements and adjustments"},
    {0, "month", LM_OPTION_MONTH, "MONTH", NULL, offsetof(struct options, month),
     "the month of the bills, or that bills the adjustments"},
    {0}};

static const struct lm_program program = {
    .name = "lm-settle",
    .purpose = "Settle periods: who pays whom for what was traded and what flowed",
    .synopsis = "[--supplier S] [--previous FILE] [--bills --month MONTH] [FILE…]",
    .options = option_table,
    .common = lm_filter_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

struct output {
    struct lm_run *run;
    struct lm_buffer line;
};

static int write_settlement(void *context, enum lm_type type,
                            const struct lm_settlement *settlement, struct lm_error *error) {
    struct output *output = context;
    (void)error;
    lm_record_write(type, settlement, &output->line);
    lm_run_write_buffer(output->run, &output->line);
    return 0;
}

static int write_transfer(void *context, const struct lm_transfer *transfer,
                          struct lm_error *error) {
    struct output *output = context;
    (void)error;
    lm_record_write(LM_TYPE_TRANSFER, transfer, &output->line);
    lm_run_write_buffer(output->run, &output->line);
    return 0;
}

static int write_reject(void *context, const char *source, uint64_t line,
                        const struct lm_error *why, struct lm_error *error) {
    struct output *output = context;
    struct lm_input input = {.source = source, .line = {.number = line}};
    (void)error;
    lm_run_reject(output->run, &input, why);
    return 0;
}

static int write_bill(void *context, const struct lm_bill *bill, struct lm_error *error) {
    struct output *output = context;
    (void)error;
    lm_record_write(LM_TYPE_BILL, bill, &output->line);
    lm_run_write_buffer(output->run, &output->line);
    return 0;
}

static int add_issued(void *context, const struct lm_input *input, struct lm_record *record,
                      struct lm_error *error) {
    return lm_settle_add_issued(context, record, input->source, input->line.number, error);
}

static void settle_periods(struct lm_run *run, struct options *options) {
    struct lm_settle_options settle_options = {.supplier = options->supplier,
                                               .month = options->month};
    struct lm_error error;
    struct lm_input input;
    struct lm_record record;
    struct lm_settle *settle = lm_settle_new(&settle_options, &error);
    if (!settle)
        lm_run_fatal(run, &error);
    if (options->previous)
        lm_run_file(run, options->previous, add_issued, settle);
    while (lm_run_record(run, &input, &record)) {
        if (lm_settle_add(settle, &record, input.source, input.line.number, &error) < 0)
            lm_run_reject(run, &input, &error);
        lm_record_free(&record);
    }
    struct output output = {.run = run};
    struct lm_settle_visitor visitor = {write_settlement, write_transfer, write_reject, &output};
    if (!run->stopped && lm_settle_run(settle, &visitor, &error) < 0)
        lm_run_fatal(run, &error);
    lm_buffer_free(&output.line);
    lm_settle_free(settle);
}

static void make_bills(struct lm_run *run, struct options *options) {
    struct lm_error error;
    struct lm_input input;
    struct lm_record record;
    struct lm_bills *bills = lm_bills_new(options->supplier, &error);
    if (!bills || lm_bills_want(bills, options->month, &error) < 0)
        lm_run_fatal(run, &error);
    while (lm_run_record(run, &input, &record)) {
        if (lm_bills_add(bills, &record, input.source, input.line.number, &error) < 0)
            lm_run_reject(run, &input, &error);
        lm_record_free(&record);
    }
    struct output output = {.run = run};
    struct lm_bills_visitor visitor = {write_bill, write_reject, &output};
    if (!run->stopped && lm_bills_run(bills, &visitor, &error) < 0)
        lm_run_fatal(run, &error);
    lm_buffer_free(&output.line);
    lm_bills_free(bills);
}

/* An adjustment is billed in the month in which it is written, unless told otherwise. */
static struct lm_month month_now(const struct lm_run *run) {
    struct lm_civil now = lm_civil_from_seconds(lm_run_now(run));
    return (struct lm_month){now.year, now.month};
}

int main(int argc, char **argv) {
    struct options options = {0};
    struct lm_run run;
    lm_run_start(&run, &program, argc, argv, &options);
    bool month_given = options.month.month != 0;
    if (options.bills && options.previous)
        lm_run_usage(&run, "--bills and --previous do not go together");
    if (options.bills && !month_given)
        lm_run_usage(&run, "--bills needs --month");
    if (!options.bills && !options.previous && month_given)
        lm_run_usage(&run, "--month goes with --bills or --previous");
    if (!month_given)
        options.month = month_now(&run);
    if (options.bills)
        make_bills(&run, &options);
    else
        settle_periods(&run, &options);
    return lm_run_finish(&run);
}
