/* Bands, one customer's formulas, tallies, transfers. Expected numbers are worked out by hand. */
#include <stdlib.h>

#include "lib/base/decimal.h"
#include "lib/settle/bands.h"
#include "lib/settle/customer.h"
#include "lib/settle/tally.h"
#include "lib/settle/transfers.h"
#include "tests/unit/tap.h"

/* Friday 2016-04-01 and the days after it. */
static struct lm_civil local(int day, int hour, int minute) {
    return (struct lm_civil){.year = 2016, .month = 4, .day = day, .hour = hour, .minute = minute};
}

static int64_t price_at(const struct lm_retail_band *bands, size_t count, struct lm_civil at) {
    int64_t price_micro;
    return lm_retail_price(bands, count, &at, &price_micro) ? price_micro : -1;
}

static void test_bands(void) {
    const uint8_t friday = 1 << 5;
    const struct lm_retail_band day[] = {
        {.price_micro = 1, .from_minutes = 7 * 60, .to_minutes = 22 * 60, .days = 0x7F}};
    tap_ok(price_at(day, 1, local(1, 6, 59)) == -1 && price_at(day, 1, local(1, 7, 0)) == 1 &&
               price_at(day, 1, local(1, 21, 59)) == 1 && price_at(day, 1, local(1, 22, 0)) == -1,
           "a band is half-open");
    const struct lm_retail_band night[] = {
        {.price_micro = 2, .from_minutes = 22 * 60, .to_minutes = 6 * 60, .days = friday}};
    tap_ok(price_at(night, 1, local(1, 5, 0)) == -1 && price_at(night, 1, local(1, 23, 0)) == 2 &&
               price_at(night, 1, local(2, 5, 59)) == 2 &&
               price_at(night, 1, local(2, 6, 0)) == -1 &&
               price_at(night, 1, local(2, 23, 0)) == -1,
           "behind midnight a band is still of the day on which it began");
    const struct lm_retail_band evening[] = {
        {.price_micro = 3, .from_minutes = 20 * 60, .to_minutes = 1440, .days = friday},
        {.price_micro = 4, .from_minutes = 0, .to_minutes = 1440, .days = 0x7F}};
    tap_ok(price_at(evening, 2, local(1, 23, 59)) == 3 &&
               price_at(evening, 2, local(2, 0, 0)) == 4 &&
               price_at(evening, 2, local(8, 20, 0)) == 3,
           "24:00 ends a day; the first band that holds counts");
}

static void test_read_band(void) {
    struct lm_error error;
    struct lm_retail_band band;
    json_t *json = json_pack("{s:s, s:[s,s], s:s, s:s}", "price", "0.3", "days", "sat", "sun",
                             "from", "23:30", "to", "01:00");
    tap_ok(lm_retail_band_read(json, &band, &error) == 0 && band.price_micro == 300000 &&
               band.from_minutes == 1410 && band.to_minutes == 60 && band.days == 0x41,
           "a band is read from its record");
    json_decref(json);
    json = json_pack("{s:s}", "price", "-0.000001");
    tap_ok(lm_retail_band_read(json, &band, &error) == 0 && band.price_micro == -1 &&
               band.from_minutes == 0 && band.to_minutes == 1440 && band.days == 0x7F,
           "a band without times and days always holds");
    json_decref(json);
}

/* What of a customer's period goes to her and to her supplier, in nano-units. */
static bool customer_is(struct lm_flows flows, const struct lm_customer_terms *terms,
                        lm_i128 user_nano, lm_i128 supplier_nano, lm_i128 user_without_nano,
                        lm_i128 supplier_without_nano) {
    struct lm_tally user = {0};
    struct lm_tally supplier = {0};
    struct lm_customer_amounts amounts;
    struct lm_error error;
    lm_i128 to_user;
    lm_i128 to_supplier;
    bool good = lm_settle_customer(&flows, terms, &user, &supplier, &amounts, &error) == 0 &&
                lm_tally_sum(&user, &to_user, &error) == 0 &&
                lm_tally_sum(&supplier, &to_supplier, &error) == 0 && to_user == user_nano &&
                to_supplier == supplier_nano && amounts.user_without_nano == user_without_nano &&
                amounts.supplier_without_nano == supplier_without_nano;
    lm_tally_free(&user);
    lm_tally_free(&supplier);
    return good;
}

static void test_customer(void) {
    struct lm_customer_terms terms = {.retail_micro = 200000,
                                      .feed_in_micro = 40000,
                                      .fee_micro = 30000,
                                      .fees_borne_by = {.sold = LM_BEARER_USER}};
    /* Cents are 10^7 nano-units. U1: -6 for fees on what she sold, which pass through. */
    tap_ok(customer_is((struct lm_flows){.export_wh = 2000, .sold_wh = 2000}, &terms, -60000000, 0,
                       80000000, -140000000),
           "Table I, U1 but for her trade");
    /* U2: 2 kWh of retail; the supplier owes fees on 4 kWh. */
    tap_ok(customer_is((struct lm_flows){.import_wh = 4000, .bought_wh = 2000}, &terms, -400000000,
                       280000000, -800000000, 680000000),
           "Table I, U2 but for her trade");
    /* Sold 2 and bought 1, exports 1 and imports 3: short 2 + 1, no surplus. Fees: 1 kWh sold is
     * hers, 0.03; 0.12 are owed. */
    tap_ok(customer_is((struct lm_flows){3000, 1000, 1000, 2000}, &terms, -630000000, 510000000,
                       -560000000, 440000000),
           "import and export are not netted");
    struct lm_flows most = {
        .import_wh = 0, .export_wh = 0, .bought_wh = 9007199254740991, .sold_wh = 0};
    tap_ok(customer_is(most, &terms, (lm_i128)9007199254740991 * 40000,
                       -(lm_i128)9007199254740991 * 40000, 0, 0),
           "the largest energy settles");
    struct lm_tally user = {0};
    struct lm_tally supplier = {0};
    struct lm_customer_amounts amounts;
    struct lm_error error;
    most.import_wh = 0;
    most.export_wh = 1;
    tap_ok(lm_settle_customer(&most, &terms, &user, &supplier, &amounts, &error) < 0 &&
               error.reason == LM_TOTAL,
           "a surplus beyond 2^53-1 is refused");
    lm_tally_free(&user);
    lm_tally_free(&supplier);
}

static void test_tally(void) {
    struct lm_tally tally = {0};
    struct lm_tally back = {0};
    struct lm_error error;
    lm_i128 sum;
    bool good = true;
    for (int i = 0; i < 1000; i++) {
        good = good && lm_tally_add(&tally, LM_ITEM_SOLD, 110000, 2, &error) == 0 &&
               lm_tally_add(&tally, LM_ITEM_RETAIL, 100000 + i % 3, -1, &error) == 0 &&
               lm_tally_add(&tally, LM_ITEM_FEE_SOLD, 5, i % 2 ? 1 : -1, &error) == 0 &&
               lm_tally_add(&tally, LM_ITEM_FEED_IN, 0, 7, &error) == 0;
    }
    good = good && lm_tally_merge(&tally, &error) == 0 && lm_tally_sum(&tally, &sum, &error) == 0;
    /* 334 at .100000, 333 at .100001, 333 at .100002 */
    tap_ok(good && tally.count == 4 && tally.room < 100 && tally.rows[0].energy_wh == -334 &&
               tally.rows[2].price_micro == 100002 && tally.rows[3].item == LM_ITEM_SOLD &&
               sum == (lm_i128)2000 * 110000 - (334 * 100000 + 333 * 100001 + 333 * 100002),
           "equal items merge, what comes to nothing is dropped");
    json_t *items = lm_tally_items(&tally);
    good = items && lm_tally_read(&back, items, &error) == 0 && lm_tally_merge(&back, &error) == 0;
    tap_ok(good && lm_tally_same(&tally, &back), "items read back are the same");
    json_t *first = json_array_get(items, 0);
    (void)json_object_set_new(first, "amount", json_string("0.0000001"));
    tap_ok(lm_tally_read(&back, items, &error) < 0 && error.reason == LM_BAD_MEMBER,
           "an item that is not its price times its energy is refused");
    json_decref(items);
    lm_tally_reset(&tally);
    good = lm_tally_add(&tally, LM_ITEM_SOLD, INT64_MAX, 9007199254740991, &error) == 0 &&
           lm_tally_add(&tally, LM_ITEM_SOLD, INT64_MAX, 1, &error) == 0 &&
           lm_tally_merge(&tally, &error) == 0;
    tap_ok(good && lm_tally_sum(&tally, &sum, &error) < 0 && error.reason == LM_TOTAL,
           "an item's energy is at most what a record can say");
    lm_tally_reset(&tally);
    for (int i = 0; i < 4096 && good; i++)
        good = lm_tally_add(&tally, LM_ITEM_SOLD, INT64_MAX - i, 9007199254740991, &error) == 0;
    tap_ok(good && lm_tally_sum(&tally, &sum, &error) < 0 && error.reason == LM_OVERFLOW,
           "a sum that does not fit is told");
    lm_tally_free(&tally);
    lm_tally_free(&back);
}

static int note(void *context, uint32_t from, uint32_t to, lm_i128 amount_nano,
                struct lm_error *error) {
    char *text = context;
    size_t size = strlen(text);
    (void)error;
    (void)snprintf(text + size, 200 - size, "%u-%u:%lld ", from, to, (long long)amount_nano);
    return 0;
}

static void test_transfers(void) {
    struct lm_error error;
    char text[200] = "";
    struct lm_net nets[] = {{-5, 0}, {3, 1}, {0, 2}, {-4, 3}, {1, 4}, {5, 5}};
    tap_ok(lm_transfers(nets, 6, note, text, &error) == 0, "nets that sum to zero are settled");
    tap_is(text, "0-1:3 0-4:1 0-5:1 3-5:4 ", "the first payer pays the first receiver");
    struct lm_net wrong[] = {{-5, 0}, {3, 1}};
    tap_ok(lm_transfers(wrong, 2, note, text, &error) < 0 && error.reason == LM_DEFECT,
           "nets that do not are a defect");
}

int main(void) {
    test_bands();
    test_read_band();
    test_customer();
    test_tally();
    test_transfers();
    return tap_done();
}
