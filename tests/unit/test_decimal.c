/*
 * Exact numbers, against tables that were worked out by hand.
 */
#include "lib/base/decimal.h"

#include <inttypes.h>

#include "lib/base/limits.h"
#include "tests/unit/tap.h"

static bool parses(const char *text, int digits, lm_i128 *value) {
    return lm_decimal_parse(text, strlen(text), digits, value);
}

static void test_prices(void) {
    static const struct {
        const char *text;
        int64_t price_micro;
        const char *shortest;
    } good[] = {
        {"0", 0, "0"},
        {"-0", 0, "0"},
        {"0.0", 0, "0"},
        {"0.62", 620000, "0.62"},
        {"0.620", 620000, "0.62"},
        {"0.620000", 620000, "0.62"},
        {"-0.8", -800000, "-0.8"},
        {"1", 1000000, "1"},
        {"10", 10000000, "10"},
        {"100.000001", 100000001, "100.000001"},
        {"-0.000001", -1, "-0.000001"},
        {"9223372036854.775807", INT64_MAX, "9223372036854.775807"},
        {"-9223372036854.775807", -INT64_MAX, "-9223372036854.775807"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t price_micro = 42;
        char text[LM_DECIMAL_SIZE];
        bool parsed = lm_price_parse(good[i].text, strlen(good[i].text), &price_micro);
        tap_ok(parsed && price_micro == good[i].price_micro, "price %s", good[i].text);
        size_t size = lm_price_format(good[i].price_micro, text);
        tap_ok(size == strlen(text) && strcmp(text, good[i].shortest) == 0, "price written as %s",
               good[i].shortest);
    }
}

static void test_refused(void) {
    static const char *const bad[] = {
        "",
        "-",
        "--1",
        "+1",
        "01",
        "-01",
        "00",
        "00.5",
        ".5",
        "-.5",
        "5.",
        "5.-1",
        "1..2",
        "1.2.3",
        "1e3",
        "1E3",
        "0x10",
        " 1",
        "1 ",
        "1,5",
        "1_000",
        "inf",
        "nan",
        "\xD9\xA1", /* an Arabic-Indic one */
        "0.1234567",
        "0.0000000",
        "9223372036854.775808",
        "-9223372036854.775808", /* INT64_MIN stands for an absent price */
        "99999999999999999999",
        "170141183460469231731687303715884105728",
        "1000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t price_micro;
        tap_ok(!lm_price_parse(bad[i], strlen(bad[i]), &price_micro), "no price: '%.30s'", bad[i]);
    }
    int64_t price_micro;
    tap_ok(!lm_price_parse("1\0", 2, &price_micro) && !lm_price_parse("1\n", 2, &price_micro),
           "no price: a NUL or a line feed behind it");
    tap_ok(lm_price_parse("12", 1, &price_micro) && price_micro == 1000000,
           "a price ends where its size says");
}

static void test_amounts(void) {
    static const char max[] = "170141183460469231731687303715.884105727";
    static const char min[] = "-170141183460469231731687303715.884105728";
    lm_i128 most = (lm_i128)(~(lm_u128)0 >> 1);
    lm_i128 value;
    char text[LM_DECIMAL_SIZE];
    tap_ok(lm_amount_parse(max, strlen(max), &value) && value == most, "the largest amount");
    tap_ok(lm_amount_parse(min, strlen(min), &value) && value == -most - 1, "the smallest amount");
    lm_amount_format(most, text);
    tap_is(text, max, "the largest amount is written");
    lm_amount_format(-most - 1, text);
    tap_is(text, min, "the smallest amount is written");
    tap_ok(!parses("170141183460469231731687303715.884105728", 9, &value), "one nano too much");
    tap_ok(!parses("-170141183460469231731687303715.884105729", 9, &value), "one nano too little");
    tap_ok(!parses("170141183460469231731687303716", 9, &value), "too much before the point");
    tap_ok(!parses("0.0000000001", 9, &value), "ten fraction digits");
    tap_ok(parses("0.000000001", 9, &value) && value == 1, "one nano");
    /* 1.5 kWh at 0.123457: 0.1851855, exactly. */
    lm_amount_format(lm_amount_of(123457, 1500), text);
    tap_is(text, "0.1851855", "price times energy is exact");
    lm_amount_format(lm_amount_of(-INT64_MAX, LM_INTEGER_MAX), text);
    tap_ok(lm_amount_parse(text, strlen(text), &value) &&
               value / LM_INTEGER_MAX == -(lm_i128)INT64_MAX && value % LM_INTEGER_MAX == 0,
           "the extremes' product fits");
}

/* Whole and fraction printed by the C library, zeros cut: the independent spelling. */
static void spell(int64_t price_micro, char *text, size_t room) {
    uint64_t magnitude = price_micro < 0 ? 0 - (uint64_t)price_micro : (uint64_t)price_micro;
    int size = snprintf(text, room, "%s%" PRIu64 ".%06" PRIu64, price_micro < 0 ? "-" : "",
                        magnitude / 1000000, magnitude % 1000000);
    while (text[size - 1] == '0')
        text[--size] = '\0';
    if (text[size - 1] == '.')
        text[--size] = '\0';
}

static void test_round_trip(void) {
    uint64_t state = 20160401;
    int wrong = 0;
    for (int i = 0; i < 200000; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        int64_t price_micro = (int64_t)(state ^ state >> 29) / ((int64_t)1 << (i % 63));
        if (price_micro == INT64_MIN)
            continue;
        char text[LM_DECIMAL_SIZE];
        char wanted[64];
        int64_t back = 0;
        size_t size = lm_price_format(price_micro, text);
        spell(price_micro, wanted, sizeof wanted);
        wrong +=
            strcmp(text, wanted) != 0 || !lm_price_parse(text, size, &back) || back != price_micro;
    }
    tap_ok(wrong == 0, "200000 prices are spelled as the C library does and read back");
}

static void test_half_even(void) {
    static const struct {
        int value;
        int divisor;
        int wanted;
    } table[] = {{0, 7, 0},     {1, 2, 0},     {3, 2, 2},   {5, 2, 2},    {7, 2, 4},
                 {-1, 2, 0},    {-3, 2, -2},   {-5, 2, -2}, {-7, 2, -4},  {5, 10, 0},
                 {15, 10, 2},   {25, 10, 2},   {35, 10, 4}, {-5, 10, 0},  {-15, 10, -2},
                 {-25, 10, -2}, {-35, 10, -4}, {24, 10, 2}, {26, 10, 3},  {-24, 10, -2},
                 {-26, 10, -3}, {7, 3, 2},     {8, 3, 3},   {-7, 3, -2},  {-8, 3, -3},
                 {4, 10, 0},    {6, 10, 1},    {-4, 10, 0}, {-6, 10, -1}, {99, 1, 99},
                 {-99, 1, -99}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        lm_i128 got = lm_divide_half_even(table[i].value, table[i].divisor);
        tap_ok(got == table[i].wanted, "%d / %d is %d", table[i].value, table[i].divisor,
               table[i].wanted);
    }
    lm_i128 most = (lm_i128)(~(lm_u128)0 >> 1);
    tap_ok(lm_divide_half_even(most, most) == 1 && lm_divide_half_even(-most - 1, most) == -1 &&
               lm_divide_half_even(-most - 1, 1) == -most - 1 &&
               lm_divide_half_even(most / 2, most) == 0 &&
               lm_divide_half_even(most / 2 + 1, most) == 1,
           "division at the ends of 128 bits");
}

static void test_energy(void) {
    static const struct {
        const char *text;
        int64_t energy_wh; /* -1: refused */
    } table[] = {
        {"2kWh", 2000},
        {"0.5kWh", 500},
        {"500Wh", 500},
        {"0Wh", 0},
        {"1.5MWh", 1500000},
        {"0.000001MWh", 1},
        {"0.001kWh", 1},
        {"9007199254740991Wh", 9007199254740991},
        {"9007199254740.991kWh", 9007199254740991},
        {"9007199254740992Wh", -1},
        {"9007199254740.992kWh", -1},
        {"0.0001kWh", -1},
        {"0.5Wh", -1},
        {"-1Wh", -1},
        {"-1kWh", -1},
        {"kWh", -1},
        {"Wh", -1},
        {"", -1},
        {"2", -1},
        {"2 kWh", -1},
        {"2kwh", -1},
        {"2KWh", -1},
        {"2kW", -1},
        {"2kWhh", -1},
        {"+2kWh", -1},
        {"2e3Wh", -1},
        {"2GWh", -1},
        {"99999999999999999999999999999999999999999MWh", -1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t energy_wh = -2;
        bool parsed = lm_energy_parse(table[i].text, strlen(table[i].text), &energy_wh);
        tap_ok(parsed ? energy_wh == table[i].energy_wh : table[i].energy_wh == -1, "energy '%s'%s",
               table[i].text, table[i].energy_wh < 0 ? " is refused" : "");
    }
}

int main(void) {
    test_prices();
    test_refused();
    test_amounts();
    test_round_trip();
    test_half_even();
    test_energy();
    return tap_done();
}
