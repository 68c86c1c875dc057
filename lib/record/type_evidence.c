#include "lib/record/schemas.h"

const char *const lm_result_words[] = {"clean",   "findings",    "upheld",
                                       "refuted", "undecidable", NULL};
const char *const lm_claim_words[] = {"consumed_less", "sold_more", "price", "left_out",
                                      "altered",       "bill",      NULL};

static const struct lm_member entry_reference_rows[] = {
    LM_ROW(struct lm_entry_reference, "log", TEXT, LM_OPTIONAL, log,
           "the log, by its checkpoint's origin"),
    LM_ROW(struct lm_entry_reference, "n", COUNT, 0, n,
           "the entry's number, or the line where there is no log"),
};
const struct lm_members lm_entry_reference_members =
    LM_MEMBERS(entry_reference_rows, struct lm_entry_reference);

static const struct lm_member entry_rows[] = {
    LM_ROW(struct lm_entry, "at", INSTANT, 0, at_s, "when the log took it in"),
    LM_ROW(struct lm_entry, "n", COUNT, 0, n, "its number, from 0"),
    LM_ROW(struct lm_entry, "record", JSON, 0, record, "the record, with its signature"),
};
static const struct lm_members lm_entry_members = LM_MEMBERS(entry_rows, struct lm_entry);

const struct lm_schema lm_entry_schema = {
    .name = "entry", .members = &lm_entry_members, .meaning = "A record in a log."};

static const struct lm_member receipt_rows[] = {
    LM_ROW(struct lm_receipt, "at", INSTANT, 0, at_s, "when the log took it in"),
    LM_ROW(struct lm_receipt, "leaf", DIGEST, 0, leaf, "the leaf hash of the entry"),
    LM_ROW(struct lm_receipt, "log", TEXT, 0, log, "the log, by its checkpoint's origin"),
    LM_ROW(struct lm_receipt, "n", COUNT, 0, n, "the entry's number"),
};
static const struct lm_members lm_receipt_members = LM_MEMBERS(receipt_rows, struct lm_receipt);

const struct lm_schema lm_receipt_schema = {
    .name = "receipt",
    .members = &lm_receipt_members,
    .meaning = "The promise of a log's keeper that an entry is in it."};

static const struct lm_member claim_rows[] = {
    LM_ROW(struct lm_claim, "claimant", ID, 0, claimant, "who claims"),
    LM_OBJECT_ROW(struct lm_claim, "entries", LM_LIST, entries, lm_entry_reference_members,
                  "what the claim is about"),
    LM_WORD_ROW(struct lm_claim, "kind", 0, kind, lm_claim_words, "what is claimed"),
    LM_ROW(struct lm_claim, "month", MONTH, LM_OPTIONAL, month, "the month of the bill"),
    LM_ROW(struct lm_claim, "period", PERIOD, LM_OPTIONAL, period,
           "the period that the claim is about"),
    LM_ROW(struct lm_claim, "receipt", JSON, LM_OPTIONAL, receipt,
           "the receipt for what is missing"),
    LM_ROW(struct lm_claim, "record", JSON, LM_OPTIONAL, record,
           "what the claimant holds: her signed order, or what somebody else has signed"),
    LM_ROW(struct lm_claim, "text", TEXT, LM_OPTIONAL, text, "in the claimant's words"),
};
static const struct lm_members lm_claim_members = LM_MEMBERS(claim_rows, struct lm_claim);

const struct lm_schema lm_claim_schema = {
    .name = "claim",
    .members = &lm_claim_members,
    .meaning = "A dispute, opened by somebody who thinks herself wronged."};

static const struct lm_member finding_rows[] = {
    LM_ROW(struct lm_finding, "code", TEXT, 0, code, "what is wrong, a fixed word"),
    LM_OBJECT_ROW(struct lm_finding, "entries", LM_LIST, entries, lm_entry_reference_members,
                  "the entries concerned"),
    LM_ROW(struct lm_finding, "party", ID, LM_NULLABLE, party,
           "who is at fault; null where that cannot be told"),
    LM_ROW(struct lm_finding, "text", TEXT, 0, text, "a sentence for people"),
};
static const struct lm_members lm_finding_members = LM_MEMBERS(finding_rows, struct lm_finding);

const struct lm_schema lm_finding_schema = {.name = "finding",
                                            .members = &lm_finding_members,
                                            .meaning =
                                                "Something that an audit found to be wrong."};

static const struct lm_member verdict_rows[] = {
    LM_ROW(struct lm_verdict, "claim", DIGEST, LM_OPTIONAL, claim,
           "digest of the claim that it answers"),
    LM_ROW(struct lm_verdict, "exhibits", DIGEST, LM_LIST, exhibits,
           "digests of the exhibits that follow, each without sig"),
    LM_ROW(struct lm_verdict, "part", COUNT, LM_OPTIONAL, part,
           "where more exhibits answer a claim than one record can name: which part of the answer "
           "this is, from 1"),
    LM_ROW(struct lm_verdict, "parts", COUNT, LM_OPTIONAL, parts,
           "and of how many; the parts say the same, each with its own share of the exhibits"),
    LM_ROW(struct lm_verdict, "party", ID, LM_OPTIONAL, party, "who is at fault"),
    LM_WORD_ROW(struct lm_verdict, "result", 0, result, lm_result_words,
                "clean or findings for an audit; upheld, refuted or undecidable for a claim"),
    LM_ROW(struct lm_verdict, "text", TEXT, LM_OPTIONAL, text, "a sentence for people: why"),
};
static const struct lm_members lm_verdict_members = LM_MEMBERS(verdict_rows, struct lm_verdict);

static int check_verdict(const union lm_body *body, struct lm_error *error) {
    const struct lm_verdict *verdict = &body->verdict;
    bool in_parts = verdict->part != LM_ABSENT;
    if (in_parts != (verdict->parts != LM_ABSENT))
        return lm_fail(error, LM_BAD_MEMBER, "part and parts come together");
    if (!in_parts)
        return 0;
    if (!verdict->claim)
        return lm_fail(error, LM_BAD_MEMBER, "only the answer to a claim comes in parts");
    if (verdict->part < 1 || verdict->part > verdict->parts)
        return lm_fail(error, LM_BAD_MEMBER, "part is from 1 to parts");
    return 0;
}

const struct lm_schema lm_verdict_schema = {.name = "verdict",
                                            .members = &lm_verdict_members,
                                            .check = check_verdict,
                                            .meaning =
                                                "The end of an audit, or the answer to a claim."};

static const struct lm_member exhibit_rows[] = {
    LM_ROW(struct lm_exhibit, "checkpoint", TEXT, 0, checkpoint,
           "the signed checkpoint that the path leads to"),
    LM_ROW(struct lm_exhibit, "claim", DIGEST, LM_OPTIONAL, claim, "digest of the claim"),
    LM_ROW(struct lm_exhibit, "entry", JSON, 0, entry, "the entry"),
    LM_ROW(struct lm_exhibit, "log", TEXT, 0, log, "the log, by its checkpoint's origin"),
    LM_ROW(struct lm_exhibit, "n", COUNT, 0, n, "the entry's number"),
    LM_ROW(struct lm_exhibit, "path", DIGEST, LM_LIST, path, "inclusion proof, from the leaf up"),
};
static const struct lm_members lm_exhibit_members = LM_MEMBERS(exhibit_rows, struct lm_exhibit);

const struct lm_schema lm_exhibit_schema = {.name = "exhibit",
                                            .members = &lm_exhibit_members,
                                            .meaning = "An entry with its proof of inclusion."};
