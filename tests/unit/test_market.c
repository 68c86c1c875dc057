/*
 * The auction as a function, and order books as a library. The expected prices and energies are
 * worked out by hand from the definition; tests/oracle/clear.py does so by brute force.
 */
#include "lib/base/names.h"
#include "lib/market/auction.h"
#include "lib/market/books.h"

#include <stdlib.h>

#include "lib/base/limits.h"
#include "tests/unit/tap.h"

#define OFFER LM_SIDE_OFFER
#define BID   LM_SIDE_BID

static const struct lm_price_rule midpoint = {500000};

/* Clears and compares; WANTED is what each order trades. */
static void check_auction(const char *name, const struct lm_auction_order *orders, size_t count,
                          const struct lm_auction_result *wanted, const int64_t *wanted_wh) {
    struct lm_levels levels;
    struct lm_auction_result result = {0};
    int64_t traded_wh[16] = {0};
    struct lm_error error;
    bool good = lm_levels_build(orders, count, &levels, &error) == 0;
    if (good) {
        lm_auction_price(&levels, midpoint, &result);
        good = lm_auction_allocate(orders, count, &result, traded_wh, &error) == 0;
        lm_levels_free(&levels);
    }
    good = good && result.crossed == wanted->crossed && result.price_micro == wanted->price_micro &&
           result.price_low_micro == wanted->price_low_micro &&
           result.price_high_micro == wanted->price_high_micro &&
           result.energy_wh == wanted->energy_wh;
    for (size_t i = 0; i < count; i++)
        good = good && traded_wh[i] == wanted_wh[i];
    if (!tap_ok(good, "%s", name))
        printf("# got price %lld in [%lld, %lld], %lld Wh\n", (long long)result.price_micro,
               (long long)result.price_low_micro, (long long)result.price_high_micro,
               (long long)result.energy_wh);
}

static void test_auction(void) {
    const struct lm_auction_order one_price[] = {{10, 5, OFFER}, {20, 7, BID}};
    check_auction("the longer side sets the price", one_price, 2,
                  &(struct lm_auction_result){true, 20, 20, 20, 5}, (const int64_t[]){5, 5});
    const struct lm_auction_order vertical[] = {{10, 5, OFFER}, {20, 5, BID}};
    check_auction("equal energies leave an interval", vertical, 2,
                  &(struct lm_auction_result){true, 15, 10, 20, 5}, (const int64_t[]){5, 5});
    const struct lm_auction_order apart[] = {{21, 5, OFFER}, {20, 5, BID}};
    check_auction("no crossing", apart, 2, &(struct lm_auction_result){0}, (const int64_t[]){0, 0});
    check_auction("an empty book", NULL, 0, &(struct lm_auction_result){0}, NULL);
    /* 10 Wh among 3 + 3 + 3 + 4: 2.3, 2.3, 2.3, 3.07; the unit left over goes to the first. */
    const struct lm_auction_order ties[] = {
        {9, 10, OFFER}, {9, 3, BID}, {9, 3, BID}, {9, 3, BID}, {9, 4, BID}};
    check_auction("the group at the price shares, equal remainders in order", ties, 5,
                  &(struct lm_auction_result){true, 9, 9, 9, 10},
                  (const int64_t[]){10, 3, 2, 2, 3});
    const struct lm_auction_order far[] = {{-INT64_MAX, LM_INTEGER_MAX, OFFER},
                                           {INT64_MAX, LM_INTEGER_MAX, BID}};
    check_auction("prices and energies at the ends of their ranges", far, 2,
                  &(struct lm_auction_result){true, 0, -INT64_MAX, INT64_MAX, LM_INTEGER_MAX},
                  (const int64_t[]){LM_INTEGER_MAX, LM_INTEGER_MAX});
    const struct lm_auction_order huge[] = {
        {0, LM_INTEGER_MAX - 1, OFFER}, {0, 1, OFFER}, {0, LM_INTEGER_MAX - 2, BID}};
    /* With M = 2^53-1 the shares are M-3 + 2/M and 1 - 2/M: the unit left goes to the small one. */
    check_auction("pro rata beyond 64 bits", huge, 3,
                  &(struct lm_auction_result){true, 0, 0, 0, LM_INTEGER_MAX - 2},
                  (const int64_t[]){LM_INTEGER_MAX - 3, 1, LM_INTEGER_MAX - 2});
}

static void test_total(void) {
    const struct lm_auction_order orders[] = {{1, LM_INTEGER_MAX, BID}, {1, 1, BID}};
    struct lm_levels levels;
    struct lm_error error = {0};
    tap_ok(lm_levels_build(orders, 2, &levels, &error) < 0 && error.reason == LM_TOTAL,
           "a side beyond 2^53-1 Wh is refused");
}

static void test_names(void) {
    static const char *const texts[] = {"b", "a", "prefix-b", "prefix-a", "prefix-", "B", "a"};
    static const uint32_t wanted[] = {2, 1, 5, 4, 3, 0};
    struct lm_names names;
    struct lm_error error;
    uint32_t numbers[7] = {0};
    bool good = true;
    lm_names_start(&names);
    for (size_t i = 0; i < 7; i++)
        good = good && lm_names_add(&names, texts[i], strlen(texts[i]), &numbers[i], &error) == 0;
    uint32_t *ranks = lm_names_ranks(&names, &error);
    for (size_t i = 0; i < 6 && ranks; i++)
        good = good && numbers[i] == i && ranks[i] == wanted[i];
    tap_ok(good && ranks && numbers[6] == numbers[1] && names.count == 6,
           "names are numbered once and ranked in byte order");
    free(ranks);
    for (uint32_t i = 0; i < 10000; i++) {
        char text[16];
        uint32_t number;
        int size = snprintf(text, sizeof text, "n%u", i);
        good = good && lm_names_add(&names, text, (size_t)size, &number, &error) == 0 &&
               number == i + 6 && strcmp(lm_names_text(&names, number), text) == 0;
    }
    tap_ok(good, "ten thousand names are found again");
    lm_names_free(&names);
}

/* What books told, as text. */
struct told {
    struct lm_buffer text;
    bool stop;
};

static int on_clearing(void *context, const struct lm_clearing *clearing, struct lm_error *error) {
    struct told *told = context;
    lm_buffer_format(&told->text, "%s %s %lld;", clearing->market, clearing->price_rule,
                     (long long)clearing->energy_wh);
    return told->stop ? lm_fail(error, LM_IO, "enough") : 0;
}

static int on_trade(void *context, const struct lm_trade *trade, struct lm_error *error) {
    struct told *told = context;
    (void)error;
    lm_buffer_format(&told->text, " %s/%s %lld;", trade->from, trade->order,
                     (long long)trade->energy_wh);
    return 0;
}

static int on_reject(void *context, const struct lm_books_rejected *rejected,
                     struct lm_error *error) {
    struct told *told = context;
    (void)error;
    lm_buffer_format(&told->text, "%s:%llu %s %s %s/%s;", rejected->place.source,
                     (unsigned long long)rejected->place.line, lm_reason_word(rejected->why.reason),
                     rejected->market, rejected->from, rejected->id);
    return 0;
}

static void add(struct lm_books *books, uint64_t line, const char *market, const char *from,
                const char *side, int energy_wh) {
    char text[512];
    struct lm_record record;
    struct lm_error error;
    struct lm_place place = {"book", line};
    int size = snprintf(text, sizeof text,
                        "{\"at\":\"2016-04-01T10:00:00Z\",\"energy_wh\":%d,\"from\":\"%s\","
                        "\"id\":\"o\",\"market\":\"%s\",\"period\":\"2016-04-01T12:00Z/PT30M\","
                        "\"price\":\"0.1\",\"seq\":1,\"side\":\"%s\",\"type\":\"order\",\"v\":1}",
                        energy_wh, from, market, side);
    if (lm_record_parse(text, (size_t)size, &record, &error) < 0 ||
        lm_books_add(books, &record, &place, text, (size_t)size, &error) < 0)
        printf("# %s\n", error.detail);
    lm_record_free(&record);
}

static void test_books(void) {
    const struct lm_price_rule high = {1000000};
    const struct lm_period period = {1459512000, 30};
    const struct lm_books_options options = {0};
    const struct lm_books_visitor visitor = {.clearing = on_clearing, .trade = on_trade};
    struct lm_error error = {0};
    struct told told = {0};
    struct lm_books_visitor telling = visitor;
    telling.context = &told;
    struct lm_books *books = lm_books_new(&options, &error);
    if (!books) {
        tap_ok(false, "books: %s", error.detail);
        return;
    }
    add(books, 1, "m2", "u1", "offer", 3);
    add(books, 2, "m1", "u2", "bid", 2);
    add(books, 3, "m1", "u1", "offer", 3);
    add(books, 4, "m1", "u3", "bid", 2);
    add(books, 5, "m1", "u3", "bid", 1);
    bool good = lm_books_want(books, "m1", period, &high, &error) == 0 &&
                lm_books_want(books, "m0", period, NULL, &error) == 0 &&
                lm_books_judge(books, on_reject, &told, &error) == 0 &&
                lm_books_clear(books, &telling, &error) == 0;
    lm_buffer_byte(&told.text, '\0');
    tap_ok(good, "books are judged and cleared");
    tap_is(
        told.text.data,
        "book:4 conflict m1 u3/o;book:5 conflict m1 u3/o;m0 midpoint 0;m1 high 2; u1/o 2; u2/o 2;"
        "m2 midpoint 0; u1/o 0;",
        "rejections by place, then the results by market; a wanted book may be empty");
    told.stop = true;
    tap_ok(lm_books_clear(books, &telling, &error) < 0 && error.reason == LM_IO,
           "a visitor can stop, and its error comes through");
    lm_buffer_free(&told.text);
    lm_books_free(books);
}

int main(void) {
    test_auction();
    test_total();
    test_names();
    test_books();
    return tap_done();
}
