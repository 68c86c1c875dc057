/* Readings that came when their period was settled and billed: what follows from them is not due
 * before the supplier settles or bills again. */
#include "lib/base/array.h"
#include "lib/evidence/audit_state.h"

/* What a log settles a period under. */
struct name {
    int64_t place;
    int64_t start_s;
    int64_t minutes;
};

static struct name name_of(const struct lm_audited *audited, struct lm_period period) {
    return (struct name){(int64_t)audited->place, period.start_s, period.minutes};
}

int lm_audit_note_settled(struct lm_audit *audit, struct lm_audited *audited,
                          const struct lm_record *record, uint64_t number, struct lm_error *error) {
    uint32_t place;
    size_t count = audit->settled_names.count;
    if (record->type == LM_TYPE_BILL)
        audited->last_bill = number;
    if (record->type != LM_TYPE_SETTLEMENT && record->type != LM_TYPE_ADJUSTMENT)
        return 0;
    const struct name name = name_of(audited, record->as.settlement.period);
    struct lm_audit_settled *rows =
        lm_array_room(audit->settled_lines, &audit->settled_room, count, sizeof *rows, error);
    if (!rows)
        return -1;
    audit->settled_lines = rows;
    if (lm_names_add(&audit->settled_names, &name, sizeof name, &place, error) < 0)
        return -1;
    if (place == count)
        rows[place].first = number;
    rows[place].last = number;
    return 0;
}

/* Where a reading's log settles its period; NULL for nowhere. */
static const struct lm_audit_settled *find_settled(const struct lm_audit *audit,
                                                   const struct lm_audit_item *item) {
    const struct lm_audited *audited = item->audited;
    uint32_t place;
    if (!audited->log || item->record.type != LM_TYPE_READING)
        return NULL;
    const struct name name = name_of(audited, item->record.as.reading.period);
    return lm_names_find(&audit->settled_names, &name, sizeof name, &place)
               ? &audit->settled_lines[place]
               : NULL;
}

bool lm_audit_is_late(const struct lm_audit *audit, const struct lm_audit_item *item) {
    const struct lm_audit_settled *settled = find_settled(audit, item);
    return settled && settled->last < item->number && item->number >= item->audited->last_bill;
}

bool lm_audit_is_behind(const struct lm_audit *audit, const struct lm_audit_item *item) {
    const struct lm_audit_settled *settled = find_settled(audit, item);
    return settled && settled->first < item->number;
}
