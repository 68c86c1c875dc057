/* One line of an audit's input, in each of its stages. */
#include <sodium.h>

#include "lib/evidence/audit_state.h"
#include "lib/record/canonical.h"
#include "lib/registry/authority.h"

/* ---- one record by itself, by several threads ---- */

/* What an audit says need not be signed: that of an earlier one may lie among the records. */
static bool is_loose(const struct lm_record *record) {
    return !record->signature.signature &&
           (record->type == LM_TYPE_FINDING || record->type == LM_TYPE_VERDICT ||
            record->type == LM_TYPE_EXHIBIT);
}

/* The leaf of a log's line; one that is no entry stands for itself, and the root will show it. */
static int hash_leaf(struct lm_audit_item *item, const char *text) {
    struct lm_buffer canonical = {0};
    if (!item->parsed || !item->record.wrapped) {
        lm_merkle_leaf(text, item->size, item->leaf);
        return 0;
    }
    lm_canonical(item->record.line, NULL, &canonical);
    bool ok = lm_buffer_ok(&canonical);
    if (ok)
        lm_merkle_leaf(canonical.data, canonical.size, item->leaf);
    lm_buffer_free(&canonical);
    return ok ? 0 : lm_fail_memory(&item->why);
}

static int hash_record(struct lm_audit_item *item) {
    struct lm_buffer canonical = {0};
    lm_record_canonical(&item->record, &canonical);
    bool ok = lm_buffer_ok(&canonical);
    if (ok)
        (void)crypto_hash_sha256(item->digest, (const uint8_t *)canonical.data, canonical.size);
    lm_buffer_free(&canonical);
    return ok ? 0 : lm_fail_memory(&item->why);
}

static void check_signature(struct lm_audit_item *item) {
    const struct lm_audit *audit = item->audit;
    const struct lm_record *record = &item->record;
    if (!lm_type_signable(record->type) || is_loose(record)) {
        item->good = true;
        return;
    }
    int64_t at_s = lm_audit_instant(audit, record);
    item->good = lm_registry_check(audit->registry, record, at_s, &item->signer, &item->why) == 0;
    bool unauthorised = lm_reason_unauthorised(item->why.reason);
    if (item->good || !unauthorised)
        return;
    /* What is said of somebody whom nobody knows is told by the settlement, which then says nothing
     * against those who settled. What nobody has signed as it is says nothing about whoever might
     * have. */
    if (item->signer && item->why.reason == LM_NO_IDENTITY)
        item->good = true;
    else if (!item->signer)
        lm_fail(&item->why, LM_BAD_SIGNATURE,
                "bad signature, or else this could not be signed by that key: %s",
                lm_reason_meaning(item->why.reason));
}

void lm_audit_work(void *context, size_t i) {
    struct lm_audit_item *item = (struct lm_audit_item *)context + i;
    const struct lm_audit *audit = item->audit;
    const char *text = audit->texts.data + item->start;
    if (item->why.reason == LM_NONE)
        item->parsed = lm_record_parse(text, item->size, &item->record, &item->why) == 0;
    if (audit->stage == LM_AUDIT_RECEIPTS) {
        if (item->parsed && item->record.type == LM_TYPE_RECEIPT)
            check_signature(item);
        return;
    }
    /* What is no log shows with its first line only. */
    bool judge = audit->stage == LM_AUDIT_JUDGE;
    bool hashed =
        audit->stage == LM_AUDIT_SURVEY
            ? !item->audited->stream
            : judge && item->audited->log && (audit->receipts.count > 0 || audit->claims.count > 0);
    if (hashed && hash_leaf(item, text) < 0)
        return;
    if (judge && item->parsed && (!item->audited->log || hash_record(item) == 0))
        check_signature(item);
    if (audit->stage == LM_AUDIT_EXCUSE && item->parsed &&
        lm_audit_is_remade_from(item->record.type))
        check_signature(item);
}

/* ---- the same, in the order of lines ---- */

static int survey_item(struct lm_audit *audit, struct lm_audit_item *item, struct lm_error *error) {
    struct lm_audited *audited = item->audited;
    if (lm_reason_exit(item->why.reason) == LM_EXIT_INTERNAL) {
        *error = item->why;
        return -1;
    }
    if (audited->all_lines++ == 0)
        audited->log = !audited->stream && item->parsed && item->record.wrapped;
    if (audited->log) {
        int64_t at_s = item->parsed && item->record.wrapped ? item->record.entry_at_s : LM_ABSENT;
        if (lm_commitments_grow(&audit->commitments, audited, at_s, error) < 0)
            return -1;
        lm_merkle_add(&audited->tree, item->leaf);
    }
    if (!item->parsed) {
        const struct lm_line line = {audit->texts.data + item->start, item->size, item->number};
        audit->options.refuse(audit->options.context, audited->file, &line, &item->why);
        return 0;
    }
    audit->any = true;
    lm_audited_survey(audited, &item->record);
    if (audited->log &&
        (lm_audit_note_kind(audit, audited, &item->record, error) < 0 ||
         lm_audit_note_settled(audit, audited, &item->record, item->number, error) < 0 ||
         lm_claims_survey(&audit->claims, audited, &item->record, item->number, error) < 0))
        return -1;
    return lm_audit_survey(audit, &item->record, audited->name, item->number, error);
}

/* Who is proven to have signed what she may not answers for it, else who took it into a log. */
static const char *find_party(const struct lm_audit *audit, const struct lm_audit_item *item) {
    const char *party =
        item->signer ? item->signer : lm_audited_keeper(item->audited, item->number);
    return lm_reason_by_registry(item->why.reason) ? lm_audit_blame(audit, party) : party;
}

/* What stands in no log where it should is no evidence, but a fee that her own log had excuses who
 * went by it. Nor does anybody answer to a claimant for what is not due yet. */
static bool counts_for_claims(const struct lm_audit_item *item) {
    bool excuses =
        item->record.type == LM_TYPE_NETWORK_FEE && lm_audited_keeper(item->audited, item->number);
    return item->parsed && (!item->stray || excuses) && !item->late;
}

static int judge_item(struct lm_audit *audit, struct lm_audit_item *item, struct lm_error *error) {
    struct lm_audited *audited = item->audited;
    const struct lm_record *record = item->parsed ? &item->record : NULL;
    struct lm_place place = lm_audited_place(audited, item->number, record);
    bool refused = !item->good && lm_reason_exit(item->why.reason) == LM_EXIT_REJECT;
    if (!item->good && !refused) {
        *error = item->why;
        return -1;
    }
    bool known = false;
    if (audited->log && lm_audited_check(audited, item->number, record, item->digest, item->good,
                                         audit->repeats, &known, &audit->findings, error) < 0)
        return -1;
    if (audited->log)
        lm_receipts_see(&audit->receipts, item->number - 1, item->leaf);
    item->late = lm_audit_is_late(audit, item);
    if (lm_audit_stray(audit, item, error) < 0 ||
        lm_claims_see(&audit->claims, audited, item->number,
                      counts_for_claims(item) ? record : NULL,
                      item->good ? LM_NONE : item->why.reason, item->leaf, error) < 0)
        return -1;
    if (item->good)
        return known ? 0 : lm_audit_use(audit, item, error);
    return lm_findings_refuse(&audit->findings, &item->why, find_party(audit, item), &place, error);
}

/* What was told before is not told again. */
static int excuse_item(struct lm_audit *audit, struct lm_audit_item *item, struct lm_error *error) {
    if (item->good)
        return lm_audit_use_again(audit, item, error);
    if (item->why.reason == LM_NONE || lm_reason_exit(item->why.reason) == LM_EXIT_REJECT)
        return 0;
    *error = item->why;
    return -1;
}

/* Whoever signed it does so as the log's keeper; whether that is so shows at the end. */
static int take_receipt(struct lm_audit *audit, const struct lm_audit_item *item,
                        struct lm_error *error) {
    if (!item->parsed || item->record.type != LM_TYPE_RECEIPT)
        return 0;
    if (!item->good && lm_reason_exit(item->why.reason) != LM_EXIT_REJECT) {
        *error = item->why;
        return -1;
    }
    const char *signer = item->good ? lm_audit_signer(audit, &item->record) : item->signer;
    return lm_receipts_add(&audit->receipts, &item->record.as.receipt, signer,
                           item->good ? LM_NONE : item->why.reason, error);
}

int lm_audit_take(struct lm_audit *audit, struct lm_audit_item *item, struct lm_error *error) {
    switch (audit->stage) {
    case LM_AUDIT_SURVEY:
        return survey_item(audit, item, error);
    case LM_AUDIT_RECEIPTS:
        return take_receipt(audit, item, error);
    case LM_AUDIT_JUDGE:
        return judge_item(audit, item, error);
    default:
        return excuse_item(audit, item, error);
    }
}
