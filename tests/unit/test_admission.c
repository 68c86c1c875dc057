/* What a market lets in: gates, quotas and their memory, alarms. */
#include <string.h>

#include "lib/crypto/key.h"
#include "lib/market/alarm.h"
#include "lib/market/gate.h"
#include "lib/market/quota.h"
#include "tests/unit/tap.h"

/* ---- gates ---- */

#define START INT64_C(1459512000) /* 2016-04-01T12:00:00Z */

static enum lm_reason judge(const struct lm_registered_rules *rules, struct lm_order order,
                            int64_t at_s) {
    struct lm_error error;
    int64_t gate_s;
    return lm_gate_check(rules, &order, at_s, &gate_s, &error) < 0 ? error.reason : LM_NONE;
}

static void test_gate(void) {
    const struct lm_registered_rules rules = {.period_minutes = 30,
                                              .gate_minutes = 15,
                                              .price_floor_micro = -500000,
                                              .price_cap_micro = 2000000};
    const struct lm_order order = {.period = {START, 30}, .energy_wh = 1};
    struct lm_order other;
    struct lm_error error;
    int64_t gate_s;
    tap_ok(lm_gate_check(&rules, &order, START - 5000, &gate_s, &error) == 0 &&
               gate_s == START - 900,
           "the gate closes gate_minutes before the period");
    tap_ok(judge(&rules, order, START - 901) == LM_NONE,
           "a second before the gate an order is in time");
    tap_ok(judge(&rules, order, START - 900) == LM_LATE, "at the gate it is late");
    tap_ok(judge(&rules, order, START - 7 * 86400) == LM_NONE, "seven days ahead is near enough");
    tap_ok(judge(&rules, order, START - 7 * 86400 - 1) == LM_EARLY, "a second more is too early");
    other = order;
    other.period.minutes = 60;
    tap_ok(judge(&rules, other, START - 5000) == LM_PERIOD, "a period of another length");
    other = order;
    other.price_micro = 2000001;
    tap_ok(judge(&rules, other, START - 5000) == LM_PRICE, "a price above the cap");
    other.energy_wh = 0;
    tap_ok(judge(&rules, other, START - 5000) == LM_NONE, "a withdrawal may have any price");
    other = order;
    other.price_micro = -500001;
    tap_ok(judge(&rules, other, START - 5000) == LM_PRICE, "a price below the floor");
    /* A gate that closes before time can be written has closed. */
    struct lm_registered_rules slow = rules;
    slow.gate_minutes = LM_INTEGER_MAX;
    tap_ok(judge(&slow, order, START - 5000) == LM_LATE,
           "a gate that would close before the first year has closed");
    /* No floor, no cap. */
    struct lm_registered_rules free_price = rules;
    free_price.price_floor_micro = free_price.price_cap_micro = LM_ABSENT;
    tap_ok(judge(&free_price, other, START - 5000) == LM_NONE,
           "without floor and cap any price goes");
}

/* ---- quotas ---- */

static void content_of(const struct lm_quota *quota, int64_t number,
                       uint8_t content[LM_QUOTA_DIGEST_SIZE]) {
    lm_quota_digest(quota, &number, sizeof number, content);
}

/* Lets order NUMBER of an entity in, at AT_S, for the period that starts at START_S. */
static bool accept(struct lm_quota *quota, uint32_t from, int64_t start_s, int64_t number,
                   int64_t at_s) {
    struct lm_quota_key key = {.from = from, .start_s = start_s};
    uint8_t content[LM_QUOTA_DIGEST_SIZE];
    struct lm_error error;
    content_of(quota, number, content);
    return lm_quota_accept(quota, &key, content, start_s - 900, at_s, &error) == 0;
}

static bool holds(const struct lm_quota *quota, int64_t number) {
    uint8_t content[LM_QUOTA_DIGEST_SIZE];
    content_of(quota, number, content);
    return lm_quota_holds(quota, content);
}

static void test_quota(void) {
    struct lm_error error;
    struct lm_quota *quota = lm_quota_new(&error);
    struct lm_quota_key key = {.from = 1, .start_s = START};
    tap_ok(quota != NULL, "a quota");
    tap_ok(lm_quota_count(quota, &key) == 0 && !holds(quota, 1) && lm_quota_size(quota) == 0,
           "nothing is held at first");
    /* Who was never let in anything is not remembered. */
    tap_ok(lm_quota_refuse(quota, &key) == 0 && lm_quota_size(quota) == 0,
           "refusals of strangers are not remembered");
    tap_ok(accept(quota, 1, START, 1, START - 5000), "a first order");
    tap_ok(accept(quota, 1, START, 2, START - 5000), "a second order");
    tap_ok(lm_quota_count(quota, &key) == 2 && lm_quota_size(quota) == 1, "two orders are one key");
    tap_ok(holds(quota, 1) && holds(quota, 2) && !holds(quota, 3),
           "what was let in is known, and nothing else");
    tap_ok(lm_quota_refuse(quota, &key) == 1 && lm_quota_refuse(quota, &key) == 2,
           "refusals of a key are counted");
    /* Each part of the key counts. */
    const struct lm_quota_key others[] = {{.from = 2, .start_s = START},
                                          {.from = 1, .market = 1, .start_s = START},
                                          {.from = 1, .start_s = START + 1800}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        tap_ok(lm_quota_count(quota, &others[i]) == 0, "another key has none");
    lm_quota_free(quota);
    lm_quota_free(NULL);
}

/* Periods come and go: what is remembered is those whose gate is open, and never fewer. */
static void test_forgetting(void) {
    struct lm_error error;
    struct lm_quota *quota = lm_quota_new(&error);
    const int64_t ahead = 4;
    int64_t number = 0;
    size_t most = 0;
    bool whole = true;
    tap_ok(quota != NULL, "a quota to be forgotten from");
    for (int64_t now = 0; now < 500; now++) {
        int64_t now_s = START + now * 1800;
        for (uint32_t from = 0; from < 20; from++) {
            for (int64_t k = 1; k <= ahead; k++)
                whole = whole && accept(quota, from, now_s + k * 1800, number++, now_s);
        }
        for (uint32_t from = 0; from < 20; from++) {
            for (int64_t k = 1; k <= ahead; k++) {
                struct lm_quota_key key = {.from = from, .start_s = now_s + k * 1800};
                int64_t wanted = ahead - k + 1 < now + 1 ? ahead - k + 1 : now + 1;
                whole = whole && lm_quota_count(quota, &key) == wanted;
            }
        }
        for (int64_t back = 0; back < 20 * ahead; back++)
            whole = whole && holds(quota, number - 1 - back);
        most = lm_quota_size(quota) > most ? lm_quota_size(quota) : most;
    }
    tap_ok(whole, "counts and contents of open periods are exact while others are forgotten");
    /* 80 are open at a time, of 10000 that there were. */
    tap_ok(most >= 80 && most < 1000, "memory is that of the periods that are open");
    lm_quota_free(quota);
}

/* ---- alarms ---- */

struct told {
    size_t count;
    struct lm_alert last;
    bool fails;
};

static int tell(void *context, struct lm_alert *alert, struct lm_error *error) {
    struct told *told = context;
    told->count++;
    told->last = *alert;
    return told->fails ? lm_fail(error, LM_IO, "the disk is full") : 0;
}

static void test_alarm(void) {
    struct told told = {0};
    struct lm_error error;
    struct lm_alarm *alarm = lm_alarm_new(2, tell, &told, &error);
    struct lm_alarm_line line = {
        .rejected = true, .reason = LM_BAD_SIGNATURE, .from = "u1", .number = 1};
    const struct lm_alarm_line good = {.rejected = false, .reason = LM_BAD_SIGNATURE, .from = "u1"};
    bool sound = true;
    tap_ok(alarm != NULL, "an alarm");
    /* A million forgeries among a million good lines: six alerts. */
    for (int i = 0; i < 1000000; i++) {
        sound = sound && lm_alarm_see(alarm, &line, START, &error) == 0 &&
                lm_alarm_see(alarm, &good, START, &error) == 0;
    }
    tap_ok(sound && told.count == 6, "a million forgeries make six alerts");
    tap_ok(strcmp(told.last.kind, LM_ALARM_SIGNATURE) == 0 && strcmp(told.last.from, "u1") == 0 &&
               told.last.count == 1000000 && told.last.at_s == START,
           "the last of them says whose and how many");
    /* Nobody's, and a number that there is not. */
    line.from = NULL;
    tap_ok(lm_alarm_see(alarm, &line, START, &error) == 0 && told.count == 6,
           "forgeries in nobody's name make none");
    line.from = "u9";
    line.number = 2;
    tap_ok(lm_alarm_see(alarm, &line, START, &error) == 0 && told.count == 6,
           "nor do numbers beyond the registry");
    /* What was not counted is no milestone. */
    line = (struct lm_alarm_line){.rejected = true, .reason = LM_QUOTA, .from = "u1"};
    tap_ok(lm_alarm_see(alarm, &line, START, &error) == 0 && told.count == 6,
           "a refusal that was not counted makes none");
    line.refused = 10;
    tap_ok(lm_alarm_see(alarm, &line, START, &error) == 0 && told.count == 7,
           "the tenth refusal makes one");
    line.refused = 20;
    tap_ok(lm_alarm_see(alarm, &line, START, &error) == 0 && told.count == 7, "the twentieth none");
    told.fails = true;
    line.refused = 100;
    tap_ok(lm_alarm_see(alarm, &line, START, &error) < 0 && error.reason == LM_IO,
           "who cannot be told is an error");
    lm_alarm_free(alarm);
    lm_alarm_free(NULL);
}

static void test_junk(void) {
    struct told told = {0};
    struct lm_error error;
    struct lm_alarm *alarm = lm_alarm_new(0, tell, &told, &error);
    const struct lm_alarm_line junk = {.rejected = true, .reason = LM_JSON};
    bool sound = alarm != NULL;
    for (int i = 0; sound && i < 99; i++)
        sound = lm_alarm_see(alarm, &junk, START, &error) == 0;
    /* Too little to tell. */
    tap_ok(sound && lm_alarm_finish(alarm, START, &error) == 0 && told.count == 0,
           "99 lines of junk are too few at the end");
    sound = sound && lm_alarm_see(alarm, &junk, START, &error) == 0;
    tap_ok(sound && lm_alarm_finish(alarm, START, &error) == 0 && told.count == 1,
           "100 are enough");
    tap_ok(strcmp(told.last.kind, LM_ALARM_JUNK) == 0 && !told.last.from && told.last.count == 100,
           "what a junk alert says");
    lm_alarm_free(alarm);
}

int main(void) {
    struct lm_error error;
    tap_ok(lm_crypto_start(&error) == 0, "cryptography starts");
    test_gate();
    test_quota();
    test_forgetting();
    test_alarm();
    test_junk();
    return tap_done();
}
