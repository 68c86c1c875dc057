#include "lib/record/latest.h"

#include <string.h>

/* What was known by then is known alike. */
static int64_t known_at(int64_t known_s, int64_t instant_s) {
    return known_s > instant_s ? known_s : instant_s;
}

void lm_latest_consider(struct lm_latest *latest, const void *record, struct lm_validity valid,
                        int64_t known_s, const uint8_t content[32], int64_t instant_s) {
    int64_t since_s = known_at(known_s, instant_s);
    if (!lm_validity_holds(valid, instant_s))
        return;
    if (!latest->record || since_s < latest->known_s ||
        (since_s == latest->known_s && valid.start_s > latest->start_s))
        *latest = (struct lm_latest){
            .record = record, .start_s = valid.start_s, .known_s = since_s, .content = content};
    else if (since_s == latest->known_s && valid.start_s == latest->start_s &&
             memcmp(content, latest->content, 32) != 0)
        latest->ambiguous = true;
}

bool lm_latest_is(const struct lm_latest *latest, struct lm_validity valid, int64_t known_s,
                  int64_t instant_s) {
    return latest->record && lm_validity_holds(valid, instant_s) &&
           valid.start_s == latest->start_s && known_at(known_s, instant_s) == latest->known_s;
}

int64_t lm_known_since(const struct lm_record *record) {
    return record->wrapped ? record->entry_at_s : LM_KNOWN_ALWAYS;
}

int64_t lm_known_together(int64_t a_s, int64_t b_s) {
    if (a_s == LM_KNOWN_ALWAYS || b_s == LM_KNOWN_ALWAYS)
        return a_s == LM_KNOWN_ALWAYS ? b_s : a_s;
    return a_s < b_s ? a_s : b_s;
}
