/*
 * What the keeper of a log could know of fees and rules: by hand, one market after the other. That
 * an honest one needs no second look is a number of cases here, as nobody would see it otherwise.
 */
#include "lib/evidence/outlook.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/period.h"
#include "lib/record/latest.h"
#include "tests/unit/tap.h"

#define START "2016-04-01T00:00Z"

/* Terms where they stand: a fee where the price says 0.0…, else rules with that cap. */
struct noted {
    const char *keeper; /* NULL: in no log that somebody has signed for */
    bool all_see;
    const char *at; /* of the entry; NULL: bare */
    const char *start;
    const char *price;
    const char *counts; /* by all the logs: an instant, "always" or "never" */
};

static int64_t instant(const char *text) {
    int64_t instant_s = LM_KNOWN_NEVER;
    if (strcmp(text, "always") == 0)
        return LM_KNOWN_ALWAYS;
    if (strcmp(text, "never") != 0 && !lm_instant_parse(text, strlen(text), &instant_s))
        tap_ok(false, "%s", text);
    return instant_s;
}

static bool note(struct lm_outlooks *outlooks, const struct noted *noted, size_t line) {
    char record[512];
    char text[1024];
    struct lm_record parsed;
    struct lm_error error;
    const struct lm_outlook_place place = {1, line, noted->keeper, noted->all_see};
    if (strncmp(noted->price, "0.0", 3) == 0)
        (void)snprintf(record, sizeof record,
                       "{\"type\":\"network-fee\",\"v\":1,\"by\":\"DSO\",\"region\":\"r1\","
                       "\"valid\":\"%s/2017-01-01T00:00Z\",\"currency\":\"EUR\",\"price\":\"%s\"}",
                       noted->start, noted->price);
    else
        (void)snprintf(record, sizeof record,
                       "{\"type\":\"market-rules\",\"v\":1,\"market\":\"lm\",\"regions\":[\"r1\"],"
                       "\"valid\":\"%s/2017-01-01T00:00Z\",\"currency\":\"EUR\","
                       "\"period_minutes\":30,\"gate_minutes\":15,\"grace_seconds\":60,"
                       "\"mechanism\":\"double-auction\",\"price_rule\":\"midpoint\","
                       "\"price_cap\":\"%s\",\"max_orders\":3,\"min_group\":2}",
                       noted->start, noted->price);
    if (noted->at)
        (void)snprintf(text, sizeof text,
                       "{\"type\":\"entry\",\"v\":1,\"n\":0,\"at\":\"%s\",\"record\":%s}",
                       noted->at, record);
    else
        (void)snprintf(text, sizeof text, "%s", record);
    if (lm_record_parse(text, strlen(text), &parsed, &error) < 0)
        return false;
    bool ok = lm_outlooks_note(outlooks, &parsed, &place, instant(noted->counts), &error) == 0;
    lm_record_free(&parsed);
    return ok;
}

/* What A knew of each, NULL for what she could not see; no KNOWN where it is as by all the logs. */
static void check(const char *name, const struct noted *noted, size_t count,
                  const char *const *known) {
    struct lm_outlooks outlooks;
    struct lm_outlook outlook = {0};
    struct lm_error error;
    int64_t known_s;
    bool differs = false;
    lm_outlooks_start(&outlooks);
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        ok = note(&outlooks, &noted[i], 10 * i) && ok;
    ok = ok && lm_outlooks_find(&outlooks, "A", &outlook, &differs, &error) == 0 &&
         differs == (known != NULL);
    for (size_t i = 0; ok && known && i < count; i++)
        ok = lm_outlook_known(&outlook, 1, 10 * i, &known_s) == (known[i] != NULL) &&
             (!known[i] || known_s == instant(known[i]));
    ok = ok && (!known || !lm_outlook_known(&outlook, 1, 5, &known_s));
    ok = ok && (!known || !lm_outlook_known(&outlook, 2, 0, &known_s));
    if (differs)
        lm_outlook_free(&outlook);
    lm_outlooks_free(&outlooks);
    tap_ok(ok, "%s", name);
}

#define CHECK(name, known, ...)                                                                    \
    check(name, (const struct noted[]){__VA_ARGS__},                                               \
          sizeof((const struct noted[]){__VA_ARGS__}) / sizeof(struct noted), known)
#define KNOWN(...) ((const char *const[]){__VA_ARGS__})

#define MARCH_1 "2016-03-01T00:00:00Z"
#define MARCH_2 "2016-03-02T00:00:00Z"
#define MARCH_3 "2016-03-03T00:00:00Z"
#define MAY     "2016-05-01T00:00:00Z"

static void honest_ones(void) {
    CHECK("a market's log holds a fee, and so do suppliers', later and in time", NULL,
          {"lm", true, MARCH_1, START, "0.02", MARCH_1},
          {"A", false, MARCH_2, START, "0.02", "never"},
          {"B", false, MARCH_3, START, "0.02", "never"});
    CHECK("a supplier had it before the market, and both in time", NULL,
          {"lm", true, MARCH_3, START, "0.02", MARCH_3},
          {"A", false, MARCH_1, START, "0.02", "never"});
    CHECK("rules that change are in the registrar's log, and copies of them in the market's", NULL,
          {"registrar", true, MARCH_1, "2016-03-15T00:00Z", "0.4", "2016-03-01T00:15:00Z"},
          {"registrar", true, MARCH_2, START, "0.5", "2016-03-02T00:15:00Z"},
          {"lm", true, MARCH_2, "2016-03-15T00:00Z", "0.4", "2016-03-01T00:15:00Z"},
          {"lm", true, MARCH_3, START, "0.5", "2016-03-02T00:15:00Z"});
    CHECK("a fee is put up in a market's log when it has begun, and copied", NULL,
          {"lm", true, MARCH_1, "2016-01-01T00:00Z", "0.02", MARCH_1},
          {"lm", true, MAY, START, "0.05", MAY},
          {"A", false, "2016-05-02T00:00:00Z", START, "0.05", "never"});
    CHECK("only suppliers' logs hold fees, the same ones, in time", NULL,
          {"A", false, MARCH_2, "2016-03-15T00:00Z", "0.02", MARCH_1},
          {"A", false, MARCH_3, START, "0.05", MARCH_2},
          {"B", false, MARCH_1, "2016-03-15T00:00Z", "0.02", MARCH_1},
          {"B", false, MARCH_2, START, "0.05", MARCH_2});
    CHECK("all terms are bare", NULL, {NULL, false, NULL, START, "0.02", "always"},
          {NULL, false, NULL, START, "0.5", "always"});
    CHECK("a fee lies beside the logs, and they hold another", NULL,
          {"lm", true, MARCH_1, "2016-01-01T00:00Z", "0.02", MARCH_1},
          {NULL, false, NULL, START, "0.05", "never"});
    CHECK("a fee that is the only one came late into the market's log, and earlier into hers", NULL,
          {"lm", true, MAY, START, "0.02", MAY}, {"A", false, MARCH_1, START, "0.02", "never"});
}

static void others(void) {
    CHECK("her own log had a fee in time, the market's late", KNOWN(MARCH_1, MAY, MARCH_2),
          {"lm", true, MARCH_1, "2016-01-01T00:00Z", "0.02", MARCH_1},
          {"lm", true, MAY, START, "0.05", MAY}, {"A", false, MARCH_2, START, "0.05", "never"});
    CHECK("her own log has a fee that the market's has not, and B's another",
          KNOWN(MARCH_1, MARCH_2, NULL),
          {"lm", true, MARCH_1, "2016-01-01T00:00Z", "0.02", MARCH_1},
          {"A", false, MARCH_2, START, "0.05", "never"},
          {"B", false, MARCH_2, "2016-04-02T00:00Z", "0.07", "never"});
    CHECK("her own log has another fee than the market's that begins with it", KNOWN(NULL, MARCH_2),
          {"lm", true, MARCH_1, START, "0.02", MARCH_1},
          {"A", false, MARCH_2, START, "0.05", "never"});
    CHECK("both have both of them", KNOWN(MARCH_1, MARCH_1, MARCH_2, MARCH_2, NULL),
          {"lm", true, MARCH_1, START, "0.02", MARCH_1},
          {"lm", true, MARCH_1, START, "0.05", MARCH_1},
          {"A", false, MARCH_2, START, "0.02", "never"},
          {"A", false, MARCH_2, START, "0.05", "never"},
          {"B", false, MARCH_2, START, "0.07", "never"});
    CHECK("only suppliers' logs hold fees, and other ones", KNOWN(MARCH_2, NULL),
          {"A", false, MARCH_2, START, "0.05", MARCH_2},
          {"B", false, MARCH_1, "2016-04-02T00:00Z", "0.07", MARCH_1});
    CHECK("B's log alone holds a fee, and one lies beside the logs", KNOWN(NULL, "always"),
          {"B", false, MARCH_1, START, "0.07", MARCH_1},
          {NULL, false, NULL, START, "0.05", "never"});
    CHECK("her own log has rules that the registrar's has not", KNOWN(MARCH_1, MARCH_2),
          {"registrar", true, MARCH_1, "2016-01-01T00:00Z", "0.4", MARCH_1},
          {"A", false, MARCH_2, START, "0.5", "never"});
}

int main(void) {
    honest_ones();
    others();
    return tap_done();
}
