#include "lib/record/schemas.h"

const char *const lm_quality_words[] = {"measured", "estimated", "corrected", NULL};

static const struct lm_member reading_rows[] = {
    LM_ROW(struct lm_reading, "export_wh", ENERGY, 0, export_wh,
           "energy that flowed into the grid"),
    LM_ROW(struct lm_reading, "firmware", DIGEST, LM_OPTIONAL, firmware,
           "the firmware that measured"),
    LM_ROW(struct lm_reading, "import_wh", ENERGY, 0, import_wh,
           "energy that flowed out of the grid"),
    LM_ROW(struct lm_reading, "meter", ID, 0, meter, "which meter"),
    LM_ROW(struct lm_reading, "period", PERIOD, 0, period, "when"),
    LM_WORD_ROW(struct lm_reading, "quality", 0, quality, lm_quality_words,
                "how the values came about"),
    LM_ROW(struct lm_reading, "seq", COUNT, 0, seq,
           "of several readings of one meter and period the highest counts"),
    LM_ROW(struct lm_reading, "to", ID, LM_OPTIONAL, to,
           "whom this copy is for; no part of the reading"),
};
static const struct lm_members lm_reading_members = LM_MEMBERS(reading_rows, struct lm_reading);

const struct lm_schema lm_reading_schema = {.name = "reading",
                                            .members = &lm_reading_members,
                                            .meaning = "What flowed through a meter in a period."};

static const struct lm_member total_rows[] = {
    LM_ROW(struct lm_total, "export_wh", ENERGY, 0, export_wh, "sum of the exports"),
    LM_ROW(struct lm_total, "import_wh", ENERGY, 0, import_wh, "sum of the imports"),
    LM_ROW(struct lm_total, "meters", COUNT, 0, meters, "how many meters are in it"),
    LM_ROW(struct lm_total, "period", PERIOD, 0, period, "when"),
    LM_ROW(struct lm_total, "region", ID, 0, region, "where"),
    LM_ROW(struct lm_total, "supplier", ID, LM_NULLABLE, supplier, "whose customers; null for all"),
    LM_ROW(struct lm_total, "to", ID, 0, to, "whom it is for"),
};
static const struct lm_members lm_total_members = LM_MEMBERS(total_rows, struct lm_total);

const struct lm_schema lm_total_schema = {
    .name = "total", .members = &lm_total_members, .meaning = "A sum of readings."};
