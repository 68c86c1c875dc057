/*
 * A tariff's retail bands: which price holds at which local time.
 */
#ifndef LM_SETTLE_BANDS_H
#define LM_SETTLE_BANDS_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/base/error.h"
#include "lib/base/period.h"

/* One band, half-open. It begins at from_minutes of each local day in `days` and ends at
 * to_minutes of that day, or of the next where from_minutes > to_minutes. */
struct lm_retail_band {
    int64_t price_micro;
    int16_t from_minutes; /* 0 to 1439 */
    int16_t to_minutes;   /* 0 to 1440 */
    uint8_t days;         /* bit n for weekday n, 0 being Sunday, on which it begins */
};

/* Reads a band of a tariff's retail, which has passed the tariff's check. */
int lm_retail_band_read(const json_t *json, struct lm_retail_band *band,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The price at LOCAL time: that of the first band that holds. False where none does. Local times
 * that come twice when clocks go back are the same time to a band. */
bool lm_retail_price(const struct lm_retail_band *bands, size_t count, const struct lm_civil *local,
                     int64_t *price_micro) LM_NONNULL LM_MUST_CHECK;

#endif
