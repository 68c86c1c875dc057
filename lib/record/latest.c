#include "lib/record/latest.h"

#include <string.h>

void lm_latest_consider(struct lm_latest *latest, const void *record, struct lm_validity valid,
                        const uint8_t content[32], int64_t instant_s) {
    if (!lm_validity_holds(valid, instant_s))
        return;
    if (!latest->record || valid.start_s > latest->start_s)
        *latest =
            (struct lm_latest){.record = record, .start_s = valid.start_s, .content = content};
    else if (valid.start_s == latest->start_s && memcmp(content, latest->content, 32) != 0)
        latest->ambiguous = true;
}
