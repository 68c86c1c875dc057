#include <string.h>

#include "cmd/rules.h"
#include "cmd/run.h"
#include "lib/base/decimal.h"
#include "lib/base/period_argument.h"

struct options {
    int64_t length_minutes;
    const char *rules;
    const char *market;
    int64_t gate_minutes;
    struct lm_common common;
};

#define ROW(letter, name, kind, argument, field, help)                                             \
    { letter, name, LM_OPTION_##kind, argument, NULL, offsetof(struct options, field), help }

static const struct lm_option option_table[] = {
    ROW('l', "length", NUMBER, "N", length_minutes,
        "minutes of a period where no rules say them; without it 30"),
    ROW('r', "rules", FILE, "FILE", rules, "take lengths and gates from the market-rules in FILE"),
    ROW('m', "market", ID, "ID", market, "the market whose rules; needed where FILE has several"),
    ROW('g', "gate-minutes", NUMBER, "N", gate_minutes, "gates close N minutes before the start"),
    {0},
};

static const struct lm_program program = {
    .name = "lm-period",
    .purpose = "Arithmetic on settlement periods for scripts",
    .synopsis = "now|next[+N]|of INSTANT…|add N PERIOD…|gate PERIOD…|start PERIOD…|end PERIOD…|\n"
                "                 list FROM/TO",
    .options = option_table,
    .common = lm_clock_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

/* What every command works with. */
struct task {
    struct lm_run *run;
    const struct options *options;
    struct lm_terms_list terms;
    const char *market; /* whose rules; NULL without --rules */
    const char *steps;  /* what to add */
};

static _Noreturn void fail_years(struct lm_run *run, const char *argument) {
    lm_run_usage(run, "'%s' leads beyond the years 1 to 9999", argument);
}

/* The terms of the market at an instant; NULL without --rules. */
static const struct lm_terms *terms_at(const struct task *task, int64_t instant_s) {
    struct lm_error error;
    if (!task->market)
        return NULL;
    const struct lm_terms *terms = lm_terms_at(&task->terms, task->market, instant_s, &error);
    if (!terms)
        lm_run_fatal(task->run, &error);
    return terms;
}

static int64_t minutes_at(const struct task *task, int64_t instant_s) {
    const struct lm_terms *terms = terms_at(task, instant_s);
    return terms ? terms->period_minutes : task->options->length_minutes;
}

static struct lm_period read_period(const struct task *task, const char *text) {
    struct lm_period period;
    struct lm_error error;
    int64_t now_s = lm_run_now(task->run);
    if (lm_period_parse(text, strlen(text), &period))
        return period;
    if (lm_period_argument(text, now_s, minutes_at(task, now_s), &period, &error) < 0)
        lm_run_fatal(task->run, &error);
    return period;
}

static void print_period(const struct task *task, struct lm_period period) {
    char text[LM_TIME_SIZE];
    lm_run_write(task->run, text, lm_period_format(period, text));
}

static void print_instant(const struct task *task, int64_t instant_s, const char *argument) {
    char text[LM_TIME_SIZE];
    struct lm_period minute;
    if (!lm_period_of(instant_s, 1, &minute))
        fail_years(task->run, argument);
    lm_run_write(task->run, text, lm_instant_format(instant_s, text));
}

static void print_of(const struct task *task, const char *argument) {
    int64_t instant_s;
    struct lm_period period;
    if (!lm_instant_parse(argument, strlen(argument), &instant_s))
        lm_run_usage(task->run, "'%s' is not an instant like 2016-04-01T11:40:00Z", argument);
    if (!lm_period_of(instant_s, minutes_at(task, instant_s), &period))
        fail_years(task->run, argument);
    print_period(task, period);
}

static void print_sum(const struct task *task, const char *argument) {
    lm_i128 steps;
    struct lm_period period = read_period(task, argument);
    if (!lm_decimal_parse(task->steps, strlen(task->steps), 0, &steps))
        lm_run_usage(task->run, "'%s' is not a whole number", task->steps);
    if (steps < INT64_MIN || steps > INT64_MAX || !lm_period_add(period, (int64_t)steps, &period))
        fail_years(task->run, argument);
    print_period(task, period);
}

static void print_gate(const struct task *task, const char *argument) {
    struct lm_period period = read_period(task, argument);
    const struct lm_terms *terms = terms_at(task, period.start_s);
    int64_t gate_s;
    int64_t gate_minutes = terms ? terms->gate_minutes : task->options->gate_minutes;
    if (gate_minutes == LM_ABSENT)
        lm_run_usage(task->run, "gate needs --rules or --gate-minutes");
    if (!lm_terms_gate(period, gate_minutes, &gate_s))
        fail_years(task->run, argument);
    print_instant(task, gate_s, argument);
}

static void print_start(const struct task *task, const char *argument) {
    print_instant(task, read_period(task, argument).start_s, argument);
}

static void print_end(const struct task *task, const char *argument) {
    print_instant(task, lm_period_end(read_period(task, argument)), argument);
}

/* The periods that start in FROM/TO. */
static void print_list(const struct task *task, const char *argument) {
    struct lm_validity span;
    struct lm_period period;
    if (!lm_validity_parse(argument, strlen(argument), &span))
        lm_run_usage(task->run, "'%s' is not like 2016-04-01T00:00Z/2016-04-02T00:00Z", argument);
    bool more = lm_period_of(span.start_s, minutes_at(task, span.start_s), &period);
    if (more && period.start_s < span.start_s)
        more = lm_period_add(period, 1, &period);
    for (; more && period.start_s < span.end_s; more = lm_period_add(period, 1, &period))
        print_period(task, period);
}

static const struct {
    const char *name;
    void (*print)(const struct task *task, const char *argument); /* one line, or a list's */
} commands[] = {
    {"of", print_of},       {"add", print_sum}, {"gate", print_gate},
    {"start", print_start}, {"end", print_end}, {"list", print_list},
};

static void work(struct task *task) {
    const struct lm_list *operands = &task->run->operands;
    if (operands->count == 0)
        lm_run_usage(task->run, "say what: now, next, of, add, gate, start, end or list");
    const char *name = operands->items[0];
    size_t first = 1;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        if (commands[i].print == print_sum && !task->steps && first < operands->count)
            task->steps = operands->items[first++];
        if (first == operands->count)
            lm_run_usage(task->run, "%s: an argument is missing", name);
        for (; first < operands->count; first++)
            commands[i].print(task, operands->items[first]);
        return;
    }
    if (operands->count > 1)
        lm_run_usage(task->run, "'%s' is not a command with arguments", name);
    print_period(task, read_period(task, name));
}

/* A negative number behind "add" would be taken for an option: takes it out of argv. */
static const char *take_negative(int *argc, char **argv) {
    for (int i = 1; i + 1 < *argc && strcmp(argv[i], "--") != 0; i++) {
        const char *text = argv[i + 1];
        if (strcmp(argv[i], "add") != 0 || text[0] != '-' || text[1] == '\0' ||
            text[1 + strspn(text + 1, "0123456789")] != '\0')
            continue;
        for (int k = i + 1; k < *argc; k++)
            argv[k] = argv[k + 1];
        --*argc;
        return text;
    }
    return NULL;
}

int main(int argc, char **argv) {
    struct options options = {.length_minutes = LM_PERIOD_MINUTES_DEFAULT,
                              .gate_minutes = LM_ABSENT};
    struct lm_run run;
    struct lm_error error;
    struct task task = {.run = &run, .options = &options, .steps = take_negative(&argc, argv)};
    lm_run_start(&run, &program, argc, argv, &options);
    lm_rules_check_length(&run, options.length_minutes);
    if (options.rules && options.gate_minutes != LM_ABSENT)
        lm_run_usage(&run, "--gate-minutes does not go with --rules");
    if (options.market && !options.rules)
        lm_run_usage(&run, "--market needs --rules");
    if (options.rules) {
        lm_rules_load(&run, options.rules, &task.terms);
        task.market = options.market ? options.market : lm_terms_market(&task.terms, &error);
        if (!task.market)
            lm_run_fatal(&run, &error);
    }
    lm_run_confine(&run);
    work(&task);
    lm_terms_free(&task.terms);
    return lm_run_finish(&run);
}
