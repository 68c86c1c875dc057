#include "lib/evidence/verdicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/crypto/merkle_proof.h"
#include "lib/evidence/commitments.h"
#include "lib/record/canonical.h"

struct given {
    struct lm_record record;
    struct lm_place place;
    char digest[LM_DIGEST_TEXT_SIZE]; /* of a claim, or of an exhibit without its signature */
};

struct lm_verdicts {
    struct lm_verdicts_options options;
    struct lm_registry *registry;
    struct lm_commitments keepers; /* their keys alone */
    struct lm_findings findings;
    struct lm_facts terms;
    struct given *items;
    size_t count;
    size_t room;
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
    lm_commitments_start(&verdicts->keepers, NULL, 0);
    verdicts->keepers.keys_only = true;
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
    lm_commitments_free(&verdicts->keepers);
    lm_findings_free(&verdicts->findings);
    lm_registry_free(verdicts->registry);
    free(verdicts->items);
    free(verdicts);
}

int lm_verdicts_term(struct lm_verdicts *verdicts, const struct lm_record *record,
                     const char *source, uint64_t line, struct lm_error *error) {
    const struct lm_fact fact = {0};
    if (lm_registry_add(verdicts->registry, record, source, line, error) < 0 ||
        (record->type == LM_TYPE_IDENTITY &&
         lm_commitments_key(&verdicts->keepers, &record->as.identity, error) < 0))
        return -1;
    return lm_fact_is_term(record->type) ? lm_facts_list_add(&verdicts->terms, record, &fact, error)
                                         : 0;
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
        struct lm_fact *fact = &verdicts->terms.items[i];
        if (lm_fact_check(verdicts->registry, &fact->record, instant_of(verdicts, &fact->record),
                          &fact->refused, error) < 0)
            return -1;
    }
    return 0;
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
    return lm_record_digest(&item->record, record->type == LM_TYPE_CLAIM, item->digest, error);
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

static bool is_signed(const struct lm_verdicts *verdicts, const struct lm_record *record,
                      struct lm_error *why) {
    const char *signer;
    return lm_registry_check(verdicts->registry, record, instant_of(verdicts, record), &signer,
                             why) == 0;
}

/* That the exhibit's entry is in the log, and what it says. FACT gets what the judge may know. */
static int read_exhibit(struct lm_verdicts *verdicts, const struct lm_exhibit *exhibit,
                        struct lm_record *entry, struct lm_fact *fact, struct lm_error *why) {
    struct lm_checkpoint checkpoint;
    struct lm_merkle_proof proof = {.count = 0};
    struct lm_buffer line = {0};
    if (lm_record_from_json(exhibit->entry, entry, why) < 0)
        return -1;
    if (!entry->wrapped || entry->entry_n != exhibit->n)
        return lm_fail(why, LM_ENTRY_NUMBER, "its entry has another number, or is none");
    if (lm_checkpoint_parse(exhibit->checkpoint, strlen(exhibit->checkpoint), &checkpoint, why) < 0)
        return -1;
    if (strcmp(checkpoint.origin, exhibit->log) != 0)
        return lm_fail(why, LM_WRONG_SUBJECT, "its checkpoint is another log's");
    for (size_t i = 0; i < json_array_size(exhibit->path); i++) {
        const char *hash = json_string_value(json_array_get(exhibit->path, i));
        if (proof.count == LM_PROOF_MAX ||
            !lm_base64url_read(hash, proof.hashes[proof.count++], LM_HASH_SIZE))
            return lm_fail(why, LM_BAD_MEMBER, "its path is too long");
    }
    lm_canonical(exhibit->entry, NULL, &line);
    bool ok = lm_buffer_ok(&line);
    if (ok)
        lm_merkle_leaf(line.data, line.size, fact->leaf);
    lm_buffer_free(&line);
    if (!ok)
        return lm_fail_memory(why);
    if ((uint64_t)exhibit->n >= checkpoint.size ||
        !lm_merkle_included(&proof, (uint64_t)exhibit->n, checkpoint.size, fact->leaf,
                            checkpoint.root))
        return lm_fail(why, LM_NOT_INCLUDED, "its path does not lead to its checkpoint's root");
    fact->keeper = lm_commitments_signer(&verdicts->keepers, &checkpoint, verdicts->registry,
                                         verdicts->options.now_s, &fact->signed_s, why);
    fact->log = exhibit->log;
    fact->n = (uint64_t)exhibit->n;
    fact->log_size = checkpoint.size;
    return fact->keeper ? 0 : -1;
}

/* An exhibit is evidence where it is in the log, whatever it is: an order that is not as its sender
 * signed it shows something, too. */
static int take_exhibit(struct lm_verdicts *verdicts, const struct given *item,
                        struct lm_facts *facts, struct lm_error *error) {
    struct lm_record entry = {0};
    struct lm_fact fact = {0};
    struct lm_error why;
    if (!is_signed(verdicts, &item->record, &why))
        return tell_why(verdicts, item, "an exhibit", &why, error);
    if (read_exhibit(verdicts, &item->record.as.exhibit, &entry, &fact, &why) < 0) {
        lm_record_free(&entry);
        return tell_why(verdicts, item, "an exhibit", &why, error);
    }
    int result = lm_fact_check(verdicts->registry, &entry, entry.entry_at_s, &fact.refused, error);
    if (result == 0)
        result = lm_facts_list_add(facts, &entry, &fact, error);
    lm_record_free(&entry);
    return result;
}

static const struct given *find(const struct lm_verdicts *verdicts, enum lm_type type,
                                const char *digest) {
    for (size_t i = 0; i < verdicts->count; i++) {
        if (verdicts->items[i].record.type == type &&
            strcmp(verdicts->items[i].digest, digest) == 0)
            return &verdicts->items[i];
    }
    return NULL;
}

/* The exhibits that a verdict names; what else is there may be another verdict's. */
static int take_exhibits(struct lm_verdicts *verdicts, const struct given *item,
                         struct lm_facts *facts, struct lm_error *error) {
    const struct lm_verdict *verdict = &item->record.as.verdict;
    for (size_t i = 0; i < json_array_size(verdict->exhibits); i++) {
        const char *digest = json_string_value(json_array_get(verdict->exhibits, i));
        const struct given *exhibit = find(verdicts, LM_TYPE_EXHIBIT, digest);
        const char *of = exhibit ? exhibit->record.as.exhibit.claim : NULL;
        if (!of || strcmp(of, verdict->claim) != 0)
            return tell(verdicts, lm_code_word(LM_CODE_EXHIBITS), item,
                        "an exhibit that the verdict names is not there", error);
        if (take_exhibit(verdicts, exhibit, facts, error) < 0)
            return -1;
    }
    return 0;
}

/* The book was exhibited where the orders of somebody else were. */
static bool is_whole(const struct lm_facts *facts, const char *claimant) {
    for (size_t i = 0; i < facts->count; i++) {
        const struct lm_record *record = &facts->items[i].record;
        if (record->type == LM_TYPE_ORDER && strcmp(record->as.order.from, claimant) != 0)
            return true;
    }
    return false;
}

/* Puts the exhibits before the judge. */
static int judge_again(struct lm_verdicts *verdicts, const struct given *item,
                       const struct lm_claim_case *claim, struct lm_facts *facts,
                       struct lm_error *error) {
    const struct lm_verdict *verdict = &item->record.as.verdict;
    struct lm_dispute dispute;
    char text[1024];
    for (size_t i = 0; i < verdicts->terms.count; i++) {
        const struct lm_fact *term = &verdicts->terms.items[i];
        if (term->refused == LM_NONE && lm_facts_list_add(facts, &term->record, term, error) < 0)
            return -1;
    }
    lm_claim_case_dispute(claim, verdicts->registry, &dispute);
    dispute.facts = facts;
    dispute.shown = true;
    dispute.whole = is_whole(facts, dispute.claim->claimant);
    if (lm_dispute_judge(&dispute, error) < 0)
        return -1;
    bool same_party = !dispute.party == !verdict->party &&
                      (!dispute.party || strcmp(dispute.party, verdict->party) == 0);
    if ((int)dispute.result == verdict->result && same_party)
        return 0;
    (void)snprintf(text, sizeof text,
                   "the verdict is %s, and its exhibits by themselves say %s: %s",
                   lm_result_words[verdict->result], lm_result_words[dispute.result], dispute.text);
    return tell(verdicts, lm_code_word(LM_CODE_VERDICT_UNFOUNDED), item, text, error);
}

static int check_verdict(struct lm_verdicts *verdicts, const struct given *item,
                         struct lm_error *error) {
    const struct given *claimed = find(verdicts, LM_TYPE_CLAIM, item->record.as.verdict.claim);
    struct lm_claim_case claim;
    struct lm_facts facts = {0};
    struct lm_error why;
    uint64_t found = verdicts->findings.count;
    if (!is_signed(verdicts, &item->record, &why))
        return tell_why(verdicts, item, "a verdict", &why, error);
    if (!claimed)
        return tell(verdicts, lm_reason_word(LM_MISSING_RECORD), item,
                    "the claim that the verdict answers is not there", error);
    int result = lm_claim_case_start(&claim, &claimed->record, error);
    if (result == 0 &&
        lm_claim_case_open(&claim, verdicts->registry, verdicts->options.now_s, &why) < 0)
        result = tell_why(verdicts, claimed, "a claim", &why, error);
    if (result == 0)
        result = take_exhibits(verdicts, item, &facts, error);
    /* What is not proven is not judged. */
    if (result == 0 && verdicts->findings.count == found)
        result = judge_again(verdicts, item, &claim, &facts, error);
    lm_claim_case_free(&claim);
    lm_facts_list_free(&facts);
    return result;
}

int lm_verdicts_finish(struct lm_verdicts *verdicts, bool *clean, struct lm_error *error) {
    const struct lm_place nowhere = {0};
    size_t met = 0;
    for (size_t i = 0; i < verdicts->count; i++) {
        const struct given *item = &verdicts->items[i];
        if (item->record.type != LM_TYPE_VERDICT || !item->record.as.verdict.claim)
            continue;
        met++;
        if (check_verdict(verdicts, item, error) < 0)
            return -1;
    }
    if (met == 0 && lm_findings_tell(&verdicts->findings, lm_reason_word(LM_MISSING_RECORD), NULL,
                                     &nowhere, 1, "no verdict on a claim is here", error) < 0)
        return -1;
    *clean = verdicts->findings.count == 0;
    return 0;
}
