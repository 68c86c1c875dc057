#include "lib/evidence/verdicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/groups.h"
#include "lib/crypto/jws.h"
#include "lib/evidence/commitments.h"
#include "lib/evidence/exhibit.h"

struct given {
    struct lm_record record;
    struct lm_place place;
    char digest[LM_DIGEST_TEXT_SIZE]; /* of a claim, or of something else without its signature */
};

/* Who has signed a checkpoint, asked once for all the exhibits that are under it. */
struct keeper {
    const char *id; /* NULL for nobody, then why */
    int64_t signed_s;
    struct lm_error why;
};

struct lm_verdicts {
    struct lm_verdicts_options options;
    struct lm_registry *registry;
    struct lm_commitments keys; /* of keepers, and no checkpoints */
    struct lm_findings findings;
    struct lm_facts terms;
    struct lm_groups terms_of; /* by whose business they are; places in terms */
    struct lm_group shared_terms;
    struct given *items;
    size_t count;
    size_t room;
    struct lm_groups named;      /* claims and exhibits by type and digest; places in items */
    struct lm_names checkpoints; /* a number is the place in keepers */
    struct keeper *keepers;
    size_t keeper_room;
};

struct lm_verdicts *lm_verdicts_new(const struct lm_verdicts_options *options,
                                    struct lm_error *error) {
    struct lm_verdicts *verdicts = calloc(1, sizeof *verdicts);
    if (!verdicts) {
        lm_fail_memory(error);
        return NULL;
    }
    verdicts->options = *options;
    verdicts->findings.tell = options->finding;
    verdicts->findings.context = options->context;
    lm_groups_start(&verdicts->terms_of);
    lm_groups_start(&verdicts->named);
    lm_names_start(&verdicts->checkpoints);
    lm_commitments_start(&verdicts->keys, NULL, 0);
    verdicts->keys.keys_only = true;
    verdicts->registry = lm_registry_new(options->root, error);
    if (verdicts->registry)
        return verdicts;
    lm_verdicts_free(verdicts);
    return NULL;
}

void lm_verdicts_free(struct lm_verdicts *verdicts) {
    if (!verdicts)
        return;
    for (size_t i = 0; i < verdicts->count; i++)
        lm_record_free(&verdicts->items[i].record);
    lm_facts_list_free(&verdicts->terms);
    lm_groups_free(&verdicts->terms_of);
    lm_group_free(&verdicts->shared_terms);
    lm_groups_free(&verdicts->named);
    lm_names_free(&verdicts->checkpoints);
    lm_commitments_free(&verdicts->keys);
    lm_findings_free(&verdicts->findings);
    lm_registry_free(verdicts->registry);
    free(verdicts->keepers);
    free(verdicts->items);
    free(verdicts);
}

int lm_verdicts_term(struct lm_verdicts *verdicts, const struct lm_record *record,
                     const char *source, uint64_t line, struct lm_error *error) {
    const struct lm_fact fact = {0};
    const char *whose;
    if (lm_registry_add(verdicts->registry, record, source, line, error) < 0 ||
        (record->type == LM_TYPE_IDENTITY &&
         lm_commitments_key(&verdicts->keys, &record->as.identity, error) < 0))
        return -1;
    if (!lm_fact_term_of(record, &whose))
        return 0;
    struct lm_group *group = whose
                                 ? lm_groups_enter(&verdicts->terms_of, whose, strlen(whose), error)
                                 : &verdicts->shared_terms;
    if (!group || lm_group_add(group, verdicts->terms.count, error) < 0)
        return -1;
    return lm_facts_list_add(&verdicts->terms, verdicts->registry, record, &fact, error);
}

static int64_t instant_of(const struct lm_verdicts *verdicts, const struct lm_record *record) {
    return record->wrapped ? record->entry_at_s : verdicts->options.now_s;
}

int lm_verdicts_seal(struct lm_verdicts *verdicts, struct lm_error *error) {
    if (lm_registry_seal(verdicts->registry, verdicts->options.pool, verdicts->options.refuse,
                         verdicts->options.context, error) < 0)
        return -1;
    /* Terms that nobody may have signed so are none. */
    for (size_t i = 0; i < verdicts->terms.count; i++) {
        struct lm_fact *fact = verdicts->terms.items[i];
        if (lm_fact_check(verdicts->registry, &fact->record, instant_of(verdicts, &fact->record),
                          &fact->refused, error) < 0)
            return -1;
        fact->counts = fact->refused == LM_NONE;
        if (lm_fact_know(fact, verdicts->registry, error) < 0)
            return -1;
    }
    return 0;
}

#define NAME_SIZE (LM_DIGEST_TEXT_SIZE + 1)

static void write_name(enum lm_type type, const char *digest, char name[NAME_SIZE]) {
    (void)snprintf(name, NAME_SIZE, "%c%s", 'a' + (int)type, digest);
}

/* Those of a type and digest. */
static struct lm_group *name(struct lm_verdicts *verdicts, enum lm_type type, const char *digest,
                             struct lm_error *error) {
    char text[NAME_SIZE];
    write_name(type, digest, text);
    return lm_groups_enter(&verdicts->named, text, strlen(text), error);
}

/* The first one of a type and digest; NULL where there is none. */
static const struct given *find(const struct lm_verdicts *verdicts, enum lm_type type,
                                const char *digest) {
    char text[NAME_SIZE];
    write_name(type, digest, text);
    const struct lm_group *group = lm_groups_find(&verdicts->named, text, strlen(text));
    return group ? &verdicts->items[group->items[0]] : NULL;
}

int lm_verdicts_add(struct lm_verdicts *verdicts, const struct lm_record *record,
                    const char *source, uint64_t line, struct lm_error *error) {
    if (record->type != LM_TYPE_CLAIM && record->type != LM_TYPE_VERDICT &&
        record->type != LM_TYPE_EXHIBIT)
        return 0;
    struct given *items =
        lm_array_room(verdicts->items, &verdicts->room, verdicts->count, sizeof *items, error);
    if (!items)
        return -1;
    verdicts->items = items;
    struct given *item = &items[verdicts->count];
    *item = (struct given){.place = {source, line + 1}};
    if (lm_record_from_json(record->line, &item->record, error) < 0)
        return -1;
    verdicts->count++;
    if (lm_record_digest(&item->record, record->type == LM_TYPE_CLAIM, item->digest, error) < 0)
        return -1;
    struct lm_group *group = name(verdicts, record->type, item->digest, error);
    return group ? lm_group_add(group, verdicts->count - 1, error) : -1;
}

/* ---- one verdict ---- */

static int tell(struct lm_verdicts *verdicts, const char *code, const struct given *item,
                const char *text, struct lm_error *error) {
    return lm_findings_tell(&verdicts->findings, code, NULL, &item->place, 1, text, error);
}

static int tell_why(struct lm_verdicts *verdicts, const struct given *item, const char *what,
                    const struct lm_error *why, struct lm_error *error) {
    char text[512];
    /* Where checking itself fails, nothing is known to be wrong. */
    if (lm_reason_exit(why->reason) != LM_EXIT_REJECT) {
        *error = *why;
        return -1;
    }
    (void)snprintf(text, sizeof text, "%s: %s", what, why->detail);
    return tell(verdicts, lm_reason_word(why->reason), item, text, error);
}

static bool is_same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_signed(const struct lm_verdicts *verdicts, const struct lm_record *record,
                      struct lm_error *why) {
    const char *signer;
    return lm_registry_check(verdicts->registry, record, instant_of(verdicts, record), &signer,
                             why) == 0;
}

/* ---- its exhibits ---- */

/* An exhibit that a verdict names, and what of it has been checked by itself. */
struct shown {
    const struct lm_verdicts *verdicts;
    const struct given *item;
    struct lm_record entry; /* line NULL where something is wrong: */
    struct lm_fact fact;
    struct lm_error why;
    uint32_t checkpoint; /* its place in keepers */
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
    const struct keeper *keeper = &verdicts->keepers[shown->checkpoint];
    struct lm_checkpoint checkpoint;
    struct lm_fact *fact = &shown->fact;
    if (!is_signed(verdicts, &shown->item->record, &shown->why) ||
        lm_exhibit_read(&shown->item->record.as.exhibit, &shown->entry, &checkpoint, fact,
                        &shown->why) < 0)
        return;
    fact->keeper = keeper->id;
    fact->signed_s = keeper->signed_s;
    bool ok = keeper->id != NULL;
    if (!ok)
        shown->why = keeper->why;
    else
        ok = lm_fact_check(verdicts->registry, &shown->entry, shown->entry.entry_at_s,
                           &fact->refused, &shown->why) == 0;
    if (!ok)
        lm_record_free(&shown->entry);
}

/* Who has signed a checkpoint. What is none has no keeper, and the exhibit says why. */
static int find_keeper(struct lm_verdicts *verdicts, const char *text, uint32_t *number,
                       struct lm_error *error) {
    struct lm_checkpoint checkpoint;
    size_t count = verdicts->checkpoints.count;
    struct keeper *keepers =
        lm_array_room(verdicts->keepers, &verdicts->keeper_room, count, sizeof *keepers, error);
    if (!keepers)
        return -1;
    verdicts->keepers = keepers;
    if (lm_names_add(&verdicts->checkpoints, text, strlen(text), number, error) < 0)
        return -1;
    if (*number < count)
        return 0;
    struct keeper *keeper = &keepers[*number];
    *keeper = (struct keeper){0};
    if (lm_checkpoint_parse(text, strlen(text), &checkpoint, &keeper->why) == 0)
        keeper->id =
            lm_commitments_signer(&verdicts->keys, &checkpoint, verdicts->registry,
                                  verdicts->options.now_s, &keeper->signed_s, &keeper->why);
    return 0;
}

/* The exhibits that one record names; what else is there may be another verdict's. *missing says
 * that one is not there, which has been told. */
static int find_shown(struct lm_verdicts *verdicts, const struct given *item,
                      struct shown_list *shown, bool *missing, struct lm_error *error) {
    const struct lm_verdict *verdict = &item->record.as.verdict;
    for (size_t i = 0; i < json_array_size(verdict->exhibits); i++) {
        const char *digest = json_string_value(json_array_get(verdict->exhibits, i));
        const struct given *exhibit = find(verdicts, LM_TYPE_EXHIBIT, digest);
        const char *of = exhibit ? exhibit->record.as.exhibit.claim : NULL;
        if (!of || strcmp(of, verdict->claim) != 0) {
            *missing = true;
            return tell(verdicts, lm_code_word(LM_CODE_EXHIBITS), item,
                        "an exhibit that the verdict names is not there", error);
        }
        struct shown *items =
            lm_array_room(shown->items, &shown->room, shown->count, sizeof *items, error);
        if (!items)
            return -1;
        shown->items = items;
        items[shown->count] = (struct shown){.verdicts = verdicts, .item = exhibit};
        if (find_keeper(verdicts, exhibit->record.as.exhibit.checkpoint,
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
        if (!item->entry.line
                ? tell_why(verdicts, item->item, "an exhibit", &item->why, error) < 0
                : lm_facts_list_add(facts, verdicts->registry, &item->entry, &item->fact, error) <
                          0 ||
                      lm_fact_know(facts->items[facts->count - 1], verdicts->registry, error) < 0)
            return -1;
    }
    return 0;
}

/* All that the parts of a verdict name. */
static int take_exhibits(struct lm_verdicts *verdicts, const struct lm_group *parts,
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

/* ---- the judge again ---- */

/* The book was exhibited where the orders of somebody else were. */
static bool is_whole(const struct lm_facts *facts, const char *claimant) {
    for (size_t i = 0; i < facts->count; i++) {
        const struct lm_record *record = &facts->items[i]->record;
        if (record->type == LM_TYPE_ORDER && strcmp(record->as.order.from, claimant) != 0)
            return true;
    }
    return false;
}

static int add_terms(const struct lm_verdicts *verdicts, const struct lm_group *group,
                     struct lm_view *view, struct lm_error *error) {
    for (size_t i = 0; group && i < group->count; i++) {
        struct lm_fact *term = verdicts->terms.items[group->items[i]];
        if (term->counts && lm_view_add(view, term, error) < 0)
            return -1;
    }
    return 0;
}

/* The exhibits, then the terms that are not among them. */
static int find_view(const struct lm_verdicts *verdicts, const struct lm_facts *facts,
                     const char *claimant, struct lm_view *view, struct lm_error *error) {
    for (size_t i = 0; i < facts->count; i++) {
        if (lm_view_add(view, facts->items[i], error) < 0)
            return -1;
    }
    if (add_terms(verdicts, &verdicts->shared_terms, view, error) < 0 ||
        add_terms(verdicts, lm_groups_find(&verdicts->terms_of, claimant, strlen(claimant)), view,
                  error) < 0)
        return -1;
    return lm_view_prepare(view, error);
}

/* Puts the exhibits before the judge. */
static int judge_again(struct lm_verdicts *verdicts, const struct given *item,
                       const struct lm_claim_case *claim, const struct lm_facts *facts,
                       struct lm_error *error) {
    const struct lm_verdict *verdict = &item->record.as.verdict;
    struct lm_dispute dispute;
    struct lm_view view = {0};
    char text[1024];
    lm_claim_case_dispute(claim, verdicts->registry, &dispute);
    dispute.view = &view;
    dispute.shown = true;
    dispute.whole = is_whole(facts, dispute.claim->claimant);
    int result = find_view(verdicts, facts, dispute.claim->claimant, &view, error);
    if (result == 0)
        result = lm_dispute_judge(&dispute, error);
    lm_view_free(&view);
    if (result < 0)
        return -1;
    if ((int)dispute.result == verdict->result && is_same_text(dispute.party, verdict->party))
        return 0;
    (void)snprintf(text, sizeof text,
                   "the verdict is %s, and its exhibits by themselves say %s: %s",
                   lm_result_words[verdict->result], lm_result_words[dispute.result], dispute.text);
    return tell(verdicts, lm_code_word(LM_CODE_VERDICT_UNFOUNDED), item, text, error);
}

/* ---- parts ---- */

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
static bool says_the_same(const struct given *one, const struct given *other) {
    const struct lm_verdict *a = &one->record.as.verdict;
    const struct lm_verdict *b = &other->record.as.verdict;
    return a->result == b->result && is_same_text(a->party, b->party) &&
           is_same_text(a->text, b->text);
}

/* Leaves each part once, in their order, and tells what is wrong with them. */
static int order_parts(struct lm_verdicts *verdicts, struct lm_group *group,
                       struct lm_error *error) {
    const struct given *first = &verdicts->items[group->items[0]];
    int64_t parts = first->record.as.verdict.parts;
    size_t kept = 0;
    char text[128];
    parts = parts == LM_ABSENT ? 1 : parts;
    qsort_r(group->items, group->count, sizeof *group->items, compare_parts, verdicts);
    for (size_t i = 0; i < group->count; i++) {
        size_t place = group->items[i];
        const struct given *item = &verdicts->items[place];
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
    return tell(verdicts, lm_code_word(LM_CODE_EXHIBITS), first, text, error);
}

/* A group's key: parts of one verdict have the same claim, signer and number of parts; what is no
 * part stands by itself. */
static int write_key(const struct lm_verdicts *verdicts, const struct given *item,
                     struct lm_buffer *key, struct lm_error *error) {
    const struct lm_verdict *verdict = &item->record.as.verdict;
    struct lm_registered signer;
    char kid[LM_DIGEST_TEXT_SIZE];
    if (lm_jws_kid(&item->record.signature, kid, error) < 0 ||
        lm_registry_signer(verdicts->registry, kid, NULL, instant_of(verdicts, &item->record),
                           &signer, error) < 0)
        return -1;
    lm_buffer_reset(key);
    lm_buffer_format(key, "%s %s ", verdict->claim, signer.id);
    if (verdict->parts != LM_ABSENT)
        lm_buffer_integer(key, verdict->parts);
    else
        lm_buffer_text(key, item->digest);
    return lm_buffer_ok(key) ? 0 : lm_fail_memory(error);
}

/* ---- all of them ---- */

/* All parts of one verdict, or one that has none. */
static int check_verdict(struct lm_verdicts *verdicts, struct lm_group *parts,
                         struct lm_error *error) {
    uint64_t found = verdicts->findings.count;
    if (order_parts(verdicts, parts, error) < 0)
        return -1;
    if (verdicts->findings.count > found)
        return 0;
    const struct given *item = &verdicts->items[parts->items[0]];
    const struct given *claimed = find(verdicts, LM_TYPE_CLAIM, item->record.as.verdict.claim);
    struct lm_claim_case claim;
    struct lm_facts facts = {0};
    struct lm_error why;
    if (!claimed)
        return tell(verdicts, lm_reason_word(LM_MISSING_RECORD), item,
                    "the claim that the verdict answers is not there", error);
    int result = lm_claim_case_start(&claim, &claimed->record, error);
    if (result == 0 &&
        lm_claim_case_open(&claim, verdicts->registry, verdicts->options.now_s, &why) < 0)
        result = tell_why(verdicts, claimed, "a claim", &why, error);
    if (result == 0)
        result = take_exhibits(verdicts, parts, &facts, error);
    /* What is not proven is not judged. */
    if (result == 0 && verdicts->findings.count == found)
        result = judge_again(verdicts, item, &claim, &facts, error);
    lm_claim_case_free(&claim);
    lm_facts_list_free(&facts);
    return result;
}

/* Brings the parts of each verdict together, as far as an auditor has signed them. */
static int sort_verdicts(struct lm_verdicts *verdicts, struct lm_groups *sorted, size_t *met,
                         struct lm_error *error) {
    struct lm_buffer key = {0};
    int result = 0;
    for (size_t i = 0; i < verdicts->count && result == 0; i++) {
        const struct given *item = &verdicts->items[i];
        struct lm_error why;
        if (item->record.type != LM_TYPE_VERDICT || !item->record.as.verdict.claim)
            continue;
        ++*met;
        if (!is_signed(verdicts, &item->record, &why)) {
            result = tell_why(verdicts, item, "a verdict", &why, error);
            continue;
        }
        result = write_key(verdicts, item, &key, error);
        struct lm_group *group =
            result == 0 ? lm_groups_enter(sorted, key.data, key.size, error) : NULL;
        result = group ? lm_group_add(group, i, error) : -1;
    }
    lm_buffer_free(&key);
    return result;
}

int lm_verdicts_finish(struct lm_verdicts *verdicts, bool *clean, struct lm_error *error) {
    const struct lm_place nowhere = {0};
    struct lm_groups sorted;
    size_t met = 0;
    lm_groups_start(&sorted);
    int result = sort_verdicts(verdicts, &sorted, &met, error);
    for (size_t i = 0; i < sorted.names.count && result == 0; i++)
        result = check_verdict(verdicts, &sorted.items[i], error);
    lm_groups_free(&sorted);
    if (result == 0 && met == 0)
        result = lm_findings_tell(&verdicts->findings, lm_reason_word(LM_MISSING_RECORD), NULL,
                                  &nowhere, 1, "no verdict on a claim is here", error);
    *clean = verdicts->findings.count == 0;
    return result;
}
