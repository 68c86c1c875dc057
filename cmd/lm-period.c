#include "cmd/run.h"

struct options {
    struct lm_common common;
};

static const struct lm_option option_table[] = {{0}};

static const struct lm_program program = {
    .name = "lm-period",
    .purpose = "Arithmetic on settlement periods for scripts",
    .synopsis = "now|next|of|add|gate …",
    .options = option_table,
    .common = lm_filter_options,
    .common_offset = offsetof(struct options, common),
    .operands = true,
};

int main(int argc, char **argv) {
    struct options options = {0};
    struct lm_run run;
    lm_run_start(&run, &program, argc, argv, &options);
    struct lm_input in;
    struct lm_record rec;
    struct lm_buffer b = {0};
    while (lm_run_record(&run, &in, &rec)) {
        lm_record_canonical(&rec, &b);
        lm_run_write_buffer(&run, &b);
        lm_record_free(&rec);
    }
    return lm_run_finish(&run);
}
