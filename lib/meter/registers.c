#include "lib/meter/registers.h"

#include "lib/base/checked.h"

static bool is_boundary(const struct lm_registers *registers, int64_t at_s) {
    return at_s % (registers->period_minutes * 60) == 0;
}

/* The first boundary after an instant. */
static int64_t boundary_after(const struct lm_registers *registers, int64_t at_s) {
    int64_t length_s = registers->period_minutes * 60;
    int64_t into_s = at_s % length_s;
    return at_s - (into_s < 0 ? into_s + length_s : into_s) + length_s;
}

/* A first sample, or the first after a break: it can only be where the next difference begins. */
static void start_at(struct lm_registers *registers, const struct lm_sample *sample) {
    registers->started = true;
    registers->broken = false;
    registers->earlier = *sample;
    registers->later = *sample;
    registers->known = is_boundary(registers, sample->at_s);
    registers->estimated = false;
    registers->boundary = *sample;
    registers->boundary_s = boundary_after(registers, sample->at_s);
}

static int check_order(const struct lm_registers *registers, const struct lm_sample *sample,
                       struct lm_error *error) {
    const struct lm_sample *last = &registers->later;
    char text[LM_TIME_SIZE];
    if (sample->at_s < last->at_s) {
        lm_instant_format(last->at_s, text);
        return lm_fail(error, LM_BACKWARDS, "the clock runs backwards: the sample before is of %s",
                       text);
    }
    if (registers->broken)
        return 0;
    if (sample->at_s == last->at_s &&
        (sample->import_wh != last->import_wh || sample->export_wh != last->export_wh))
        return lm_fail(error, LM_BACKWARDS, "one instant has two values of the registers");
    bool imports = sample->import_wh < last->import_wh;
    if (!imports && sample->export_wh >= last->export_wh)
        return 0;
    lm_fail(error, LM_BACKWARDS, "the %s register runs backwards, from %lld to %lld Wh",
            imports ? "import" : "export", (long long)(imports ? last->import_wh : last->export_wh),
            (long long)(imports ? sample->import_wh : sample->export_wh));
    return lm_hint(error, "no reading is written across it; the next sample starts anew");
}

int lm_registers_add(struct lm_registers *registers, const struct lm_sample *sample,
                     struct lm_error *error) {
    if (!registers->started) {
        start_at(registers, sample);
        return 0;
    }
    if (check_order(registers, sample, error) < 0) {
        if (sample->at_s >= registers->later.at_s) {
            registers->broken = true;
            registers->later.at_s = sample->at_s;
        }
        return -1;
    }
    if (registers->broken) {
        start_at(registers, sample);
        return 0;
    }
    if (sample->at_s == registers->later.at_s)
        return 0;
    registers->earlier = registers->later;
    registers->later = *sample;
    int64_t gap_s = sample->at_s - registers->earlier.at_s;
    if (gap_s <= registers->max_gap_s || registers->boundary_s >= sample->at_s)
        return 0;
    /* The boundaries inside the gap stay unknown; the sample itself may stand on the next one. */
    registers->known = false;
    registers->boundary_s = is_boundary(registers, sample->at_s)
                                ? sample->at_s
                                : boundary_after(registers, sample->at_s);
    return 1;
}

/* The register at the boundary on the straight line between the samples, rounded down. */
static int64_t interpolate(const struct lm_registers *registers, int64_t earlier_wh,
                           int64_t later_wh) {
    lm_i128 span_s = registers->later.at_s - registers->earlier.at_s;
    lm_i128 into_s = registers->boundary_s - registers->earlier.at_s;
    return earlier_wh + (int64_t)((lm_i128)(later_wh - earlier_wh) * into_s / span_s);
}

bool lm_registers_next(struct lm_registers *registers, struct lm_interval *interval) {
    const struct lm_sample *earlier = &registers->earlier;
    const struct lm_sample *later = &registers->later;
    while (registers->started && !registers->broken && registers->boundary_s <= later->at_s) {
        int64_t at_s = registers->boundary_s;
        struct lm_sample before = registers->boundary;
        bool was_known = registers->known;
        bool was_estimated = registers->estimated;
        registers->boundary = (struct lm_sample){
            .at_s = at_s,
            .import_wh = interpolate(registers, earlier->import_wh, later->import_wh),
            .export_wh = interpolate(registers, earlier->export_wh, later->export_wh),
        };
        registers->known = true;
        registers->estimated = at_s != later->at_s;
        registers->boundary_s = boundary_after(registers, at_s);
        if (!was_known)
            continue;
        *interval = (struct lm_interval){
            .period = {.start_s = before.at_s, .minutes = (int32_t)registers->period_minutes},
            .import_wh = registers->boundary.import_wh - before.import_wh,
            .export_wh = registers->boundary.export_wh - before.export_wh,
            .estimated = was_estimated || registers->estimated,
        };
        return true;
    }
    return false;
}
