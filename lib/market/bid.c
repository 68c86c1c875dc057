#include "lib/market/bid.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/decimal.h"
#include "lib/base/id.h"
#include "lib/base/period_argument.h"

enum column { FROM, MARKET, PERIOD, SIDE, ENERGY, ENERGY_WH, PRICE, ID, SEQ };

const char *const lm_bid_columns[] = {
    "from", "market", "period", "side", "energy", "energy_wh", "price", "id", "seq", NULL,
};

void lm_bid_start(const struct lm_bid_maker *maker, int64_t now_us, struct lm_bid *bid) {
    bid->order = maker->defaults;
    bid->order.at_s = now_us / 1000000 - (now_us % 1000000 < 0);
    if (maker->cancel)
        bid->order.energy_wh = 0;
}

static int read_energy(const struct lm_bid_maker *maker, const char *text, size_t size,
                       struct lm_bid *bid, struct lm_error *error) {
    int64_t energy_wh;
    if (!lm_energy_parse(text, size, &energy_wh)) {
        lm_fail(error, LM_BAD_MEMBER, "'%.*s' is not an energy in whole watt-hours", (int)size,
                text);
        return lm_hint(error, "write a number and its unit, like 2kWh, 500Wh or 1.5MWh");
    }
    bid->order.energy_wh = maker->cancel ? 0 : energy_wh;
    return 0;
}

static int read_price(const char *text, struct lm_bid *bid, struct lm_error *error) {
    if (lm_price_parse(text, strlen(text), &bid->order.price_micro))
        return 0;
    lm_fail(error, LM_BAD_MEMBER, "'%s' is not a price", text);
    return lm_hint(error, "write a decimal per kWh with at most %d fraction digits, like 0.11",
                   LM_PRICE_DIGITS);
}

int lm_bid_quantity(const struct lm_bid_maker *maker, const char *text, struct lm_bid *bid,
                    struct lm_error *error) {
    const char *at = strchr(text, '@');
    if (!at) {
        lm_fail(error, LM_BAD_MEMBER, "'%s' is not an energy at a price", text);
        return lm_hint(error, "write it like 2kWh@0.11");
    }
    if (read_energy(maker, text, (size_t)(at - text), bid, error) < 0)
        return -1;
    return read_price(at + 1, bid, error);
}

int lm_bid_header(const struct lm_bid_maker *maker, const struct lm_csv_header *header,
                  struct lm_error *error) {
    if (!lm_csv_has(header, FROM) && !maker->defaults.from)
        return lm_csv_fail_missing("from", "--from", error);
    if (!lm_csv_has(header, MARKET) && !maker->defaults.market)
        return lm_csv_fail_missing("market", "--market", error);
    if (!lm_csv_has(header, PERIOD) && !maker->period)
        return lm_csv_fail_missing("period", "--period", error);
    if (!lm_csv_has(header, SIDE))
        return lm_csv_fail_missing("side", NULL, error);
    if (lm_csv_has(header, ENERGY) && lm_csv_has(header, ENERGY_WH))
        return lm_fail(error, LM_CSV, "both of the columns energy and energy_wh");
    if (!lm_csv_has(header, ENERGY) && !lm_csv_has(header, ENERGY_WH) && !maker->cancel)
        return lm_csv_fail_missing("energy or energy_wh", NULL, error);
    if (!lm_csv_has(header, PRICE))
        return lm_csv_fail_missing("price", NULL, error);
    return 0;
}

static int read_id(const char *column, const char *text, const char **id, struct lm_error *error) {
    if (!text)
        return *id ? 0 : lm_csv_fail_empty(column, error);
    if (!lm_id_valid(text, strlen(text))) {
        lm_fail(error, LM_BAD_MEMBER, "%s: '%s' is not an id", column, text);
        return lm_hint(error, "an id is 1 to 64 of A-Z a-z 0-9 . _ : -");
    }
    *id = text;
    return 0;
}

static int read_row_energy(const struct lm_bid_maker *maker, const struct lm_csv_header *header,
                           const struct lm_csv_row *row, struct lm_bid *bid,
                           struct lm_error *error) {
    const char *energy = lm_csv_field(header, row, ENERGY);
    const char *energy_wh = lm_csv_field(header, row, ENERGY_WH);
    if (energy)
        return read_energy(maker, energy, strlen(energy), bid, error);
    if (energy_wh) {
        if (lm_csv_number("energy_wh", energy_wh, 0, &bid->order.energy_wh, error) < 0)
            return -1;
        if (maker->cancel)
            bid->order.energy_wh = 0;
        return 0;
    }
    return maker->cancel
               ? 0
               : lm_csv_fail_empty(lm_csv_has(header, ENERGY) ? "energy" : "energy_wh", error);
}

int lm_bid_row(const struct lm_bid_maker *maker, const struct lm_csv_header *header,
               const struct lm_csv_row *row, const char **period, struct lm_bid *bid,
               struct lm_error *error) {
    struct lm_order *order = &bid->order;
    const char *side = lm_csv_field(header, row, SIDE);
    const char *price = lm_csv_field(header, row, PRICE);
    const char *id = lm_csv_field(header, row, ID);
    const char *seq = lm_csv_field(header, row, SEQ);
    *period = lm_csv_field(header, row, PERIOD);
    if (!*period)
        *period = maker->period;
    if (!*period)
        return lm_csv_fail_empty("period", error);
    if (!side)
        return lm_csv_fail_empty("side", error);
    if (!price)
        return lm_csv_fail_empty("price", error);
    if (strcmp(side, "offer") != 0 && strcmp(side, "bid") != 0)
        return lm_fail(error, LM_BAD_MEMBER, "side: '%s' is neither offer nor bid", side);
    order->side = strcmp(side, "offer") == 0 ? LM_SIDE_OFFER : LM_SIDE_BID;
    if (read_id("from", lm_csv_field(header, row, FROM), &order->from, error) < 0 ||
        read_id("market", lm_csv_field(header, row, MARKET), &order->market, error) < 0 ||
        read_row_energy(maker, header, row, bid, error) < 0 || read_price(price, bid, error) < 0)
        return -1;
    if (id && read_id("id", id, &order->id, error) < 0)
        return -1;
    return seq ? lm_csv_number("seq", seq, 0, &order->seq, error) : 0;
}

/* The length of the periods that MARKET trades at NOW_S. */
static int find_minutes(const struct lm_bid_maker *maker, const struct lm_bid *bid,
                        int64_t *minutes, struct lm_error *error) {
    *minutes = maker->minutes;
    if (!maker->terms)
        return 0;
    const struct lm_terms *terms =
        lm_terms_at(maker->terms, bid->order.market, bid->order.at_s, error);
    if (!terms)
        return -1;
    *minutes = terms->period_minutes;
    return 0;
}

static int read_period(const struct lm_bid_maker *maker, const char *text, struct lm_bid *bid,
                       struct lm_error *error) {
    int64_t minutes;
    if (lm_period_parse(text, strlen(text), &bid->order.period))
        return 0;
    if (find_minutes(maker, bid, &minutes, error) < 0)
        return -1;
    return lm_period_argument(text, bid->order.at_s, minutes, &bid->order.period, error);
}

static int check_gate(const struct lm_terms *terms, const struct lm_order *order,
                      struct lm_error *error) {
    int64_t gate_s;
    struct lm_period open;
    char text[LM_TIME_SIZE];
    if (!lm_terms_gate(order->period, terms->gate_minutes, &gate_s))
        return lm_fail(error, LM_LATE, "the gate of the period closed before year 1");
    if (order->at_s < gate_s)
        return 0;
    lm_instant_format(gate_s, text);
    lm_fail(error, LM_LATE, "the gate of the period closed at %s", text);
    if (!lm_terms_next_open(terms, order->at_s, &open))
        return -1;
    lm_period_format(open, text);
    return lm_hint(error, "the next open period is %s", text);
}

static int check_price(const struct lm_terms *terms, const struct lm_order *order,
                       struct lm_error *error) {
    char price[LM_DECIMAL_SIZE];
    char limit[LM_DECIMAL_SIZE];
    lm_price_format(order->price_micro, price);
    if (order->energy_wh == 0)
        return 0;
    if (terms->price_floor_micro != LM_ABSENT && order->price_micro < terms->price_floor_micro) {
        lm_price_format(terms->price_floor_micro, limit);
        lm_fail(error, LM_PRICE, "the price %s is below the floor of market %s", price,
                order->market);
        return lm_hint(error, "the lowest price is %s", limit);
    }
    if (terms->price_cap_micro != LM_ABSENT && order->price_micro > terms->price_cap_micro) {
        lm_price_format(terms->price_cap_micro, limit);
        lm_fail(error, LM_PRICE, "the price %s is above the cap of market %s", price,
                order->market);
        return lm_hint(error, "the highest price is %s", limit);
    }
    return 0;
}

static int check_terms(const struct lm_bid_maker *maker, const struct lm_order *order,
                       struct lm_error *error) {
    if (!maker->terms)
        return 0;
    const struct lm_terms *terms =
        lm_terms_at(maker->terms, order->market, order->period.start_s, error);
    if (!terms)
        return -1;
    if (order->period.minutes != terms->period_minutes) {
        lm_fail(error, LM_PERIOD, "the period lasts %d minutes", order->period.minutes);
        return lm_hint(error, "the periods of market %s last %lld", order->market,
                       (long long)terms->period_minutes);
    }
    if (check_gate(terms, order, error) < 0)
        return -1;
    return check_price(terms, order, error);
}

static int give_seq(struct lm_bid_maker *maker, int64_t now_us, struct lm_order *order,
                    struct lm_error *error) {
    int64_t seq = maker->count_seq || maker->next_seq > now_us ? maker->next_seq : now_us;
    if (seq > LM_INTEGER_MAX) {
        lm_fail(error, LM_INTEGER_RANGE, "the seq would be beyond 2^53-1");
        return lm_hint(error, "give a lower one with --seq");
    }
    order->seq = seq;
    maker->next_seq = seq + 1;
    return 0;
}

int lm_bid_finish(struct lm_bid_maker *maker, const char *period, int64_t now_us,
                  struct lm_bid *bid, struct lm_error *error) {
    struct lm_order *order = &bid->order;
    if (!maker->cancel && order->energy_wh == 0) {
        lm_fail(error, LM_BAD_MEMBER, "an order over 0 Wh");
        return lm_hint(error, "to withdraw an order give --cancel");
    }
    if (read_period(maker, period, bid, error) < 0 || check_terms(maker, order, error) < 0)
        return -1;
    if (!order->id) {
        char price[LM_DECIMAL_SIZE];
        lm_price_format(order->price_micro, price);
        (void)snprintf(bid->id, sizeof bid->id, "%s-%s", lm_side_words[order->side], price);
        order->id = bid->id;
    }
    return order->seq == LM_ABSENT ? give_seq(maker, now_us, order, error) : 0;
}
