/* Groups of numbers, and which records an index of claims takes for theirs. */
#include <stdlib.h>

#include "lib/evidence/claim_index.h"
#include "tests/unit/tap.h"

static void test_groups(void) {
    struct lm_groups groups;
    struct lm_error error;
    unsigned wrong = 0;
    lm_groups_start(&groups);
    wrong += lm_groups_find(&groups, "a", 1) != NULL;
    /* Number N goes into the group of N modulo 97, of which there are more than fit at first. */
    for (size_t n = 0; n < 9700; n++) {
        size_t key = n % 97;
        struct lm_group *group = lm_groups_enter(&groups, &key, sizeof key, &error);
        wrong += !group || lm_group_add(group, n, &error) < 0;
    }
    for (size_t key = 0; key < 97; key++) {
        const struct lm_group *group = lm_groups_find(&groups, &key, sizeof key);
        wrong += !group || group->count != 100;
        for (size_t i = 0; group && i < group->count; i++)
            wrong += group->items[i] != key + 97 * i;
    }
    size_t none = 97;
    wrong += lm_groups_find(&groups, &none, sizeof none) != NULL || groups.names.count != 97;
    tap_ok(wrong == 0, "numbers are in their groups, in the order that they came in");
    lm_groups_free(&groups);
}

#define PERIOD "2016-04-01T12:00Z/PT30M"
#define LATER  "2016-04-01T12:30Z/PT30M"

static void read_record(const char *line, struct lm_record *record) {
    struct lm_error error;
    if (lm_record_parse(line, strlen(line), record, &error) < 0)
        abort();
}

static void read_claim(const char *kind, const char *rest, struct lm_claim_case *claim) {
    struct lm_record record;
    struct lm_error error;
    char line[512];
    (void)snprintf(line, sizeof line,
                   "{\"claimant\":\"ann\",\"kind\":\"%s\",\"type\":\"claim\",\"v\":1,%s}", kind,
                   rest);
    read_record(line, &record);
    if (lm_claim_case_start(claim, &record, &error) < 0)
        abort();
    lm_record_free(&record);
}

/* A letter for each of the ROWS that the claim may be about. */
static void judge(const struct lm_registry *registry, const char *kind, const char *rest,
                  const char *wanted) {
    static const char *const rows[] = {
        /* a: hers, of the period; b: of a later one; c: somebody else's */
        "{\"energy_wh\":1,\"from\":\"ann\",\"market\":\"m\",\"order\":\"o\",\"period\":\"" PERIOD
        "\",\"price\":\"1\",\"side\":\"bid\",\"type\":\"trade\",\"v\":1}",
        "{\"energy_wh\":1,\"from\":\"ann\",\"market\":\"m\",\"order\":\"o\",\"period\":\"" LATER
        "\",\"price\":\"1\",\"side\":\"bid\",\"type\":\"trade\",\"v\":1}",
        "{\"energy_wh\":1,\"from\":\"bob\",\"market\":\"m\",\"order\":\"o\",\"period\":\"" PERIOD
        "\",\"price\":\"1\",\"side\":\"bid\",\"type\":\"trade\",\"v\":1}",
        /* d, e: an order of somebody else's of the period, and of a later one */
        "{\"at\":\"2016-04-01T10:00:00Z\",\"energy_wh\":1,\"from\":\"bob\",\"id\":\"o\",\"market\":"
        "\"m\",\"period\":\"" PERIOD
        "\",\"price\":\"1\",\"seq\":1,\"side\":\"bid\",\"type\":\"order\",\"v\":1}",
        "{\"at\":\"2016-04-01T10:00:00Z\",\"energy_wh\":1,\"from\":\"bob\",\"id\":\"o\",\"market\":"
        "\"m\",\"period\":\"" LATER
        "\",\"price\":\"1\",\"seq\":1,\"side\":\"bid\",\"type\":\"order\",\"v\":1}",
        /* f, g: her contract, somebody else's; h: a fee */
        "{\"supplier\":\"s\",\"tariff\":\"t\",\"type\":\"contract\",\"user\":\"ann\",\"v\":1,"
        "\"valid\":\"2016-01-01T00:00Z/2017-01-01T00:00Z\"}",
        "{\"supplier\":\"s\",\"tariff\":\"t\",\"type\":\"contract\",\"user\":\"bob\",\"v\":1,"
        "\"valid\":\"2016-01-01T00:00Z/2017-01-01T00:00Z\"}",
        "{\"by\":\"d\",\"currency\":\"EUR\",\"price\":\"1\",\"region\":\"r\",\"type\":"
        "\"network-fee\",\"v\":1,\"valid\":\"2016-01-01T00:00Z/2017-01-01T00:00Z\"}",
    };
    static const struct lm_period period = {.start_s = 1459512000, .minutes = 30};
    struct lm_claim_index index;
    struct lm_claim_case claim;
    struct lm_group numbers = {0};
    struct lm_error error;
    char got[sizeof rows / sizeof *rows + 1] = "";
    read_claim(kind, rest, &claim);
    lm_claim_index_start(&index);
    int failed = lm_claim_index_enter(&index, &claim, &period, 1, &error);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lm_record record;
        bool wants = false;
        read_record(rows[i], &record);
        const struct lm_claim_seen seen = {
            .record = &record, .refused = LM_NONE, .log = "m/m.log", .n = i};
        failed |= lm_claim_index_wants(&index, registry, &seen, &wants, &error);
        if (wants)
            failed |= lm_claim_index_add(&index, i, &error);
        lm_record_free(&record);
    }
    failed |= lm_claim_index_collect(&index, &claim, &period, 1, &numbers, &error);
    for (size_t i = 0; i < numbers.count; i++)
        got[i] = (char)('a' + (int)numbers.items[i]);
    got[numbers.count] = '\0';
    tap_ok(!failed && strcmp(got, wanted) == 0, "%s with %s: %s (%s)", kind, rest, wanted, got);
    lm_group_free(&numbers);
    lm_claim_index_free(&index);
    lm_claim_case_free(&claim);
}

int main(void) {
    struct lm_root root = {0};
    struct lm_error error;
    struct lm_registry *registry =
        lm_crypto_start(&error) == 0 ? lm_registry_new(&root, &error) : NULL;
    if (!registry)
        abort();
    test_groups();
    /* Terms are everybody's or hers. Others' orders are for claims that an auction judges. */
    judge(registry, "consumed_less", "\"entries\":[]", "afh");
    judge(registry, "price", "\"entries\":[]", "adfh");
    judge(registry, "bill", "\"entries\":[]", "abfh");
    judge(registry, "bill", "\"entries\":[{\"n\":2},{\"log\":\"m/m.log\",\"n\":4}]", "abcefh");
    judge(registry, "price", "\"entries\":[{\"n\":0},{\"n\":0},{\"n\":9}]", "adfh");
    lm_registry_free(registry);
    return tap_done();
}
