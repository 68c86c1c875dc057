#include "lib/settle/bands.h"

#include <string.h>

#include "lib/record/types.h"

#define ALL_DAYS 0x7F

static uint8_t read_days(const json_t *days) {
    unsigned bits = 0;
    for (size_t i = 0; i < json_array_size(days); i++) {
        const char *word = json_string_value(json_array_get(days, i));
        for (unsigned day = 0; lm_weekday_words[day]; day++) {
            if (strcmp(word, lm_weekday_words[day]) == 0)
                bits |= 1u << day;
        }
    }
    return (uint8_t)bits;
}

int lm_retail_band_read(const json_t *json, struct lm_retail_band *band, struct lm_error *error) {
    struct lm_band read;
    if (lm_members_read(&lm_band_members, json, NULL, &read, error) < 0)
        return -1;
    *band = (struct lm_retail_band){
        .price_micro = read.price_micro,
        .from_minutes = (int16_t)(read.from_minutes == LM_ABSENT ? 0 : read.from_minutes),
        .to_minutes = (int16_t)(read.to_minutes == LM_ABSENT ? 1440 : read.to_minutes),
        .days = read.days ? read_days(read.days) : ALL_DAYS};
    return 0;
}

static bool holds(const struct lm_retail_band *band, int weekday, int minutes) {
    bool today = band->days >> weekday & 1;
    bool yesterday = band->days >> (weekday + 6) % 7 & 1;
    if (band->from_minutes < band->to_minutes)
        return today && minutes >= band->from_minutes && minutes < band->to_minutes;
    /* Behind midnight it is still the band of the day on which it began. */
    return (today && minutes >= band->from_minutes) || (yesterday && minutes < band->to_minutes);
}

bool lm_retail_price(const struct lm_retail_band *bands, size_t count, const struct lm_civil *local,
                     int64_t *price_micro) {
    int weekday = lm_weekday(lm_civil_to_seconds(local));
    int minutes = local->hour * 60 + local->minute;
    for (size_t i = 0; i < count; i++) {
        if (holds(&bands[i], weekday, minutes)) {
            *price_micro = bands[i].price_micro;
            return true;
        }
    }
    return false;
}
