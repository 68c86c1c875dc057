/*
 * Meter data as CSV, of two kinds which the header tells apart:
 *
 *   intervals   period or start; import_wh or import_kwh; export_wh or export_kwh; quality
 *   registers   at; import_register_wh or import_register_kwh; export_register_wh or …_kwh
 *
 * Each has all of its columns but quality. A meter without an export register still has a column
 * of zeros: what is missing is never taken for zero.
 */
#ifndef LM_METER_TABLE_H
#define LM_METER_TABLE_H

#include "lib/base/csv.h"
#include "lib/meter/registers.h"
#include "lib/record/types.h"

/* The columns of both kinds; ends with NULL. */
extern const char *const lm_meter_columns[];

enum lm_meter_kind { LM_METER_INTERVALS, LM_METER_REGISTERS };

/* Tells a header's kind. -1 with LM_CSV where it is neither, or both. */
int lm_meter_header(const struct lm_csv_header *header, enum lm_meter_kind *kind,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Reads a row of intervals: period, import_wh, export_wh of the reading, and its quality where
 * the row says one. Local times are ZONE's (may be NULL). -1 with LM_PERIOD where the period is
 * not one of that length, or as lm_local_time_parse and lm_csv_number fail. */
int lm_meter_interval_row(const struct lm_csv_header *header, const struct lm_csv_row *row,
                          int64_t period_minutes, const char *zone, struct lm_reading *reading,
                          struct lm_error *error) LM_NONNULL_AT(1, 2, 5, 6) LM_MUST_CHECK;

/* Reads a row of registers. */
int lm_meter_register_row(const struct lm_csv_header *header, const struct lm_csv_row *row,
                          const char *zone, struct lm_sample *sample, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4, 5) LM_MUST_CHECK;

#endif
