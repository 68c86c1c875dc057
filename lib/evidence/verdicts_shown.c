/* What a verdict rests on: the exhibits that it names, each checked by itself. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/exhibit.h"
#include "lib/evidence/verdicts_state.h"

/* An exhibit that a verdict names, and what of it has been checked by itself. */
struct shown {
    const struct lm_verdicts *verdicts;
    const struct lm_given *item;
    struct lm_record entry; /* line NULL where something is wrong: */
    struct lm_fact fact;
    struct lm_error why;
    uint32_t checkpoint; /* its place in signers */
};

struct shown_list {
    struct shown *items;
    size_t count;
    size_t room;
};

static void free_shown(struct shown_list *shown) {
    for (size_t i = 0; i < shown->count; i++)
        lm_record_free(&shown->items[i].entry);
    free(shown->items);
}

/* An exhibit is evidence where it is in the log, whatever it is: an order that is not as its sender
 * signed it shows something, too. By several threads. */
static void check_shown(void *context, size_t i) {
    struct shown *shown = (struct shown *)context + i;
    const struct lm_verdicts *verdicts = shown->verdicts;
    const struct lm_signers *signers = &verdicts->signers[shown->checkpoint];
    struct lm_checkpoint checkpoint;
    struct lm_fact *fact = &shown->fact;
    if (!lm_verdicts_signed(verdicts, &shown->item->record, &shown->why) ||
        lm_exhibit_read(&shown->item->record.as.exhibit, &shown->entry, &checkpoint, fact,
                        &shown->why) < 0)
        return;
    fact->keeper = signers->keeper;
    fact->signed_s = signers->signed_s;
    bool ok = signers->keeper != NULL;
    if (!ok)
        shown->why = signers->why;
    else
        ok = lm_fact_check(verdicts->registry, &shown->entry, shown->entry.entry_at_s,
                           &fact->refused, &shown->why) == 0;
    if (!ok)
        lm_record_free(&shown->entry);
}

/* Who stands behind a checkpoint. What is none has no keeper, and the exhibit says why. */
static int find_signers(struct lm_verdicts *verdicts, const char *text, uint32_t *number,
                        struct lm_error *error) {
    struct lm_checkpoint checkpoint;
    size_t count = verdicts->checkpoints.count;
    struct lm_signers *signers =
        lm_array_room(verdicts->signers, &verdicts->signers_room, count, sizeof *signers, error);
    if (!signers)
        return -1;
    verdicts->signers = signers;
    if (lm_names_add(&verdicts->checkpoints, text, strlen(text), number, error) < 0)
        return -1;
    if (*number < count)
        return 0;
    signers[*number] = (struct lm_signers){0};
    if (lm_checkpoint_parse(text, strlen(text), &checkpoint, &signers[*number].why) < 0)
        return 0;
    return lm_commitments_signers(&verdicts->keys, &checkpoint, &signers[*number], error);
}

/* The exhibits that one record names; what else is there may be another verdict's. *missing says
 * that one is not there, which has been told. */
static int find_shown(struct lm_verdicts *verdicts, const struct lm_given *item,
                      struct shown_list *shown, bool *missing, struct lm_error *error) {
    const struct lm_verdict *verdict = &item->record.as.verdict;
    for (size_t i = 0; i < json_array_size(verdict->exhibits); i++) {
        const char *digest = json_string_value(json_array_get(verdict->exhibits, i));
        const struct lm_given *exhibit = lm_verdicts_find(verdicts, LM_TYPE_EXHIBIT, digest);
        const char *of = exhibit ? exhibit->record.as.exhibit.claim : NULL;
        if (!of || strcmp(of, verdict->claim) != 0) {
            *missing = true;
            return lm_verdicts_tell(verdicts, lm_code_word(LM_CODE_EXHIBITS), item,
                                    "an exhibit that the verdict names is not there", error);
        }
        struct shown *items =
            lm_array_room(shown->items, &shown->room, shown->count, sizeof *items, error);
        if (!items)
            return -1;
        shown->items = items;
        items[shown->count] = (struct shown){.verdicts = verdicts, .item = exhibit};
        if (find_signers(verdicts, exhibit->record.as.exhibit.checkpoint,
                         &items[shown->count].checkpoint, error) < 0)
            return -1;
        shown->count++;
    }
    return 0;
}

/* Tells what is wrong with the exhibits, and adds the others to FACTS. */
static int take_shown(struct lm_verdicts *verdicts, const struct shown_list *shown,
                      struct lm_facts *facts, struct lm_error *error) {
    for (size_t i = 0; i < shown->count; i++) {
        const struct shown *item = &shown->items[i];
        if (item->entry.line && verdicts->signers[item->checkpoint].unwitnessed &&
            lm_verdicts_tell(verdicts, lm_code_word(LM_CODE_UNWITNESSED), item->item,
                             "the checkpoint of an exhibit is not cosigned by every witness",
                             error) < 0)
            return -1;
        if (!item->entry.line
                ? lm_verdicts_tell_why(verdicts, item->item, "an exhibit", &item->why, error) < 0
                : lm_facts_list_add(facts, verdicts->registry, &item->entry, &item->fact, error) <
                          0 ||
                      lm_fact_know(facts->items[facts->count - 1], verdicts->registry, error) < 0)
            return -1;
    }
    return 0;
}

int lm_verdicts_shown(struct lm_verdicts *verdicts, const struct lm_group *parts,
                      struct lm_facts *facts, struct lm_error *error) {
    struct shown_list shown = {0};
    bool missing = false;
    int result = 0;
    for (size_t i = 0; i < parts->count && result == 0 && !missing; i++)
        result = find_shown(verdicts, &verdicts->items[parts->items[i]], &shown, &missing, error);
    if (result == 0 && !missing && shown.count > 0) {
        lm_pool_run(verdicts->options.pool, shown.count, check_shown, shown.items);
        result = take_shown(verdicts, &shown, facts, error);
    }
    free_shown(&shown);
    return result;
}
