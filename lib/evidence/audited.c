#include "lib/evidence/audited.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lm_audited_free(struct lm_audited *audited) {
    if (!audited)
        return;
    free(audited->roots);
    free(audited->marks);
    free(audited);
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool lm_audited_called(const struct lm_audited *audited, const char *origin) {
    return audited->file && strcmp(last_part(audited->file), last_part(origin)) == 0;
}

static const char *issuer_of(const struct lm_record *record) {
    const union lm_body *as = &record->as;
    switch (record->type) {
    case LM_TYPE_ORDER:
        return as->order.market;
    case LM_TYPE_CLEARING:
        return as->clearing.market;
    case LM_TYPE_TRADE:
        return as->trade.market;
    case LM_TYPE_NOTICE:
        return as->notice.market;
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        return as->settlement.supplier;
    case LM_TYPE_TRANSFER:
        return as->transfer.from;
    case LM_TYPE_BILL:
        return as->bill.supplier;
    default:
        return NULL;
    }
}

/* When the latest period begins that is settled where this record is; LM_ABSENT for no word on
 * that.
 */
static int64_t settled_until(const struct lm_record *record) {
    const union lm_body *as = &record->as;
    switch (record->type) {
    case LM_TYPE_SETTLEMENT:
    case LM_TYPE_ADJUSTMENT:
        return as->settlement.period.start_s;
    case LM_TYPE_TRANSFER:
        return as->transfer.period.start_s;
    case LM_TYPE_BILL:
        /* Months are local, and the first zones begin theirs 14 hours early. */
        return lm_month_end(as->bill.month) - (int64_t)14 * 3600 - 1;
    default:
        return LM_ABSENT;
    }
}

void lm_audited_survey(struct lm_audited *audited, const struct lm_record *record) {
    int64_t until_s = settled_until(record);
    if (until_s > audited->settled_until_s)
        audited->settled_until_s = until_s;
    audited->identities = audited->identities || record->type == LM_TYPE_IDENTITY;
    const char *issuer = audited->issuer[0] ? NULL : issuer_of(record);
    if (issuer)
        (void)snprintf(audited->issuer, sizeof audited->issuer, "%s", issuer);
}

struct lm_place lm_audited_place(const struct lm_audited *audited, uint64_t number,
                                 const struct lm_record *record) {
    uint64_t n = record && record->wrapped ? (uint64_t)record->entry_n : number;
    return (struct lm_place){audited->name ? audited->name : "", n + 1};
}

const char *lm_audited_keeper(const struct lm_audited *audited, uint64_t number) {
    return audited->log && number <= audited->committed ? audited->keeper : NULL;
}

static int check_number(struct lm_audited *audited, const struct lm_record *record,
                        const struct lm_place *place, const char *keeper,
                        struct lm_findings *findings, struct lm_error *error) {
    int64_t wanted = audited->next_n;
    char text[128];
    audited->next_n = record->entry_n + 1;
    if (record->entry_n == wanted)
        return 0;
    (void)snprintf(text, sizeof text, "entry %lld stands where entry %lld should",
                   (long long)record->entry_n, (long long)wanted);
    return lm_findings_tell(findings, lm_code_word(LM_CODE_ENTRY_NUMBER), keeper, place, 1, text,
                            error);
}

static int check_time(struct lm_audited *audited, const struct lm_record *record,
                      const struct lm_place *place, const char *keeper,
                      struct lm_findings *findings, struct lm_error *error) {
    int64_t last_s = audited->last_at_s;
    char now[LM_TIME_SIZE];
    char before[LM_TIME_SIZE];
    char text[192];
    audited->last_at_s = record->entry_at_s;
    if (last_s == LM_ABSENT || record->entry_at_s >= last_s)
        return 0;
    (void)lm_instant_format(record->entry_at_s, now);
    (void)lm_instant_format(last_s, before);
    (void)snprintf(text, sizeof text, "entry %lld is of %s, and the one before it of %s",
                   (long long)record->entry_n, now, before);
    return lm_findings_tell(findings, lm_code_word(LM_CODE_ENTRY_TIME), keeper, place, 1, text,
                            error);
}

static int check_repeat(const struct lm_audited *audited, const struct lm_place *place,
                        const char *keeper, const uint8_t digest[32], bool good,
                        struct lm_repeats *repeats, bool *known, struct lm_findings *findings,
                        struct lm_error *error) {
    /* The same record in two logs is none. */
    struct {
        const struct lm_audited *audited;
        uint8_t digest[32];
    } seen = {.audited = audited};
    size_t at;
    memcpy(seen.digest, digest, sizeof seen.digest);
    enum lm_repeat repeat = lm_repeats_see(repeats, &seen, sizeof seen, &at);
    *known = repeat == LM_REPEAT_ACCEPTED;
    if (!*known)
        lm_repeats_mark(repeats, at, good ? LM_REPEAT_ACCEPTED : LM_REPEAT_REFUSED);
    if (repeat == LM_REPEAT_NEW)
        return 0;
    return lm_findings_tell(findings, lm_code_word(LM_CODE_ENTRY_REPEATED), keeper, place, 1,
                            "the log holds this record before, too", error);
}

int lm_audited_check(struct lm_audited *audited, uint64_t number, const struct lm_record *record,
                     const uint8_t digest[32], bool good, struct lm_repeats *repeats, bool *known,
                     struct lm_findings *findings, struct lm_error *error) {
    const char *keeper = lm_audited_keeper(audited, number);
    struct lm_place place = lm_audited_place(audited, number, record);
    *known = false;
    if (!record || !record->wrapped) {
        audited->next_n++;
        return !record ? 0
                       : lm_findings_tell(findings, lm_code_word(LM_CODE_NOT_ENTRY), keeper, &place,
                                          1, "a line of a log is no entry", error);
    }
    if (check_number(audited, record, &place, keeper, findings, error) < 0 ||
        check_time(audited, record, &place, keeper, findings, error) < 0)
        return -1;
    return check_repeat(audited, &place, keeper, digest, good, repeats, known, findings, error);
}
