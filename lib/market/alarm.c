#include "lib/market/alarm.h"

#include <stdlib.h>

struct lm_alarm {
    lm_alarm_tell *tell;
    void *context;
    size_t ids;
    uint32_t *bad_signatures; /* by number, up to the largest that fits */
    uint64_t seen;            /* in this window */
    uint64_t rejected;
    uint64_t junk_windows;  /* one after the other, up to this one */
    uint64_t junk_rejected; /* in them */
};

struct lm_alarm *lm_alarm_new(size_t ids, lm_alarm_tell *tell, void *context,
                              struct lm_error *error) {
    struct lm_alarm *alarm = calloc(1, sizeof *alarm);
    if (alarm) {
        *alarm = (struct lm_alarm){.tell = tell, .context = context, .ids = ids};
        alarm->bad_signatures = calloc(ids + 1, sizeof *alarm->bad_signatures);
    }
    if (alarm && alarm->bad_signatures)
        return alarm;
    lm_alarm_free(alarm);
    lm_fail_memory(error);
    return NULL;
}

void lm_alarm_free(struct lm_alarm *alarm) {
    if (!alarm)
        return;
    free(alarm->bad_signatures);
    free(alarm);
}

/* 1, 10, 100 and so on. */
static bool is_milestone(uint64_t count) {
    while (count >= 10 && count % 10 == 0)
        count /= 10;
    return count == 1;
}

static int tell(struct lm_alarm *alarm, const char *kind, const char *from, uint64_t count,
                int64_t now_s, struct lm_error *error) {
    struct lm_alert alert = {.at_s = now_s, .count = (int64_t)count, .from = from, .kind = kind};
    return alarm->tell(alarm->context, &alert, error);
}

static int end_window(struct lm_alarm *alarm, int64_t now_s, struct lm_error *error) {
    bool junk = 2 * alarm->rejected > alarm->seen;
    alarm->junk_windows = junk ? alarm->junk_windows + 1 : 0;
    alarm->junk_rejected = junk ? alarm->junk_rejected + alarm->rejected : 0;
    alarm->seen = 0;
    alarm->rejected = 0;
    if (!junk || !is_milestone(alarm->junk_windows))
        return 0;
    return tell(alarm, LM_ALARM_JUNK, NULL, alarm->junk_rejected, now_s, error);
}

int lm_alarm_see(struct lm_alarm *alarm, const struct lm_alarm_line *line, int64_t now_s,
                 struct lm_error *error) {
    if (line->rejected && line->reason == LM_BAD_SIGNATURE && line->from &&
        line->number < alarm->ids) {
        uint32_t *count = &alarm->bad_signatures[line->number];
        *count += *count < UINT32_MAX;
        if (*count >= 10 && *count < UINT32_MAX && is_milestone(*count) &&
            tell(alarm, LM_ALARM_SIGNATURE, line->from, *count, now_s, error) < 0)
            return -1;
    }
    if (line->rejected && line->reason == LM_QUOTA && is_milestone(line->refused) &&
        tell(alarm, LM_ALARM_QUOTA, line->from, line->refused, now_s, error) < 0)
        return -1;
    alarm->seen++;
    alarm->rejected += line->rejected;
    return alarm->seen == LM_ALARM_WINDOW ? end_window(alarm, now_s, error) : 0;
}

int lm_alarm_finish(struct lm_alarm *alarm, int64_t now_s, struct lm_error *error) {
    return alarm->seen >= LM_ALARM_WINDOW / 10 ? end_window(alarm, now_s, error) : 0;
}
