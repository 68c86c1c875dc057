/*
 * Totals beside the readings that they are made of. Private to lib/evidence/readings.
 */
#ifndef LM_EVIDENCE_TOTALS_H
#define LM_EVIDENCE_TOTALS_H

#include "lib/evidence/readings.h"

/* What a meter has signed of a period and seq. */
struct lm_readings_row {
    struct lm_place place;
    struct lm_place other; /* of another one of that name; line 0 where there is none */
    bool counts;           /* it stands where it counts */
    bool disputed;         /* two that differ do */
    bool late;             /* it came behind the settlement of its period */
    bool revised;          /* its meter has sent another one as well */
    uint8_t content[32];
    struct lm_period period;
    int64_t seq;
    int64_t import_wh;
    int64_t export_wh;
    uint32_t meter;
};

struct lm_totals_row {
    struct lm_place place;
    struct lm_period period;
    int64_t import_wh;
    int64_t export_wh;
    int64_t meters;
    uint32_t operator;
    uint32_t region;
    uint32_t supplier; /* UINT32_MAX for all */
};

/* Judges all totals; ORDER are the places of READING_COUNT readings, the one that counts of each
 * meter and period, by period. With BLAME false nobody is named. */
int lm_totals_judge(struct lm_readings *readings, const uint32_t *order, size_t reading_count,
                    bool blame, struct lm_findings *findings,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Tells of meters with readings of periods that overlap. ORDER has the places of COUNT readings by
 * their periods, one a meter and period. (overlaps.c) */
int lm_overlaps_judge(const struct lm_readings *readings, const uint32_t *order, size_t count,
                      struct lm_findings *findings,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
