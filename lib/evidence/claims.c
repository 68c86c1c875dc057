#include "lib/evidence/claims.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/evidence/prover.h"
#include "lib/record/reject.h"

/* An entry that a claim may point at, as the log's name is not known yet. */
struct sight {
    const struct lm_audited *audited;
    uint64_t n;
    struct lm_period period;
};

struct lm_claims_case {
    struct lm_claim_case claim;
    bool refused;
    const char *file;
    uint64_t line;
    struct lm_buffer text;
    struct sight *sights;
    size_t sight_count;
    size_t sight_room;
    struct lm_period *periods; /* that it may be about */
    size_t period_count;
};

struct lm_claims_log {
    const struct lm_audited *audited;
    struct lm_prover prover;
    const char *checkpoint; /* borrowed */
    size_t checkpoint_size;
    int64_t signed_s;
};

void lm_claims_free(struct lm_claims *claims) {
    for (size_t i = 0; i < claims->count; i++) {
        lm_claim_case_free(&claims->cases[i].claim);
        lm_buffer_free(&claims->cases[i].text);
        free(claims->cases[i].sights);
        free(claims->cases[i].periods);
    }
    for (size_t i = 0; i < claims->log_count; i++)
        lm_prover_free(&claims->logs[i].prover);
    lm_facts_list_free(&claims->facts);
    free(claims->cases);
    free(claims->logs);
    *claims = (struct lm_claims){0};
}

int lm_claims_add(struct lm_claims *claims, const struct lm_record *record, const char *file,
                  const struct lm_line *line, struct lm_error *error) {
    if (record->type != LM_TYPE_CLAIM)
        return 0;
    struct lm_claims_case *cases =
        lm_array_room(claims->cases, &claims->room, claims->count, sizeof *cases, error);
    if (!cases)
        return -1;
    claims->cases = cases;
    struct lm_claims_case *item = &cases[claims->count++];
    *item = (struct lm_claims_case){.file = file, .line = line->number};
    lm_buffer_bytes(&item->text, line->data, line->size);
    if (!lm_buffer_ok(&item->text))
        return lm_fail_memory(error);
    if (lm_claim_case_start(&item->claim, record, error) < 0)
        return -1;
    /* The same claim again is answered once. */
    for (size_t i = 0; i + 1 < claims->count; i++) {
        if (strcmp(cases[i].claim.digest, item->claim.digest) == 0)
            item->refused = true;
    }
    return 0;
}

/* ---- what they are about ---- */

static bool points_at(const struct lm_claims_case *item, uint64_t n) {
    const struct lm_claim *claim = &item->claim.record.as.claim;
    for (size_t i = 0; i < json_array_size(claim->entries); i++) {
        const json_t *reference = json_array_get(claim->entries, i);
        if ((uint64_t)json_integer_value(json_object_get(reference, "n")) == n)
            return true;
    }
    return item->claim.receipt.line && (uint64_t)item->claim.receipt.as.receipt.n == n;
}

int lm_claims_survey(struct lm_claims *claims, const struct lm_audited *audited,
                     const struct lm_record *record, uint64_t number, struct lm_error *error) {
    for (size_t i = 0; i < claims->count; i++) {
        struct lm_claims_case *item = &claims->cases[i];
        struct sight sight = {.audited = audited, .n = number - 1};
        const char *market = NULL;
        struct lm_month month = {0};
        if (!points_at(item, number - 1))
            continue;
        lm_dispute_subject(record, &market, &sight.period, &month);
        if (!sight.period.minutes)
            continue;
        struct sight *sights = lm_array_room(item->sights, &item->sight_room, item->sight_count,
                                             sizeof *sights, error);
        if (!sights)
            return -1;
        item->sights = sights;
        sights[item->sight_count++] = sight;
    }
    return 0;
}

static bool is_pointed_at(const struct lm_claims_case *item, const char *log, uint64_t n) {
    const struct lm_receipt *receipt =
        item->claim.receipt.line ? &item->claim.receipt.as.receipt : NULL;
    return lm_dispute_refers(&item->claim.record.as.claim, receipt, log, n);
}

static int find_periods(struct lm_claims_case *item, struct lm_error *error) {
    const struct lm_claim *claim = &item->claim.record.as.claim;
    const char *market;
    struct lm_month month;
    struct lm_period period = {0};
    item->periods = calloc(item->sight_count + 2, sizeof *item->periods);
    if (!item->periods)
        return lm_fail_memory(error);
    if (claim->period.minutes)
        item->periods[item->period_count++] = claim->period;
    if (item->claim.own.line)
        lm_dispute_subject(&item->claim.own, &market, &period, &month);
    if (period.minutes)
        item->periods[item->period_count++] = period;
    for (size_t i = 0; i < item->sight_count; i++) {
        const struct sight *sight = &item->sights[i];
        if (sight->audited->keeper && is_pointed_at(item, sight->audited->name, sight->n))
            item->periods[item->period_count++] = sight->period;
    }
    return 0;
}

int lm_claims_open(struct lm_claims *claims, const struct lm_registry *registry,
                   const struct lm_commitments *commitments, int64_t now_s,
                   void (*refuse)(void *context, const char *file, const struct lm_line *line,
                                  const struct lm_error *why),
                   void *context, struct lm_error *error) {
    claims->registry = registry;
    claims->commitments = commitments;
    for (size_t i = 0; i < claims->count; i++) {
        struct lm_claims_case *item = &claims->cases[i];
        if (item->refused)
            continue;
        if (lm_claim_case_open(&item->claim, registry, now_s, error) == 0) {
            if (find_periods(item, error) < 0)
                return -1;
            continue;
        }
        if (lm_reason_exit(error->reason) != LM_EXIT_REJECT)
            return -1;
        const struct lm_line line = {item->text.data, item->text.size, item->line};
        item->refused = true;
        refuse(context, item->file, &line, error);
    }
    return 0;
}

/* ---- what is collected ---- */

static bool is_about(const struct lm_claims_case *item, struct lm_period period) {
    for (size_t i = 0; i < item->period_count; i++) {
        if (item->periods[i].start_s == period.start_s &&
            item->periods[i].minutes == period.minutes)
            return true;
    }
    return false;
}

static bool wants_term(const struct lm_record *record, const char *claimant) {
    const struct lm_identity *identity = &record->as.identity;
    if (record->type == LM_TYPE_CONTRACT)
        return strcmp(record->as.contract.user, claimant) == 0;
    if (record->type != LM_TYPE_IDENTITY)
        return true;
    if (identity->role == LM_ROLE_USER)
        return strcmp(identity->id, claimant) == 0;
    if (identity->role == LM_ROLE_METER)
        return identity->user && strcmp(identity->user, claimant) == 0;
    return identity->role == LM_ROLE_SUPPLIER || identity->role == LM_ROLE_DSO ||
           identity->role == LM_ROLE_TSO || identity->role == LM_ROLE_MARKET;
}

/* What the claimant's kind of claim is judged by, see the table in dispute.c. */
static bool wants_record(const struct lm_claims *claims, const struct lm_claims_case *item,
                         const struct lm_record *record) {
    const struct lm_claim *claim = &item->claim.record.as.claim;
    bool book = lm_dispute_needs_book((enum lm_claim_kind)claim->kind);
    bool supply = lm_dispute_needs_supply((enum lm_claim_kind)claim->kind);
    bool bill = claim->kind == LM_CLAIM_BILL;
    const char *market;
    struct lm_period period = {0};
    struct lm_month month;
    lm_dispute_subject(record, &market, &period, &month);
    if (record->type == LM_TYPE_ORDER || record->type == LM_TYPE_CLEARING)
        return book && is_about(item, period);
    if (!lm_dispute_concerns(claims->registry, record, claim->claimant))
        return false;
    switch (record->type) {
    case LM_TYPE_TRADE:
        return bill || is_about(item, period);
    case LM_TYPE_READING:
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        return supply && (bill || is_about(item, period));
    case LM_TYPE_BILL:
        return bill;
    default:
        return false;
    }
}

/* A receipt for what is not there, or for an order that its keeper says was never there. */
static bool wants_entry(const struct lm_claims_case *item, const struct lm_audited *audited,
                        const struct lm_record *record, enum lm_reason refused, uint64_t n) {
    const struct lm_claim *claim = &item->claim.record.as.claim;
    const struct lm_receipt *receipt =
        item->claim.receipt.line ? &item->claim.receipt.as.receipt : NULL;
    if (receipt && strcmp(receipt->log, audited->name) == 0 &&
        (n == (uint64_t)receipt->n ||
         ((uint64_t)receipt->n >= audited->committed && n + 1 == audited->committed)))
        return true;
    return lm_fact_is_foreign(refused) && record->type == LM_TYPE_ORDER &&
           claim->kind == LM_CLAIM_ALTERED && strcmp(record->as.order.from, claim->claimant) == 0;
}

static bool is_wanted(const struct lm_claims *claims, const struct lm_audited *audited,
                      const struct lm_record *record, enum lm_reason refused, bool committed,
                      uint64_t n) {
    for (size_t i = 0; i < claims->count; i++) {
        const struct lm_claims_case *item = &claims->cases[i];
        const struct lm_claim *claim = &item->claim.record.as.claim;
        if (item->refused)
            continue;
        if (refused == LM_NONE && lm_fact_is_term(record->type) &&
            wants_term(record, claim->claimant))
            return true;
        if (!committed)
            continue;
        if (wants_entry(item, audited, record, refused, n))
            return true;
        if (refused == LM_NONE &&
            (wants_record(claims, item, record) ||
             (is_pointed_at(item, audited->name, n) &&
              lm_dispute_concerns(claims->registry, record, claim->claimant))))
            return true;
    }
    return false;
}

/* The log that an input is; its number where its keeper has signed for it, else SIZE_MAX. */
static int find_log(struct lm_claims *claims, const struct lm_audited *audited, size_t *number,
                    struct lm_error *error) {
    struct lm_claims_log log = {.audited = audited};
    *number = SIZE_MAX;
    if (!audited->log || !audited->keeper)
        return 0;
    for (size_t i = 0; i < claims->log_count; i++) {
        if (claims->logs[i].audited == audited)
            *number = i;
    }
    if (*number != SIZE_MAX || !lm_commitments_newest(claims->commitments, audited, &log.checkpoint,
                                                      &log.checkpoint_size, &log.signed_s))
        return 0;
    struct lm_claims_log *logs =
        lm_array_room(claims->logs, &claims->log_room, claims->log_count, sizeof *logs, error);
    if (!logs)
        return -1;
    claims->logs = logs;
    lm_prover_start(&log.prover, audited->committed);
    *number = claims->log_count;
    logs[claims->log_count++] = log;
    return 0;
}

int lm_claims_see(struct lm_claims *claims, const struct lm_audited *audited, uint64_t number,
                  const struct lm_record *record, enum lm_reason refused,
                  const uint8_t leaf[LM_HASH_SIZE], struct lm_error *error) {
    size_t place;
    if (claims->count == 0)
        return 0;
    if (find_log(claims, audited, &place, error) < 0)
        return -1;
    struct lm_claims_log *log = place == SIZE_MAX ? NULL : &claims->logs[place];
    uint64_t n = number - 1;
    bool committed = log && number <= audited->committed && record && record->wrapped;
    struct lm_fact fact = {.n = n, .refused = refused, .source = SIZE_MAX};
    if (record && is_wanted(claims, audited, record, refused, committed, n)) {
        if (committed) {
            fact.log = audited->name;
            fact.keeper = audited->keeper;
            fact.log_size = audited->committed;
            fact.signed_s = log->signed_s;
            fact.source = place;
            memcpy(fact.leaf, leaf, sizeof fact.leaf);
            if (lm_prover_want(&log->prover, &fact.number, error) < 0)
                return -1;
        }
        if (lm_facts_list_add(&claims->facts, record, &fact, error) < 0)
            return -1;
    }
    if (log)
        lm_prover_add(&log->prover, leaf);
    return 0;
}

/* ---- the answers ---- */

static json_t *path_of(const struct lm_merkle_proof *proof) {
    json_t *path = json_array();
    for (size_t i = 0; i < proof->count; i++) {
        char hash[LM_DIGEST_TEXT_SIZE];
        lm_digest_text(proof->hashes[i], hash);
        if (json_array_append_new(path, json_string(hash)) < 0) {
            json_decref(path);
            return NULL;
        }
    }
    return path;
}

/* The exhibit of a fact: it borrows the fact's entry and owns its path. */
static int make_exhibit(const struct lm_claims *claims, const struct lm_fact *fact,
                        const char *digest, struct lm_buffer *note, struct lm_exhibit *exhibit,
                        struct lm_error *error) {
    const struct lm_claims_log *log = &claims->logs[fact->source];
    struct lm_merkle_proof proof;
    lm_prover_proof(&log->prover, fact->number, &proof);
    lm_buffer_reset(note);
    lm_buffer_bytes(note, log->checkpoint, log->checkpoint_size);
    lm_buffer_byte(note, '\0');
    *exhibit = (struct lm_exhibit){.checkpoint = note->data,
                                   .claim = digest,
                                   .entry = fact->record.line,
                                   .log = fact->log,
                                   .n = (int64_t)fact->n,
                                   .path = path_of(&proof)};
    if (exhibit->path && lm_buffer_ok(note))
        return 0;
    json_decref(exhibit->path);
    return lm_fail_memory(error);
}

static int add_digest(json_t *exhibits, const struct lm_exhibit *exhibit, struct lm_error *error) {
    char digest[LM_DIGEST_TEXT_SIZE];
    struct lm_buffer line = {0};
    lm_record_write(LM_TYPE_EXHIBIT, exhibit, &line);
    bool ok = lm_buffer_ok(&line);
    if (ok) {
        lm_digest_of(line.data, line.size, digest);
        ok = json_array_append_new(exhibits, json_string(digest)) == 0;
    }
    lm_buffer_free(&line);
    return ok ? 0 : lm_fail_memory(error);
}

struct telling {
    int (*tell)(void *context, enum lm_type type, const union lm_body *body,
                struct lm_error *error);
    void *context;
    json_t *digests; /* NULL while the exhibits are told */
};

/* Once for the digests, which the verdict names, once for the exhibits behind it. */
static int each_exhibit(const struct lm_claims *claims, const char *digest,
                        const struct telling *telling, struct lm_error *error) {
    struct lm_buffer note = {0};
    size_t count = 0;
    int result = 0;
    for (size_t i = 0; i < claims->facts.count && result == 0; i++) {
        const struct lm_fact *fact = &claims->facts.items[i];
        union lm_body body;
        if (!fact->used || !fact->log || count == LM_EXHIBITS_MAX)
            continue;
        count++;
        result = make_exhibit(claims, fact, digest, &note, &body.exhibit, error);
        if (result < 0)
            break;
        result = telling->digests ? add_digest(telling->digests, &body.exhibit, error)
                                  : telling->tell(telling->context, LM_TYPE_EXHIBIT, &body, error);
        json_decref(body.exhibit.path);
    }
    lm_buffer_free(&note);
    return result;
}

static int answer(struct lm_claims *claims, const struct lm_claims_case *item, bool blame,
                  struct telling *telling, bool *upheld, struct lm_error *error) {
    struct lm_dispute dispute;
    struct lm_buffer text = {0};
    union lm_body body;
    lm_claim_case_dispute(&item->claim, claims->registry, &dispute);
    dispute.facts = &claims->facts;
    dispute.whole = true;
    if (lm_dispute_judge(&dispute, error) < 0)
        return -1;
    *upheld = *upheld || dispute.result == LM_RESULT_UPHELD;
    lm_text_clean(dispute.text, strlen(dispute.text), &text);
    lm_buffer_byte(&text, '\0');
    telling->digests = json_array();
    int result = telling->digests && lm_buffer_ok(&text) ? 0 : lm_fail_memory(error);
    if (result == 0)
        result = each_exhibit(claims, item->claim.digest, telling, error);
    if (result == 0) {
        lm_record_clear(LM_TYPE_VERDICT, &body);
        body.verdict = (struct lm_verdict){.claim = item->claim.digest,
                                           .exhibits = telling->digests,
                                           .party = blame ? dispute.party : NULL,
                                           .result = (int)dispute.result,
                                           .text = text.data};
        result = telling->tell(telling->context, LM_TYPE_VERDICT, &body, error);
    }
    json_decref(telling->digests);
    telling->digests = NULL;
    lm_buffer_free(&text);
    return result < 0 ? -1 : each_exhibit(claims, item->claim.digest, telling, error);
}

int lm_claims_answer(struct lm_claims *claims, bool blame,
                     int (*tell)(void *context, enum lm_type type, const union lm_body *body,
                                 struct lm_error *error),
                     void *context, bool *upheld, struct lm_error *error) {
    struct telling telling = {tell, context, NULL};
    *upheld = false;
    for (size_t i = 0; i < claims->count; i++) {
        if (!claims->cases[i].refused &&
            answer(claims, &claims->cases[i], blame, &telling, upheld, error) < 0)
            return -1;
    }
    return 0;
}
