/*
 * Issued records beside expected ones: each way in which they can differ, and none where they
 * agree.
 */
#include "lib/evidence/comparison.h"
#include "tests/unit/tap.h"

struct seen {
    int count;
    struct lm_discrepancy last;
    char party[16];
    char name[16];
};

static int note(void *context, const struct lm_discrepancy *discrepancy, struct lm_error *error) {
    struct seen *seen = context;
    (void)error;
    seen->count++;
    seen->last = *discrepancy;
    (void)snprintf(seen->party, sizeof seen->party, "%s", discrepancy->key.party);
    (void)snprintf(seen->name, sizeof seen->name, "%s", discrepancy->key.name);
    return 0;
}

static struct lm_buffer text(const char *bytes, size_t size) {
    return (struct lm_buffer){.data = (char *)(uintptr_t)bytes, .size = size};
}

/* What was issued means what stands before a plus. */
static bool issue(struct lm_comparison *comparison, const struct lm_issued_key *key,
                  const char *issued, const struct lm_place *place) {
    const struct lm_buffer payload = text(issued, strlen(issued));
    const struct lm_buffer meaning = text(issued, strcspn(issued, "+"));
    struct lm_error error;
    return lm_comparison_issued(comparison, key, &payload, &meaning, place, &error) == 0;
}

/* What stands on each side under one name: NULL for nothing. */
static struct seen compare_refused(const char *expected, bool optional, const char *issued,
                                   const char *issued_again, bool refused) {
    struct lm_comparison *comparison = lm_comparison_new();
    struct lm_error error;
    struct seen seen = {0};
    const struct lm_buffer due = text(expected, expected ? strlen(expected) : 0);
    const struct lm_issued_key key = {.type = LM_TYPE_TRADE, .name = "m/p", .party = "m"};
    const struct lm_issued_key other = {.type = LM_TYPE_CLEARING, .name = "m/p", .party = "m"};
    const struct lm_place places[] = {{"log", 9}, {"log", 4}, {"log", 2}, {"log", 1}};
    const struct lm_buffer same = text("c", 1);
    bool added = true;
    if (issued_again)
        added = issue(comparison, &key, issued_again, &places[0]);
    if (issued)
        added = added && issue(comparison, &key, issued, &places[1]);
    if (refused)
        added = added && lm_comparison_refused(comparison, &key, LM_QUOTA, &places[3], &error) == 0;
    if (expected)
        added = added && lm_comparison_expected(comparison, &key, &due, optional, &error) == 0;
    /* Another type of the same name is another record. */
    added = added && issue(comparison, &other, "c", &places[2]) &&
            lm_comparison_expected(comparison, &other, &same, false, &error) == 0;
    if (!added || lm_comparison_each(comparison, note, &seen, &error) < 0)
        seen.count = -1;
    lm_comparison_free(comparison);
    return seen;
}

static struct seen compare(const char *expected, bool optional, const char *issued,
                           const char *issued_again) {
    return compare_refused(expected, optional, issued, issued_again, false);
}

/* The same for what somebody may have thought due, by other records. */
static struct seen excuse_of(const char *of, const char *expected, const char *excused,
                             bool optional, const char *issued) {
    struct lm_comparison *comparison = lm_comparison_new();
    struct lm_error error;
    struct seen seen = {0};
    const struct lm_buffer due = text(expected, expected ? strlen(expected) : 0);
    const struct lm_issued_key key = {.type = LM_TYPE_TRADE, .name = "m/p", .party = "m"};
    const struct lm_place place = {"log", 4};
    const struct lm_buffer thought = text(excused, excused ? strlen(excused) : 0);
    bool added = lm_comparison_excuse(comparison, of, &error) == 0;
    if (issued)
        added = added && issue(comparison, &key, issued, &place);
    if (excused)
        added = added && lm_comparison_excused(comparison, &key, &thought, optional, &error) == 0;
    if (expected)
        added = added && lm_comparison_expected(comparison, &key, &due, false, &error) == 0;
    if (!added || lm_comparison_each(comparison, note, &seen, &error) < 0)
        seen.count = -1;
    lm_comparison_free(comparison);
    return seen;
}

static struct seen excuse(const char *expected, const char *excused, bool optional,
                          const char *issued) {
    return excuse_of("m", expected, excused, optional, issued);
}

static void judge_excuses(void) {
    struct seen seen = excuse("a", "b", false, "a");
    tap_ok(seen.count == 0, "what is right needs no excuse");
    seen = excuse("a", "b", false, "b");
    tap_ok(seen.count == 1 && seen.last.difference == LM_DIFFERENCE_DIFFERS && seen.last.excused,
           "what differs just as somebody may have thought is excused");
    seen = excuse("a", "b", false, "c");
    tap_ok(seen.count == 1 && !seen.last.excused, "what differs otherwise is not");
    seen = excuse(NULL, "b", false, "b");
    tap_ok(seen.count == 1 && seen.last.difference == LM_DIFFERENCE_UNFOUNDED && seen.last.excused,
           "so is what is unfounded");
    seen = excuse("a", NULL, false, NULL);
    tap_ok(seen.count == 1 && seen.last.difference == LM_DIFFERENCE_MISSING && seen.last.excused,
           "and what is missing, where it would not be due");
    seen = excuse_of("n", "a", NULL, false, NULL);
    tap_ok(seen.count == 1 && !seen.last.excused, "of whoever has an excuse, and nobody else");
    seen = excuse("a", "b", true, NULL);
    tap_ok(seen.count == 1 && seen.last.excused, "or would be optional");
    seen = excuse("a", "b", false, NULL);
    tap_ok(seen.count == 1 && !seen.last.excused, "but not where something would be due");
    seen = excuse(NULL, "b", false, NULL);
    tap_ok(seen.count == 0, "nobody has to issue what only an excuse calls for");
    seen = compare("a", false, NULL, NULL);
    tap_ok(seen.count == 1 && !seen.last.excused, "without any excuses nothing is excused");
}

int main(void) {
    judge_excuses();
    struct seen seen = compare("a", false, "a", NULL);
    tap_ok(seen.count == 0, "what was issued as expected is no discrepancy");
    seen = compare("a", false, "a", "a");
    tap_ok(seen.count == 0, "a repeat of the same content is none");
    seen = compare("a", false, "a+x", NULL);
    tap_ok(seen.count == 0, "what was issued may say more than it means");
    seen = compare("a", false, "a+x", "a");
    tap_ok(seen.count == 1 && seen.last.difference == LM_DIFFERENCE_REPEATED,
           "but two of one name say the same");
    seen = compare("a", true, NULL, NULL);
    tap_ok(seen.count == 0, "what is optional may be missing");
    seen = compare("a", false, NULL, NULL);
    tap_ok(seen.count == 1 && seen.last.difference == LM_DIFFERENCE_MISSING &&
               seen.last.place_count == 0,
           "what is missing has no origin");
    tap_is(seen.party, "m", "who should have issued it answers for it");
    seen = compare("a", true, "b", NULL);
    tap_ok(seen.count == 1 && seen.last.difference == LM_DIFFERENCE_DIFFERS &&
               seen.last.place_count == 1 && seen.last.places[0].line == 4,
           "what differs is named by its origin, even where it is optional");
    tap_is(seen.name, "m/p", "and by its name");
    seen = compare(NULL, false, "b", NULL);
    tap_ok(seen.count == 1 && seen.last.difference == LM_DIFFERENCE_UNFOUNDED,
           "what nothing calls for is unfounded");
    seen = compare("a", false, "a", "b");
    tap_ok(seen.count == 1 && seen.last.difference == LM_DIFFERENCE_REPEATED &&
               seen.last.place_count == 2 && seen.last.places[0].line == 4 &&
               seen.last.places[1].line == 9,
           "two contents of one name: both origins, in order of appearance");
    seen = compare("a", false, "b", "c");
    tap_ok(seen.count == 2, "two wrong contents are two discrepancies");
    seen = compare_refused(NULL, false, "b", NULL, true);
    tap_ok(seen.count == 1 && seen.last.difference == LM_DIFFERENCE_UNFOUNDED &&
               seen.last.refused == LM_QUOTA && seen.last.place_count == 2 &&
               seen.last.places[0].line == 1 && seen.last.places[1].line == 4,
           "what goes by something refused says why, and points at that first");
    seen = compare_refused(NULL, false, NULL, NULL, true);
    tap_ok(seen.count == 0, "what was refused and is not there is right");
    seen = compare_refused("a", false, "b", NULL, true);
    tap_ok(seen.count == 1 && seen.last.difference == LM_DIFFERENCE_DIFFERS &&
               seen.last.refused == LM_NONE && seen.last.place_count == 1,
           "where another one is expected, it differs");
    seen = compare(NULL, false, NULL, NULL);
    tap_ok(seen.count == 0 && seen.last.key.party == NULL, "nothing is no discrepancy");
    return tap_done();
}
