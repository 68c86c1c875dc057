#include "lib/evidence/claim.h"

#include <stdio.h>
#include <string.h>

#include "lib/crypto/jws.h"

int lm_record_digest(const struct lm_record *record, bool with_signature,
                     char digest[LM_DIGEST_TEXT_SIZE], struct lm_error *error) {
    struct lm_buffer line = {0};
    if (with_signature)
        lm_record_canonical(record, &line);
    else
        lm_record_payload(record, &line);
    bool ok = lm_buffer_ok(&line);
    if (ok)
        lm_digest_of(line.data, line.size, digest);
    lm_buffer_free(&line);
    return ok ? 0 : lm_fail_memory(error);
}

/* What is no record, or another one than it should be, is not there. */
static int read_part(json_t *json, struct lm_record *part, bool receipt, struct lm_error *error) {
    struct lm_error why;
    *part = (struct lm_record){0};
    if (!json)
        return 0;
    if (lm_record_from_json(json, part, &why) < 0) {
        *part = (struct lm_record){0};
        if (lm_reason_exit(why.reason) == LM_EXIT_REJECT)
            return 0;
        *error = why;
        return -1;
    }
    if (part->wrapped || (part->type == LM_TYPE_RECEIPT) != receipt) {
        lm_record_free(part);
        *part = (struct lm_record){0};
    }
    return 0;
}

int lm_claim_case_start(struct lm_claim_case *claim, const struct lm_record *record,
                        struct lm_error *error) {
    *claim = (struct lm_claim_case){0};
    if (lm_record_from_json(record->line, &claim->record, error) < 0 ||
        read_part(claim->record.as.claim.receipt, &claim->receipt, true, error) < 0 ||
        read_part(claim->record.as.claim.record, &claim->own, false, error) < 0 ||
        lm_references_read(&claim->record.as.claim, &claim->references, error) < 0)
        return -1;
    return lm_record_digest(&claim->record, true, claim->digest, error);
}

void lm_claim_case_free(struct lm_claim_case *claim) {
    lm_record_free(&claim->record);
    lm_record_free(&claim->receipt);
    lm_record_free(&claim->own);
    lm_references_free(&claim->references);
}

/* Fails only where checking does; a record that is not signed as it should be is freed. */
static int check_part(struct lm_record *part, const struct lm_registry *registry, int64_t now_s,
                      struct lm_error *error) {
    struct lm_error why;
    const char *signer;
    if (!part->line ||
        lm_registry_check(registry, part, lm_registry_signed_at(registry, part, now_s), &signer,
                          &why) == 0)
        return 0;
    if (lm_reason_exit(why.reason) != LM_EXIT_REJECT) {
        *error = why;
        return -1;
    }
    lm_record_free(part);
    *part = (struct lm_record){0};
    return 0;
}

/* The receipt has been checked: it has a signer. */
static int find_keeper(struct lm_claim_case *claim, const struct lm_registry *registry,
                       int64_t now_s, struct lm_error *error) {
    struct lm_registered keeper;
    char kid[LM_DIGEST_TEXT_SIZE];
    if (!claim->receipt.line)
        return 0;
    if (lm_jws_kid(&claim->receipt.signature, kid, error) < 0 ||
        lm_registry_signer(registry, kid, NULL,
                           lm_registry_signed_at(registry, &claim->receipt, now_s), &keeper,
                           error) < 0)
        return -1;
    (void)snprintf(claim->receipt_by, sizeof claim->receipt_by, "%s", keeper.id);
    return 0;
}

int lm_claim_case_open(struct lm_claim_case *claim, const struct lm_registry *registry,
                       int64_t now_s, struct lm_error *error) {
    const char *signer;
    int64_t at_s = claim->record.wrapped ? claim->record.entry_at_s : now_s;
    if (lm_registry_check(registry, &claim->record, at_s, &signer, error) < 0 ||
        check_part(&claim->receipt, registry, now_s, error) < 0 ||
        check_part(&claim->own, registry, now_s, error) < 0 ||
        find_keeper(claim, registry, now_s, error) < 0)
        return -1;
    /* Of what is not hers nobody learns by showing it. */
    if (claim->own.line &&
        !lm_dispute_concerns(registry, &claim->own, claim->record.as.claim.claimant)) {
        lm_record_free(&claim->own);
        claim->own = (struct lm_record){0};
    }
    return 0;
}

void lm_claim_case_dispute(const struct lm_claim_case *claim, const struct lm_registry *registry,
                           struct lm_dispute *dispute) {
    *dispute = (struct lm_dispute){
        .registry = registry,
        .claim = &claim->record.as.claim,
        .references = &claim->references,
        .receipt = claim->receipt.line ? &claim->receipt.as.receipt : NULL,
        .receipt_by = claim->receipt_by,
        .own = claim->own.line ? &claim->own : NULL,
    };
}
