/* The answers to claims: each a verdict, in parts where need be, with the exhibits behind it. */
#include <string.h>

#include "lib/evidence/claims_state.h"
#include "lib/evidence/exhibit.h"
#include "lib/record/reject.h"

/* The exhibit of a fact: it borrows the fact's entry and owns its path. */
static int make_exhibit(const struct lm_claims *claims, const struct lm_fact *fact,
                        const char *digest, struct lm_buffer *note, struct lm_exhibit *exhibit,
                        struct lm_error *error) {
    const struct lm_claims_log *log = &claims->logs[fact->source];
    struct lm_merkle_proof proof;
    lm_prover_proof(&log->prover, fact->number, &proof);
    *exhibit = (struct lm_exhibit){
        .claim = digest, .entry = fact->record.line, .log = fact->log, .n = (int64_t)fact->n};
    return lm_exhibit_prove(exhibit, &proof, log->checkpoint, log->checkpoint_size, note, error);
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

/* Of the facts from FIRST on: once for the digests, which the verdict names, once for the exhibits
 * behind it. */
static int each_exhibit(const struct lm_claims *claims, const struct lm_view *shown, size_t first,
                        const char *digest, const struct telling *telling, struct lm_error *error) {
    struct lm_buffer note = {0};
    int result = 0;
    for (size_t i = first; i < shown->count && i - first < claims->exhibits_max && result == 0;
         i++) {
        union lm_body body;
        result = make_exhibit(claims, shown->items[i], digest, &note, &body.exhibit, error);
        if (result < 0)
            break;
        result = telling->digests ? add_digest(telling->digests, &body.exhibit, error)
                                  : telling->tell(telling->context, LM_TYPE_EXHIBIT, &body, error);
        json_decref(body.exhibit.path);
    }
    lm_buffer_free(&note);
    return result;
}

/* One part, or all of it: VERDICT with the exhibits of the facts from FIRST on. */
static int tell_part(const struct lm_claims *claims, const struct lm_view *shown, size_t first,
                     const struct lm_verdict *verdict, struct telling *telling,
                     struct lm_error *error) {
    union lm_body body = {.verdict = *verdict};
    telling->digests = json_array();
    if (!telling->digests)
        return lm_fail_memory(error);
    int result = each_exhibit(claims, shown, first, verdict->claim, telling, error);
    body.verdict.exhibits = telling->digests;
    if (result == 0)
        result = telling->tell(telling->context, LM_TYPE_VERDICT, &body, error);
    json_decref(telling->digests);
    telling->digests = NULL;
    return result < 0 ? -1 : each_exhibit(claims, shown, first, verdict->claim, telling, error);
}

static int tell_parts(const struct lm_claims *claims, const struct lm_view *shown,
                      struct lm_verdict *verdict, struct telling *telling, struct lm_error *error) {
    size_t max = claims->exhibits_max;
    size_t parts = shown->count > max ? (shown->count + max - 1) / max : 1;
    for (size_t i = 0; i < parts; i++) {
        if (parts > 1) {
            verdict->part = (int64_t)i + 1;
            verdict->parts = (int64_t)parts;
        }
        if (tell_part(claims, shown, i * max, verdict, telling, error) < 0)
            return -1;
    }
    return 0;
}

/* What the answer rests on and can be shown of it. */
static int find_shown(const struct lm_view *view, struct lm_view *shown, struct lm_error *error) {
    for (size_t i = 0; i < view->count; i++) {
        struct lm_fact *fact = view->items[i];
        if (fact->used && fact->log && lm_view_add(shown, fact, error) < 0)
            return -1;
    }
    return 0;
}

static int answer(struct lm_claims *claims, const struct lm_claims_case *item, bool blame,
                  struct telling *telling, bool *upheld, struct lm_error *error) {
    struct lm_dispute dispute;
    struct lm_view view = {0};
    struct lm_view shown = {0};
    struct lm_buffer text = {0};
    union lm_body body;
    lm_claim_case_dispute(&item->claim, claims->registry, &dispute);
    dispute.view = &view;
    dispute.whole = true;
    int result = lm_claims_view(claims, item, &view, error);
    if (result == 0)
        result = lm_dispute_judge(&dispute, error);
    if (result == 0)
        result = find_shown(&view, &shown, error);
    if (result == 0) {
        *upheld = *upheld || dispute.result == LM_RESULT_UPHELD;
        lm_text_clean(dispute.text, strlen(dispute.text), &text);
        lm_buffer_byte(&text, '\0');
        if (!lm_buffer_ok(&text))
            result = lm_fail_memory(error);
    }
    if (result == 0) {
        body.claim = *dispute.claim;
        result = telling->tell(telling->context, LM_TYPE_CLAIM, &body, error);
    }
    if (result == 0) {
        lm_record_clear(LM_TYPE_VERDICT, &body);
        body.verdict.claim = item->claim.digest;
        body.verdict.party = blame ? dispute.party : NULL;
        body.verdict.result = (int)dispute.result;
        body.verdict.text = text.data;
        result = tell_parts(claims, &shown, &body.verdict, telling, error);
    }
    lm_buffer_free(&text);
    lm_view_free(&shown);
    lm_view_free(&view);
    return result;
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
