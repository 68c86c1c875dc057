#include "lib/evidence/receipts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/crypto/encoding.h"

#define NOBODY UINT32_MAX

struct lm_receipts_row {
    uint64_t n;
    int64_t at_s;
    uint8_t leaf[LM_HASH_SIZE];
    uint32_t log;
    uint32_t signer;
    uint8_t reason; /* enum lm_reason, why it proves nothing */
    bool seen;
};

void lm_receipts_start(struct lm_receipts *receipts) {
    *receipts = (struct lm_receipts){0};
    lm_names_start(&receipts->texts);
}

void lm_receipts_free(struct lm_receipts *receipts) {
    lm_names_free(&receipts->texts);
    free(receipts->rows);
}

int lm_receipts_add(struct lm_receipts *receipts, const struct lm_receipt *receipt,
                    const char *signer, enum lm_reason refused, struct lm_error *error) {
    struct lm_receipts_row row = {.n = (uint64_t)receipt->n,
                                  .at_s = receipt->at_s,
                                  .signer = NOBODY,
                                  .reason = (uint8_t)refused};
    struct lm_receipts_row *rows =
        lm_array_room(receipts->rows, &receipts->room, receipts->count, sizeof *rows, error);
    if (!rows)
        return -1;
    receipts->rows = rows;
    if (!lm_base64url_read(receipt->leaf, row.leaf, sizeof row.leaf))
        return lm_fail(error, LM_DEFECT, "a digest that was checked does not decode");
    if (lm_names_add(&receipts->texts, receipt->log, strlen(receipt->log), &row.log, error) < 0 ||
        (signer && lm_names_add(&receipts->texts, signer, strlen(signer), &row.signer, error) < 0))
        return -1;
    rows[receipts->count++] = row;
    receipts->sorted = false;
    return 0;
}

static int compare_rows(const void *a, const void *b) {
    const struct lm_receipts_row *x = a;
    const struct lm_receipts_row *y = b;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    int leaves = memcmp(x->leaf, y->leaf, sizeof x->leaf);
    if (leaves == 0)
        leaves = (x->log > y->log) - (x->log < y->log);
    if (leaves == 0)
        leaves = (x->signer > y->signer) - (x->signer < y->signer);
    return leaves ? leaves : (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

static bool is_before(const void *row, const void *n) {
    return ((const struct lm_receipts_row *)row)->n < *(const uint64_t *)n;
}

/* The first row that is not before place N. */
static size_t find(const struct lm_receipts *receipts, uint64_t n) {
    return lm_array_lower_bound(receipts->rows, receipts->count, sizeof *receipts->rows, &n,
                                is_before);
}

void lm_receipts_see(struct lm_receipts *receipts, uint64_t n, const uint8_t leaf[LM_HASH_SIZE]) {
    if (receipts->count == 0)
        return;
    if (!receipts->sorted)
        qsort(receipts->rows, receipts->count, sizeof *receipts->rows, compare_rows);
    receipts->sorted = true;
    for (size_t i = find(receipts, n); i < receipts->count && receipts->rows[i].n == n; i++) {
        if (memcmp(receipts->rows[i].leaf, leaf, LM_HASH_SIZE) == 0)
            receipts->rows[i].seen = true;
    }
}

/* The log of a receipt, by the name that its checkpoints or its file have. */
static const struct lm_audited *find_log(const char *name, struct lm_audited *const *inputs,
                                         size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (inputs[i]->log && strcmp(inputs[i]->name, name) == 0)
            return inputs[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (inputs[i]->log && lm_audited_called(inputs[i], name))
            return inputs[i];
    }
    return NULL;
}

/* Whether the log's keeper has signed that there is no such entry: for another one in its place, or
 * later for a log that ends before it. A copy of before says nothing. */
static bool is_denied(const struct lm_receipts_row *row, const struct lm_audited *log) {
    return log->keeper &&
           (row->n < log->committed || log->contradicted || log->signed_s > row->at_s);
}

static int judge(const struct lm_receipts *receipts, const struct lm_receipts_row *row,
                 struct lm_audited *const *inputs, size_t count, struct lm_findings *findings,
                 struct lm_error *error) {
    const char *name = lm_names_text(&receipts->texts, row->log);
    const char *signer =
        row->signer == NOBODY ? NULL : lm_names_text(&receipts->texts, row->signer);
    const struct lm_audited *log = find_log(name, inputs, count);
    const struct lm_place place = {name, row->n + 1};
    const char *party = signer;
    const char *code = lm_code_word(LM_CODE_RECEIPT_MISSING);
    char text[512];
    if (row->reason != LM_NONE) {
        code = lm_reason_word((enum lm_reason)row->reason);
        (void)snprintf(text, sizeof text, "a receipt for entry %llu of %.200s proves nothing: %s",
                       (unsigned long long)row->n, name,
                       lm_reason_meaning((enum lm_reason)row->reason));
    } else if (!log) {
        party = NULL;
        code = lm_code_word(LM_CODE_RECEIPT_UNKNOWN);
        (void)snprintf(text, sizeof text,
                       "%s signed a receipt for entry %llu of %.200s, a log that is not here",
                       signer, (unsigned long long)row->n, name);
    } else if (log->keeper && strcmp(log->keeper, signer) != 0) {
        code = lm_code_word(LM_CODE_RECEIPT_FOREIGN);
        (void)snprintf(text, sizeof text,
                       "%s signed a receipt for entry %llu of %.200s, which %s keeps", signer,
                       (unsigned long long)row->n, name, log->keeper);
    } else if (!is_denied(row, log)) {
        party = NULL;
        (void)snprintf(text, sizeof text,
                       "%s signed a receipt for entry %llu of %.200s, which is not here, nor any "
                       "later checkpoint that says that there is none",
                       signer, (unsigned long long)row->n, name);
    } else {
        (void)snprintf(text, sizeof text,
                       "%s signed a receipt for entry %llu of %.200s, which is not that entry",
                       signer, (unsigned long long)row->n, name);
    }
    return lm_findings_tell(findings, code, party, &place, 1, text, error);
}

int lm_receipts_finish(struct lm_receipts *receipts, struct lm_audited *const *inputs, size_t count,
                       struct lm_findings *findings, struct lm_error *error) {
    if (receipts->count > 0)
        qsort(receipts->rows, receipts->count, sizeof *receipts->rows, compare_rows);
    for (size_t i = 0; i < receipts->count; i++) {
        const struct lm_receipts_row *row = &receipts->rows[i];
        /* The same one twice is one. */
        if (row->seen || (i > 0 && compare_rows(row, &receipts->rows[i - 1]) == 0))
            continue;
        if (judge(receipts, row, inputs, count, findings, error) < 0)
            return -1;
    }
    return 0;
}
