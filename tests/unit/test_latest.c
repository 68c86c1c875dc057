/*
 * Which of several records of one name counts: every order of three records gives the same.
 */
#include "lib/record/latest.h"
#include "tests/unit/tap.h"

struct version {
    struct lm_validity valid;
    uint8_t content[32];
};

/* What counts at INSTANT_S, whatever the order: its place, -1 for none, -2 where that is not
 * clear, -3 where the order matters. */
static int latest_of(const struct version versions[3], int64_t instant_s) {
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    int found = 0;
    for (size_t i = 0; i < 6; i++) {
        struct lm_latest latest = {0};
        for (size_t k = 0; k < 3; k++) {
            const struct version *version = &versions[orders[i][k]];
            lm_latest_consider(&latest, version, version->valid, version->content, instant_s);
        }
        int place = -1;
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

int main(void) {
    struct version versions[3] = {
        {{0, 100}, {1}},
        {{10, 50}, {2}},
        {{20, 30}, {3}},
    };
    tap_ok(latest_of(versions, -1) == -1, "before the first start nothing counts");
    tap_ok(latest_of(versions, 0) == 0, "a start belongs to the validity");
    tap_ok(latest_of(versions, 10) == 1 && latest_of(versions, 19) == 1,
           "a later start takes over");
    tap_ok(latest_of(versions, 20) == 2 && latest_of(versions, 29) == 2, "and one later still");
    tap_ok(latest_of(versions, 30) == 1,
           "an end does not belong to it: the one before counts again");
    tap_ok(latest_of(versions, 50) == 0 && latest_of(versions, 100) == -1, "to the last end");
    versions[2] = (struct version){{10, 20}, {3}};
    tap_ok(latest_of(versions, 10) == -2 && latest_of(versions, 19) == -2,
           "two that begin together contradict each other, and no earlier one steps in");
    tap_ok(latest_of(versions, 20) == 1, "until one of them has ended");
    versions[2] = versions[1];
    tap_ok(latest_of(versions, 10) == 1, "the same content twice is one record");
    return tap_done();
}
