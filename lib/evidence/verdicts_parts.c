/* What is one verdict: a record, or the parts that one auditor has signed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crypto/jws.h"
#include "lib/evidence/verdicts_state.h"

bool lm_verdicts_same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int64_t part_of(const struct lm_verdicts *verdicts, size_t place) {
    int64_t part = verdicts->items[place].record.as.verdict.part;
    return part == LM_ABSENT ? 1 : part;
}

static int compare_parts(const void *a, const void *b, void *context) {
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;
    int64_t part = part_of(context, x);
    int64_t other = part_of(context, y);
    if (part != other)
        return part < other ? -1 : 1;
    return (x > y) - (x < y);
}

static int tell_parts(struct lm_verdicts *verdicts, size_t one, size_t other, const char *text,
                      struct lm_error *error) {
    const struct lm_place places[] = {verdicts->items[one].place, verdicts->items[other].place};
    return lm_findings_tell(&verdicts->findings, lm_code_word(LM_CODE_VERDICT_PARTS), NULL, places,
                            2, text, error);
}

/* Whether two parts are of one answer. */
static bool says_the_same(const struct lm_given *one, const struct lm_given *other) {
    const struct lm_verdict *a = &one->record.as.verdict;
    const struct lm_verdict *b = &other->record.as.verdict;
    return a->result == b->result && lm_verdicts_same_text(a->party, b->party) &&
           lm_verdicts_same_text(a->text, b->text);
}

/* Leaves each part once, in their order, and tells what is wrong with them. */
int lm_verdicts_order(struct lm_verdicts *verdicts, struct lm_group *group,
                      struct lm_error *error) {
    const struct lm_given *first = &verdicts->items[group->items[0]];
    int64_t parts = first->record.as.verdict.parts;
    size_t kept = 0;
    char text[128];
    parts = parts == LM_ABSENT ? 1 : parts;
    qsort_r(group->items, group->count, sizeof *group->items, compare_parts, verdicts);
    for (size_t i = 0; i < group->count; i++) {
        size_t place = group->items[i];
        const struct lm_given *item = &verdicts->items[place];
        int64_t part = part_of(verdicts, place);
        if (kept > 0 && part_of(verdicts, group->items[kept - 1]) == part) {
            /* The same again counts once. */
            if (strcmp(item->digest, verdicts->items[group->items[kept - 1]].digest) == 0)
                continue;
            (void)snprintf(text, sizeof text, "two different records are part %lld of a verdict",
                           (long long)part);
            return tell_parts(verdicts, group->items[kept - 1], place, text, error);
        }
        if (!says_the_same(item, &verdicts->items[group->items[0]]))
            return tell_parts(verdicts, group->items[0], place,
                              "parts of a verdict differ in result, party or text", error);
        if (part != (int64_t)kept + 1)
            break;
        group->items[kept++] = place;
    }
    group->count = kept;
    if ((int64_t)kept == parts)
        return 0;
    (void)snprintf(text, sizeof text, "part %zu of the %lld of a verdict is not there", kept + 1,
                   (long long)parts);
    return lm_verdicts_tell(verdicts, lm_code_word(LM_CODE_EXHIBITS), first, text, error);
}

/* A group's key: parts of one verdict have the same claim, signer and number of parts; what is no
 * part stands by itself. */
int lm_verdicts_key(const struct lm_verdicts *verdicts, const struct lm_given *item,
                    struct lm_buffer *key, struct lm_error *error) {
    const struct lm_verdict *verdict = &item->record.as.verdict;
    struct lm_registered signer;
    char kid[LM_DIGEST_TEXT_SIZE];
    if (lm_jws_kid(&item->record.signature, kid, error) < 0 ||
        lm_registry_signer(verdicts->registry, kid, NULL,
                           lm_verdicts_instant(verdicts, &item->record), &signer, error) < 0)
        return -1;
    lm_buffer_reset(key);
    lm_buffer_format(key, "%s %s ", verdict->claim, signer.id);
    if (verdict->parts != LM_ABSENT)
        lm_buffer_integer(key, verdict->parts);
    else
        lm_buffer_text(key, item->digest);
    return lm_buffer_ok(key) ? 0 : lm_fail_memory(error);
}
