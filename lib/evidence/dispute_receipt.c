/* What a receipt that a claim brings proves of the log that it is for. */
#include <string.h>

#include "lib/evidence/dispute_auction.h"

enum standing {
    PROVES_NOTHING, /* no receipt that its log's keeper has signed */
    NOT_HERE,       /* that entry is under no checkpoint that is here */
    DENIED,         /* the keeper has signed later that there is no such entry */
    DIFFERS,        /* something else is there */
    STANDS,
};

static enum standing stand(const struct lm_dispute *dispute, struct lm_fact **found) {
    const struct lm_receipt *receipt = dispute->receipt;
    char leaf[LM_DIGEST_TEXT_SIZE];
    enum standing standing = NOT_HERE;
    if (!receipt)
        return PROVES_NOTHING;
    for (size_t i = 0; i < dispute->view->count; i++) {
        struct lm_fact *fact = dispute->view->items[i];
        if (!fact->log || strcmp(fact->log, receipt->log) != 0)
            continue;
        if (!fact->keeper || strcmp(fact->keeper, dispute->receipt_by) != 0)
            return PROVES_NOTHING;
        if (fact->n == (uint64_t)receipt->n) {
            lm_digest_text(fact->leaf, leaf);
            *found = fact;
            return strcmp(leaf, receipt->leaf) == 0 ? STANDS : DIFFERS;
        }
        if (fact->log_size <= (uint64_t)receipt->n && fact->signed_s > receipt->at_s &&
            fact->n + 1 == fact->log_size) {
            *found = fact;
            standing = DENIED;
        }
    }
    return standing;
}

bool lm_dispute_breaks_promise(struct lm_dispute *dispute, struct lm_fact **stands) {
    struct lm_fact *fact = NULL;
    *stands = NULL;
    switch (stand(dispute, &fact)) {
    case DIFFERS:
        fact->used = true;
        lm_dispute_upheld(
            dispute, fact->keeper,
            "%s has signed a receipt for entry %llu of %.200s, and another entry is in its place",
            fact->keeper, (unsigned long long)fact->n, fact->log);
        return true;
    case DENIED:
        fact->used = true;
        lm_dispute_upheld(dispute, fact->keeper,
                          "%s has signed a receipt for entry %lld of %.200s, and later that the "
                          "log has %llu entries",
                          fact->keeper, (long long)dispute->receipt->n, fact->log,
                          (unsigned long long)fact->log_size);
        return true;
    case STANDS:
        *stands = fact;
        return false;
    default:
        return false;
    }
}
