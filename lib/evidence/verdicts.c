#include "lib/evidence/verdicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/verdicts_state.h"

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
    verdicts->registry = lm_registry_new(options->root, error);
    const struct lm_commitments_options judged_by = {.registry = verdicts->registry,
                                                     .now_s = options->now_s,
                                                     .witnesses = options->witnesses,
                                                     .witness_count = options->witness_count,
                                                     .keys_only = true};
    lm_commitments_start(&verdicts->keys, &judged_by);
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
    free(verdicts->signers);
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

int64_t lm_verdicts_instant(const struct lm_verdicts *verdicts, const struct lm_record *record) {
    return record->wrapped ? record->entry_at_s : verdicts->options.now_s;
}

int lm_verdicts_seal(struct lm_verdicts *verdicts, struct lm_error *error) {
    if (lm_registry_seal(verdicts->registry, verdicts->options.pool, verdicts->options.refuse,
                         verdicts->options.context, error) < 0)
        return -1;
    /* Terms that nobody may have signed so are none. */
    for (size_t i = 0; i < verdicts->terms.count; i++) {
        struct lm_fact *fact = verdicts->terms.items[i];
        if (lm_fact_check(verdicts->registry, &fact->record,
                          lm_verdicts_instant(verdicts, &fact->record), &fact->refused, error) < 0)
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
const struct lm_given *lm_verdicts_find(const struct lm_verdicts *verdicts, enum lm_type type,
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
    struct lm_given *items =
        lm_array_room(verdicts->items, &verdicts->room, verdicts->count, sizeof *items, error);
    if (!items)
        return -1;
    verdicts->items = items;
    struct lm_given *item = &items[verdicts->count];
    *item = (struct lm_given){.place = {source, line + 1}};
    if (lm_record_from_json(record->line, &item->record, error) < 0)
        return -1;
    verdicts->count++;
    if (lm_record_digest(&item->record, record->type == LM_TYPE_CLAIM, item->digest, error) < 0)
        return -1;
    struct lm_group *group = name(verdicts, record->type, item->digest, error);
    return group ? lm_group_add(group, verdicts->count - 1, error) : -1;
}

int lm_verdicts_tell(struct lm_verdicts *verdicts, const char *code, const struct lm_given *item,
                     const char *text, struct lm_error *error) {
    return lm_findings_tell(&verdicts->findings, code, NULL, &item->place, 1, text, error);
}

int lm_verdicts_tell_why(struct lm_verdicts *verdicts, const struct lm_given *item,
                         const char *what, const struct lm_error *why, struct lm_error *error) {
    char text[512];
    /* Where checking itself fails, nothing is known to be wrong. */
    if (lm_reason_exit(why->reason) != LM_EXIT_REJECT) {
        *error = *why;
        return -1;
    }
    (void)snprintf(text, sizeof text, "%s: %s", what, why->detail);
    return lm_verdicts_tell(verdicts, lm_reason_word(why->reason), item, text, error);
}

bool lm_verdicts_signed(const struct lm_verdicts *verdicts, const struct lm_record *record,
                        struct lm_error *why) {
    const char *signer;
    return lm_registry_check(verdicts->registry, record, lm_verdicts_instant(verdicts, record),
                             &signer, why) == 0;
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

static const char *against(const char *party) {
    return party ? " against " : "";
}

static const char *named(const char *party) {
    return party ? party : "";
}

/* Puts the exhibits before the judge. */
static int judge_again(struct lm_verdicts *verdicts, const struct lm_given *item,
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
    if ((int)dispute.result == verdict->result &&
        lm_verdicts_same_text(dispute.party, verdict->party))
        return 0;
    /* The orders of others that leave it open are not shown to who is not wronged by them. */
    if (verdict->result == LM_RESULT_UNDECIDABLE && dispute.result == LM_RESULT_REFUTED &&
        !dispute.whole && lm_dispute_needs_book((enum lm_claim_kind)dispute.claim->kind))
        return 0;
    (void)snprintf(text, sizeof text,
                   "the verdict is %s%s%s, and its exhibits by themselves say %s%s%s: %s",
                   lm_result_words[verdict->result], against(verdict->party), named(verdict->party),
                   lm_result_words[dispute.result], against(dispute.party), named(dispute.party),
                   dispute.text);
    return lm_verdicts_tell(verdicts, lm_code_word(LM_CODE_VERDICT_UNFOUNDED), item, text, error);
}

/* ---- all of them ---- */

/* All parts of one verdict, or one that has none. */
static int check_verdict(struct lm_verdicts *verdicts, struct lm_group *parts,
                         struct lm_error *error) {
    uint64_t found = verdicts->findings.count;
    if (lm_verdicts_order(verdicts, parts, error) < 0)
        return -1;
    if (verdicts->findings.count > found)
        return 0;
    const struct lm_given *item = &verdicts->items[parts->items[0]];
    const struct lm_given *claimed =
        lm_verdicts_find(verdicts, LM_TYPE_CLAIM, item->record.as.verdict.claim);
    struct lm_claim_case claim;
    struct lm_facts facts = {0};
    struct lm_error why;
    if (!claimed)
        return lm_verdicts_tell(verdicts, lm_reason_word(LM_MISSING_RECORD), item,
                                "the claim that the verdict answers is not there", error);
    int result = lm_claim_case_start(&claim, &claimed->record, error);
    if (result == 0 &&
        lm_claim_case_open(&claim, verdicts->registry, verdicts->options.now_s, &why) < 0)
        result = lm_verdicts_tell_why(verdicts, claimed, "a claim", &why, error);
    if (result == 0)
        result = lm_verdicts_shown(verdicts, parts, &facts, error);
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
        const struct lm_given *item = &verdicts->items[i];
        struct lm_error why;
        if (item->record.type != LM_TYPE_VERDICT || !item->record.as.verdict.claim)
            continue;
        ++*met;
        if (!lm_verdicts_signed(verdicts, &item->record, &why)) {
            result = lm_verdicts_tell_why(verdicts, item, "a verdict", &why, error);
            continue;
        }
        result = lm_verdicts_key(verdicts, item, &key, error);
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
