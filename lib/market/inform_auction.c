/* Notices: what an auction came to, told to those who traded and to their suppliers. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/checked.h"
#include "lib/market/inform_rows.h"
#include "lib/record/canonical.h"

/* So many orders a notice lists at most: it still fits a line when it is sealed. */
#define NOTICE_ORDERS_MAX 256

/* What of an auction one right tells one recipient: an order of hers, or of a customer. */
struct share {
    const char *to;
    enum lm_form form;
    size_t part;
};

/* ---- adding ---- */

struct auction_key {
    int64_t start_s;
    uint32_t minutes;
    uint32_t market;
};

static int find_auction(struct lm_inform *inform, const char *market, struct lm_period period,
                        uint32_t *auction, struct lm_error *error) {
    struct auction_key key = {period.start_s, (uint32_t)period.minutes, 0};
    if (lm_inform_name(inform, market, &key.market, error) < 0 ||
        lm_names_add(&inform->auction_names, &key, sizeof key, auction, error) < 0)
        return -1;
    if (*auction < inform->auction_count)
        return 0;
    if (lm_inform_room(&inform->auctions, &inform->auction_room, inform->auction_count,
                       sizeof *inform->auctions, error) < 0)
        return -1;
    inform->auctions[inform->auction_count++] =
        (struct lm_auction){.period = period, .market = key.market};
    return 0;
}

static int add_clearing(struct lm_inform *inform, const struct lm_record *record,
                        const struct lm_place *place, struct lm_error *error) {
    const struct lm_clearing *clearing = &record->as.clearing;
    struct lm_result_row result = {.place = *place};
    if (find_auction(inform, clearing->market, clearing->period, &result.auction, error) < 0 ||
        lm_inform_content(inform, record, true, result.content, error) < 0 ||
        lm_inform_room(&inform->results, &inform->result_room, inform->result_count,
                       sizeof *inform->results, error) < 0)
        return -1;
    struct lm_auction *auction = &inform->auctions[result.auction];
    inform->results[inform->result_count++] = result;
    if (auction->cleared) {
        auction->contradicted =
            auction->contradicted || memcmp(auction->content, result.content, LM_HASH_SIZE) != 0;
        return 0;
    }
    auction->cleared = true;
    auction->price_micro = clearing->price_micro;
    auction->energy_wh = clearing->energy_wh;
    auction->orders = clearing->offers + clearing->bids;
    auction->place = *place;
    memcpy(auction->root, clearing->orders_root, sizeof auction->root);
    memcpy(auction->content, result.content, sizeof auction->content);
    return 0;
}

static int add_part(struct lm_inform *inform, const struct lm_part *part, struct lm_error *error) {
    if (lm_inform_room(&inform->parts, &inform->part_room, inform->part_count,
                       sizeof *inform->parts, error) < 0)
        return -1;
    inform->parts[inform->part_count++] = *part;
    return 0;
}

static int add_trade(struct lm_inform *inform, const struct lm_record *record,
                     const struct lm_place *place, struct lm_error *error) {
    const struct lm_trade *trade = &record->as.trade;
    struct lm_part part = {
        .n = trade->n == LM_ABSENT ? 0 : trade->n,
        .side = trade->side,
        .energy_wh = trade->energy_wh,
        .place = *place,
    };
    if (find_auction(inform, trade->market, trade->period, &part.auction, error) < 0 ||
        lm_inform_name(inform, trade->from, &part.from, error) < 0 ||
        lm_inform_name(inform, trade->order, &part.order, error) < 0 ||
        lm_inform_content(inform, record, true, part.content, error) < 0)
        return -1;
    return add_part(inform, &part, error);
}

int lm_inform_add_auction(struct lm_inform *inform, const struct lm_record *record,
                          const struct lm_place *place, const char *text, size_t size,
                          struct lm_error *error) {
    uint32_t ignored;
    switch ((int)record->type) {
    case LM_TYPE_CLEARING:
        return add_clearing(inform, record, place, error);
    case LM_TYPE_TRADE:
        return add_trade(inform, record, place, error);
    case LM_TYPE_ORDER:
        inform->orders = true;
        if (find_auction(inform, record->as.order.market, record->as.order.period, &ignored,
                         error) < 0 ||
            lm_inform_name(inform, record->as.order.from, &ignored, error) < 0 ||
            lm_inform_name(inform, record->as.order.id, &ignored, error) < 0)
            return -1;
        return lm_books_add(inform->books, record, place, text, size, error);
    case LM_TYPE_MARKET_RULES:
        return lm_books_add(inform->books, record, place, text, size, error);
    default:
        return 0;
    }
}

/* ---- the orders that entered, where they were added ---- */

struct entering {
    struct lm_inform *inform;
    struct lm_auction *auction; /* of the clearing that came last; NULL where it is of no use */
};

/* The orders are those that entered where they have the root that the clearing names. */
static int on_clearing(void *context, const struct lm_clearing *clearing, struct lm_error *error) {
    struct entering *entering = context;
    struct lm_inform *inform = entering->inform;
    uint32_t number;
    if (find_auction(inform, clearing->market, clearing->period, &number, error) < 0)
        return -1;
    struct lm_auction *auction = &inform->auctions[number];
    auction->same_orders = auction->cleared && strcmp(auction->root, clearing->orders_root) == 0;
    entering->auction = auction->same_orders ? auction : NULL;
    return 0;
}

static int on_trade(void *context, const struct lm_trade *trade, struct lm_error *error) {
    struct entering *entering = context;
    struct lm_inform *inform = entering->inform;
    if (!entering->auction)
        return 0;
    struct lm_part part = {
        .auction = (uint32_t)(entering->auction - inform->auctions),
        .n = -1,
        .side = trade->side,
        .place = entering->auction->place,
    };
    if (lm_inform_name(inform, trade->from, &part.from, error) < 0 ||
        lm_inform_name(inform, trade->order, &part.order, error) < 0)
        return -1;
    return add_part(inform, &part, error);
}

/* Why an order did not enter is for lm-clear to say. */
static int pass_over(void *context, const struct lm_books_rejected *rejected,
                     struct lm_error *error) {
    (void)context;
    (void)rejected;
    (void)error;
    return 0;
}

/* The books say which orders entered; what they say of prices and energies is not used. */
static int enter_orders(struct lm_inform *inform, struct lm_error *error) {
    struct entering entering = {.inform = inform};
    struct lm_books_visitor visitor = {on_clearing, on_trade, NULL, &entering};
    if (!inform->orders)
        return 0;
    if (lm_books_judge(inform->books, pass_over, NULL, error) < 0)
        return -1;
    return lm_books_clear(inform->books, &visitor, error);
}

/* ---- one auction ---- */

static int compare_parts(const void *a, const void *b, void *context) {
    const struct lm_inform *inform = context;
    const struct lm_part *x = a;
    const struct lm_part *y = b;
    const struct lm_auction *of_x = &inform->auctions[x->auction];
    const struct lm_auction *of_y = &inform->auctions[y->auction];
    int order = lm_period_compare(of_x->period, of_y->period);
    const uint32_t keys[][2] = {
        {inform->ranks[of_x->market], inform->ranks[of_y->market]},
        {inform->ranks[x->from], inform->ranks[y->from]},
        {inform->ranks[x->order], inform->ranks[y->order]},
    };
    for (size_t i = 0; order == 0 && i < sizeof keys / sizeof *keys; i++)
        order = (keys[i][0] > keys[i][1]) - (keys[i][0] < keys[i][1]);
    /* A trade stands before the order itself, which counts only where there is none. */
    if (order == 0)
        order = x->n == y->n ? 0 : x->n < 0 ? 1 : y->n < 0 ? -1 : x->n < y->n ? -1 : 1;
    return order ? order : memcmp(x->content, y->content, LM_HASH_SIZE);
}

static void reject(const struct lm_inform *inform, const struct lm_place *place,
                   const struct lm_error *why) {
    inform->visitor->reject(inform->visitor->context, place, why);
}

static void reject_results(const struct lm_inform *inform, uint32_t auction) {
    struct lm_error why;
    for (size_t i = 0; i < inform->result_count; i++) {
        if (inform->results[i].auction != auction)
            continue;
        lm_fail(&why, LM_CONFLICT, "clearings of this market and period contradict each other");
        reject(inform, &inform->results[i].place, &why);
    }
}

static bool same_order(const struct lm_part *a, const struct lm_part *b) {
    return a->from == b->from && a->order == b->order;
}

/*
 * Leaves each trade once, and an order that has no trade, at the front of PARTS; *count says how
 * many. False, and the reject is told, where trades contradict each other or are not all there.
 */
static bool complete(const struct lm_inform *inform, const struct lm_auction *auction,
                     struct lm_part *parts, size_t *count) {
    struct lm_error why;
    bool contradicted = false;
    size_t kept = 0;
    int64_t orders = 0;
    lm_i128 sums[2] = {0};
    for (size_t i = 0; i < *count; i++) {
        const struct lm_part *last = kept ? &parts[kept - 1] : NULL;
        bool again = last && same_order(last, &parts[i]);
        if (again && parts[i].n < 0)
            continue;
        bool same_trade = again && parts[i].n == last->n;
        if (same_trade && memcmp(last->content, parts[i].content, LM_HASH_SIZE) == 0)
            continue;
        if (same_trade || (again && parts[i].side != last->side)) {
            contradicted = true;
            lm_fail(&why, LM_CONFLICT, "trades of order %s of %s contradict each other",
                    lm_names_text(&inform->names, last->order),
                    lm_names_text(&inform->names, last->from));
            reject(inform, &parts[i].place, &why);
        }
        orders += !again;
        sums[parts[i].side] += parts[i].energy_wh;
        parts[kept++] = parts[i];
    }
    *count = kept;
    if (contradicted)
        return false;
    if (sums[LM_SIDE_OFFER] != auction->energy_wh || sums[LM_SIDE_BID] != auction->energy_wh) {
        lm_fail(&why, LM_MISSING_RECORD,
                "the trades that are here do not sum to the %lld Wh of the clearing",
                (long long)auction->energy_wh);
        reject(inform, &auction->place, &why);
        return false;
    }
    if (orders == auction->orders)
        return true;
    lm_fail(&why, LM_MISSING_RECORD,
            "of the %lld orders of the clearing, trades and orders show %lld",
            (long long)auction->orders, (long long)orders);
    lm_hint(&why, "lm-clear --all writes trades of zero energy, too");
    reject(inform, &auction->place, &why);
    return false;
}

struct shares {
    struct share *items;
    size_t count;
    size_t room;
};

static int add_share(struct shares *shares, const char *to, enum lm_form form, size_t part,
                     struct lm_error *error) {
    if (lm_inform_room(&shares->items, &shares->room, shares->count, sizeof *shares->items, error) <
        0)
        return -1;
    shares->items[shares->count++] = (struct share){to, form, part};
    return 0;
}

/* Everybody whom the rows of the policy let know of a part of WHO's. A supplier that the registry
 * does not know is told nothing: *why says so. */
static int share_part(struct lm_inform *inform, struct shares *shares, size_t part,
                      const struct lm_registered *who, int64_t instant_s, struct lm_error *why,
                      struct lm_error *error) {
    for (size_t i = 0; i < lm_right_count; i++) {
        const struct lm_right *right = &lm_rights[i];
        struct lm_registered supplier;
        if (!lm_inform_uses(inform, right) || right->of != LM_TYPE_TRADE)
            continue;
        if (right->whose == LM_WHOSE_OWN && right->to == who->role) {
            if (add_share(shares, who->id, right->form, part, error) < 0)
                return -1;
        } else if (right->whose == LM_WHOSE_CUSTOMERS && who->role == LM_ROLE_USER) {
            if (lm_inform_who(inform, who->supplier, right->to, instant_s, &supplier, why) == 0 &&
                add_share(shares, supplier.id, right->form, part, error) < 0)
                return -1;
        }
    }
    return 0;
}

static int share_out(struct lm_inform *inform, const struct lm_auction *auction,
                     const struct lm_part *parts, size_t count, struct shares *shares,
                     struct lm_error *error) {
    int64_t instant_s = auction->period.start_s;
    for (size_t i = 0; i < count; i++) {
        const char *from = lm_names_text(&inform->names, parts[i].from);
        struct lm_registered who;
        struct lm_error why = {.reason = LM_NONE};
        if (lm_registry_by_id(inform->registry, from, instant_s, &who, &why) == 0) {
            if (!lm_policy_own(who.role, LM_TYPE_TRADE))
                lm_fail(&why, LM_NOT_TOLD, "%s is a %s, which is told of no trade", from,
                        lm_role_words[who.role]);
            else if (share_part(inform, shares, i, &who, instant_s, &why, error) < 0)
                return -1;
        }
        if (why.reason != LM_NONE)
            reject(inform, &parts[i].place, &why);
    }
    return 0;
}

static int compare_shares(const void *a, const void *b) {
    const struct share *x = a;
    const struct share *y = b;
    int order = strcmp(x->to, y->to);
    if (order == 0)
        order = (x->form > y->form) - (x->form < y->form);
    return order ? order : (x->part > y->part) - (x->part < y->part);
}

/* ---- notices ---- */

static json_t *order_entry(const struct lm_inform *inform, const struct lm_part *part) {
    return json_pack("{s:I, s:s, s:s}", "energy_wh", (json_int_t)part->energy_wh, "id",
                     lm_names_text(&inform->names, part->order), "side", lm_side_words[part->side]);
}

/* Lists SHARES, the trades of an order as one, and returns how many fit. */
static size_t list_orders(const struct lm_inform *inform, const struct lm_part *parts,
                          const struct share *shares, size_t count, json_t *orders,
                          struct lm_error *error) {
    size_t i = 0;
    while (i < count && json_array_size(orders) < NOTICE_ORDERS_MAX) {
        struct lm_part sum = parts[shares[i].part];
        for (i++; i < count && same_order(&parts[shares[i].part], &sum); i++)
            sum.energy_wh += parts[shares[i].part].energy_wh;
        if (json_array_append_new(orders, order_entry(inform, &sum)) < 0) {
            lm_fail_memory(error);
            return 0;
        }
    }
    return i;
}

/* One notice to the recipient of SHARES, which are hers, orders first. Returns how many of them it
 * covers: nearly always all. 0 with *error. */
static size_t write_notice(struct lm_inform *inform, const struct lm_auction *auction,
                           const struct lm_part *parts, const struct share *shares, size_t count,
                           struct lm_error *error) {
    struct lm_notice notice;
    size_t done = 0;
    lm_record_clear(LM_TYPE_NOTICE, &notice);
    notice.market = lm_names_text(&inform->names, auction->market);
    notice.period = auction->period;
    notice.price_micro = auction->price_micro;
    notice.to = shares->to;
    size_t orders = 0;
    while (orders < count && shares[orders].form == LM_FORM_ORDERS)
        orders++;
    if (orders > 0) {
        notice.orders = json_array();
        if (!notice.orders) {
            lm_fail_memory(error);
            return 0;
        }
        done = list_orders(inform, parts, shares, orders, notice.orders, error);
    }
    if (done == orders) {
        for (; done < count && shares[done].form == LM_FORM_TRADED; done++) {
            const struct lm_part *part = &parts[shares[done].part];
            if (notice.sold_wh == LM_ABSENT)
                notice.sold_wh = notice.bought_wh = 0;
            /* No more than the clearing's energy, which fits. */
            if (part->side == LM_SIDE_OFFER)
                notice.sold_wh += part->energy_wh;
            else
                notice.bought_wh += part->energy_wh;
        }
    }
    lm_buffer_reset(&inform->scratch);
    lm_record_write(LM_TYPE_NOTICE, &notice, &inform->scratch);
    json_decref(notice.orders);
    if (done > 0 && lm_inform_tell(inform, auction->period, notice.market, notice.to,
                                   LM_TYPE_NOTICE, error) < 0)
        return 0;
    return done;
}

static int write_notices(struct lm_inform *inform, const struct lm_auction *auction,
                         const struct lm_part *parts, const struct share *shares, size_t count,
                         struct lm_error *error) {
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count && strcmp(shares[end].to, shares[first].to) == 0)
            end++;
        while (first < end) {
            size_t done = write_notice(inform, auction, parts, &shares[first], end - first, error);
            if (done == 0)
                return -1;
            first += done;
        }
    }
    return 0;
}

static int run_auction(struct lm_inform *inform, const struct lm_auction *auction,
                       struct lm_part *parts, size_t count, struct lm_error *error) {
    struct shares shares = {0};
    struct lm_error why;
    if (!auction->cleared) {
        for (size_t i = 0; i < count; i++) {
            lm_fail(&why, LM_MISSING_RECORD, "the clearing of this trade is not here");
            reject(inform, &parts[i].place, &why);
        }
        return 0;
    }
    if (auction->contradicted) {
        reject_results(inform, (uint32_t)(auction - inform->auctions));
        return 0;
    }
    if (!complete(inform, auction, parts, &count))
        return 0;
    int result = share_out(inform, auction, parts, count, &shares, error);
    if (result == 0 && shares.count > 0) {
        qsort(shares.items, shares.count, sizeof *shares.items, compare_shares);
        result = write_notices(inform, auction, parts, shares.items, shares.count, error);
    }
    free(shares.items);
    return result;
}

/* Auctions of which there is a clearing and not one order. */
static int run_empty(struct lm_inform *inform, uint8_t *seen, struct lm_error *error) {
    for (size_t i = 0; i < inform->auction_count; i++) {
        struct lm_part none;
        if (!seen[i] && inform->auctions[i].cleared &&
            run_auction(inform, &inform->auctions[i], &none, 0, error) < 0)
            return -1;
    }
    return 0;
}

int lm_inform_run_auctions(struct lm_inform *inform, struct lm_error *error) {
    if (enter_orders(inform, error) < 0)
        return -1;
    uint8_t *seen = calloc(inform->auction_count + 1, 1);
    if (!seen)
        return lm_fail_memory(error);
    if (inform->part_count > 0)
        qsort_r(inform->parts, inform->part_count, sizeof *inform->parts, compare_parts, inform);
    int result = 0;
    for (size_t first = 0; result == 0 && first < inform->part_count;) {
        uint32_t auction = inform->parts[first].auction;
        size_t end = first + 1;
        while (end < inform->part_count && inform->parts[end].auction == auction)
            end++;
        seen[auction] = 1;
        result = run_auction(inform, &inform->auctions[auction], &inform->parts[first], end - first,
                             error);
        first = end;
    }
    if (result == 0)
        result = run_empty(inform, seen, error);
    free(seen);
    return result;
}
