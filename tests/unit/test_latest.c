/*
 * Which of several records of one name counts: every order of three records gives the same.
 */
#include "lib/record/latest.h"
#include "tests/unit/tap.h"

struct version {
    struct lm_validity valid;
    uint8_t content[32];
    int64_t known_s;
};

/* What counts at INSTANT_S, whatever the order: its place, -1 for none, -2 where that is not
 * clear, -3 where the order matters, -4 where what counts is said not to be it. */
static int latest_of(const struct version versions[3], int64_t instant_s) {
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    int found = 0;
    for (size_t i = 0; i < 6; i++) {
        struct lm_latest latest = {0};
        for (size_t k = 0; k < 3; k++) {
            const struct version *version = &versions[orders[i][k]];
            lm_latest_consider(&latest, version, version->valid, version->known_s, version->content,
                               instant_s);
        }
        int place = -1;
        for (size_t k = 0; k < 3; k++) {
            const struct version *version = &versions[k];
            if (latest.record == version &&
                !lm_latest_is(&latest, version->valid, version->known_s, instant_s))
                return -4;
        }
        for (int k = 0; latest.record && k < 3 && place < 0; k++) {
            /* Repeats are one: the first stands for both. */
            const struct version *chosen = latest.record;
            if (chosen->valid.start_s == versions[k].valid.start_s &&
                memcmp(chosen->content, versions[k].content, 32) == 0)
                place = k;
        }
        if (latest.ambiguous)
            place = -2;
        if (i > 0 && place != found)
            return -3;
        found = place;
    }
    return found;
}

static void judge_bare(void) {
    struct version versions[3] = {
        {{0, 100}, {1}, LM_KNOWN_ALWAYS},
        {{10, 50}, {2}, LM_KNOWN_ALWAYS},
        {{20, 30}, {3}, LM_KNOWN_ALWAYS},
    };
    tap_ok(latest_of(versions, -1) == -1, "before the first start nothing counts");
    tap_ok(latest_of(versions, 0) == 0, "a start belongs to the validity");
    tap_ok(latest_of(versions, 10) == 1 && latest_of(versions, 19) == 1,
           "a later start takes over");
    tap_ok(latest_of(versions, 20) == 2 && latest_of(versions, 29) == 2, "and one later still");
    tap_ok(latest_of(versions, 30) == 1,
           "an end does not belong to it: the one before counts again");
    tap_ok(latest_of(versions, 50) == 0 && latest_of(versions, 100) == -1, "to the last end");
    versions[2] = (struct version){{10, 20}, {3}, LM_KNOWN_ALWAYS};
    tap_ok(latest_of(versions, 10) == -2 && latest_of(versions, 19) == -2,
           "two that begin together contradict each other, and no earlier one steps in");
    tap_ok(latest_of(versions, 20) == 1, "until one of them has ended");
    versions[2] = versions[1];
    tap_ok(latest_of(versions, 10) == 1, "the same content twice is one record");
}

static void judge_logged(void) {
    struct version versions[3] = {
        {{0, 100}, {1}, -50},
        {{10, 50}, {2}, 40},
        {{20, 30}, {3}, LM_KNOWN_NEVER},
    };
    tap_ok(latest_of(versions, 10) == 0 && latest_of(versions, 39) == 0,
           "what was logged after it began takes the place of none that was known");
    tap_ok(latest_of(versions, 40) == 1 && latest_of(versions, 49) == 1, "until it was logged");
    tap_ok(latest_of(versions, 25) == 0, "what is in no log takes the place of none");
    versions[0].valid.start_s = 35;
    tap_ok(latest_of(versions, 30) == 1 && latest_of(versions, 35) == 0,
           "where none was known, what was logged first counts");
    versions[1].known_s = LM_KNOWN_NEVER;
    tap_ok(latest_of(versions, 25) == 2, "and at last what is in no log: the latest start");
    versions[0] = (struct version){{10, 100}, {1}, 5};
    versions[1] = (struct version){{10, 100}, {2}, 60};
    tap_ok(latest_of(versions, 59) == 0 && latest_of(versions, 60) == -2,
           "two that begin together contradict each other once both are known");
    versions[1] = versions[0];
    versions[1].known_s = 60;
    tap_ok(latest_of(versions, 70) == 0, "the same content logged twice is one record");
    tap_ok(lm_known_together(LM_KNOWN_ALWAYS, 60) == 60 && lm_known_together(60, 5) == 5 &&
               lm_known_together(60, LM_KNOWN_ALWAYS) == 60 &&
               lm_known_together(LM_KNOWN_NEVER, 60) == 60,
           "a bare copy takes nothing from what the log says of its time");
}

int main(void) {
    judge_bare();
    judge_logged();
    return tap_done();
}
