/*
 * For which periods rules count that came while a market was running: cases by hand, in seconds.
 */
#include "lib/record/latest.h"
#include "lib/record/rules_since.h"
#include "tests/unit/tap.h"

static const struct lm_validity always = {0, 1000000};

/* Since when rules that came at 5000, with a gate of 2 minutes, count beside others; both by adding
 * them one by one and all at once. -1 where that is not the same. */
static int64_t beside(struct lm_rules_since other) {
    struct lm_rules_since rules = lm_rules_since(always, 2, 5000);
    struct lm_rules_since both[2] = {other, rules};
    lm_rules_since_beside(&rules, &other);
    lm_rules_since_all(both, 2);
    return both[1].counts_s == rules.counts_s ? rules.counts_s : -1;
}

static void judge_alone(void) {
    struct lm_rules_since rules = lm_rules_since(always, 2, 5000);
    tap_ok(rules.counts_s == 5120, "what comes at an instant counts when its own gate has passed");
    lm_rules_since_beside(&rules, &rules);
    tap_ok(rules.counts_s == 5120, "beside itself nothing more");
    rules = lm_rules_since(always, 0, 5000);
    tap_ok(rules.counts_s == 5000, "without a gate at once");
    rules = lm_rules_since(always, 2, LM_KNOWN_ALWAYS);
    tap_ok(rules.counts_s == LM_KNOWN_ALWAYS, "bare ones always");
    rules = lm_rules_since(always, (int64_t)1 << 53, LM_KNOWN_NEVER);
    tap_ok(rules.counts_s == LM_KNOWN_NEVER, "what no log holds never");
}

static void judge_beside(void) {
    tap_ok(beside(lm_rules_since(always, 10, LM_KNOWN_ALWAYS)) == 5600,
           "a longer gate in force is waited for");
    tap_ok(beside(lm_rules_since(always, 1, LM_KNOWN_ALWAYS)) == 5120, "a shorter one is not");
    tap_ok(beside(lm_rules_since(always, 10, LM_KNOWN_NEVER)) == 5120, "nor one that no log holds");
    tap_ok(beside(lm_rules_since(always, 10, 5001)) == 5120, "nor one that came later");
    tap_ok(beside(lm_rules_since((struct lm_validity){0, 5000}, 10, 0)) == 5120,
           "nor one that had ended");
    tap_ok(beside(lm_rules_since((struct lm_validity){0, 5001}, 10, 0)) == 5600,
           "one that ends a second later is");
    tap_ok(beside(lm_rules_since(always, 10, 4400)) == 5600 &&
               beside(lm_rules_since(always, 10, 4401)) == 5120,
           "nor one whose own gate had not let it count by then");
}

static void judge_markets(void) {
    struct lm_rules_since all[3] = {lm_rules_since(always, 2, 5000),
                                    lm_rules_since(always, 10, LM_KNOWN_ALWAYS),
                                    lm_rules_since(always, 2, 5000)};
    all[1].market = 1;
    all[2].market = 1;
    lm_rules_since_all(all, 3);
    tap_ok(all[0].counts_s == 5120 && all[1].counts_s == LM_KNOWN_ALWAYS && all[2].counts_s == 5600,
           "another market's gate has no say");
}

static void judge_future(void) {
    /* They begin to be at 9000: what has ended by then has no say. */
    struct lm_rules_since rules = lm_rules_since((struct lm_validity){9000, 1000000}, 2, 5000);
    struct lm_rules_since ended = lm_rules_since((struct lm_validity){0, 9000}, 10, 0);
    struct lm_rules_since standing = lm_rules_since((struct lm_validity){0, 9001}, 20, 0);
    lm_rules_since_beside(&rules, &ended);
    tap_ok(rules.counts_s == 5120, "what has ended when they begin has no say");
    lm_rules_since_beside(&rules, &standing);
    lm_rules_since_beside(&rules, &ended);
    tap_ok(rules.counts_s == 6200, "what stands then has, in whatever order");
}

int main(void) {
    judge_alone();
    judge_beside();
    judge_markets();
    judge_future();
    return tap_done();
}
