/* Readings: copies to suppliers, and totals to network operators. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/checked.h"
#include "lib/base/limits.h"
#include "lib/market/inform_rows.h"
#include "lib/record/canonical.h"

/* A reading that counts, and whose. Texts are the registry's. */
struct member {
    const struct lm_flow *flow;
    const char *user;
    const char *supplier;
    const char *region;
};

/* What flowed in a region, or to the customers of one supplier in it. */
struct sum {
    const char *region;
    const char *supplier; /* NULL for all */
    const struct lm_flow *first;
    int64_t users;
    int64_t meters;
    int64_t import_wh;
    int64_t export_wh;
    bool refused;
};

/* The readings of one period. */
struct flows_work {
    struct lm_inform *inform;
    const char **operators;
    size_t operator_count;
    struct member *members;
    size_t member_count;
    size_t member_room;
    struct sum *sums;
    size_t sum_count;
    size_t sum_room;
};

int lm_inform_add_flow(struct lm_inform *inform, const struct lm_record *record,
                       const struct lm_place *place, struct lm_error *error) {
    const struct lm_reading *reading = &record->as.reading;
    struct lm_flow flow = {
        .period = reading->period,
        .to = UINT32_MAX,
        .seq = reading->seq,
        .import_wh = reading->import_wh,
        .export_wh = reading->export_wh,
        .text = inform->texts.size,
        .place = *place,
    };
    if (lm_inform_name(inform, reading->meter, &flow.meter, error) < 0 ||
        (reading->to && lm_inform_name(inform, reading->to, &flow.to, error) < 0) ||
        lm_inform_content(inform, record, false, flow.content, error) < 0)
        return -1;
    lm_record_canonical(record, &inform->texts);
    if (!lm_buffer_ok(&inform->texts))
        return lm_fail_memory(error);
    flow.size = inform->texts.size - flow.text;
    if (lm_inform_room(&inform->flows, &inform->flow_room, inform->flow_count,
                       sizeof *inform->flows, error) < 0)
        return -1;
    inform->flows[inform->flow_count++] = flow;
    return 0;
}

/* ---- which readings count ---- */

static int compare_flows(const void *a, const void *b, void *context) {
    const struct lm_inform *inform = context;
    const struct lm_flow *x = a;
    const struct lm_flow *y = b;
    int order = lm_period_compare(x->period, y->period);
    uint32_t of_x = inform->ranks[x->meter];
    uint32_t of_y = inform->ranks[y->meter];
    if (order == 0)
        order = (of_x > of_y) - (of_x < of_y);
    if (order == 0)
        order = (x->seq < y->seq) - (x->seq > y->seq);
    if (order == 0)
        order = memcmp(x->content, y->content, LM_HASH_SIZE);
    if (order == 0)
        order = (x->to > y->to) - (x->to < y->to);
    return order;
}

static void reject(const struct lm_inform *inform, const struct lm_flow *flow,
                   const struct lm_error *why) {
    inform->visitor->reject(inform->visitor->context, &flow->place, why);
}

/* Whose meter it is, and who supplies her where. */
static int find_member(const struct lm_inform *inform, const struct lm_flow *flow,
                       struct member *member, struct lm_error *why) {
    int64_t instant_s = flow->period.start_s;
    const char *id = lm_names_text(&inform->names, flow->meter);
    struct lm_registered meter;
    struct lm_registered user;
    struct lm_registered supplier;
    if (lm_registry_by_id(inform->registry, id, instant_s, &meter, why) < 0) {
        if (why->reason == LM_NO_IDENTITY)
            lm_fail(why, LM_NO_METER, "nobody knows the meter %s", id);
        return -1;
    }
    if (meter.role != LM_ROLE_METER)
        return lm_fail(why, LM_NO_METER, "%s is no meter, but a %s", id, lm_role_words[meter.role]);
    if (lm_inform_who(inform, meter.user, LM_ROLE_USER, instant_s, &user, why) < 0 ||
        lm_inform_who(inform, user.supplier, LM_ROLE_SUPPLIER, instant_s, &supplier, why) < 0)
        return -1;
    *member = (struct member){flow, user.id, supplier.id, user.region};
    return 0;
}

/* The readings of one meter and period, the highest seq first: what counts becomes a member. */
static int count_meter(struct flows_work *work, const struct lm_flow *flows, size_t count,
                       struct lm_error *error) {
    const struct lm_inform *inform = work->inform;
    struct member member;
    struct lm_error why;
    size_t same = 1;
    bool agree = true;
    while (same < count && flows[same].seq == flows->seq) {
        agree = agree && memcmp(flows[same].content, flows->content, LM_HASH_SIZE) == 0;
        same++;
    }
    for (size_t i = 0; !agree && i < same; i++) {
        lm_fail(&why, LM_CONFLICT, "readings of meter %s disagree",
                lm_names_text(&inform->names, flows->meter));
        reject(inform, &flows[i], &why);
    }
    if (!agree)
        return 0;
    if (find_member(inform, flows, &member, &why) < 0) {
        reject(inform, flows, &why);
        return 0;
    }
    if (lm_inform_room(&work->members, &work->member_room, work->member_count,
                       sizeof *work->members, error) < 0)
        return -1;
    work->members[work->member_count++] = member;
    return 0;
}

/* ---- copies ---- */

/* The reading with a `to`. Where the meter itself addressed one to that party, with its signature,
 * that one; others lose theirs, as it does not cover the new member. */
static int write_copy(struct lm_inform *inform, const struct lm_flow *flow, const char *to,
                      struct lm_error *error) {
    static const char *const sig[] = {"sig", NULL};
    const struct lm_flow *end = inform->flows + inform->flow_count;
    lm_buffer_reset(&inform->scratch);
    for (const struct lm_flow *own = flow;
         own < end && own->meter == flow->meter && own->seq == flow->seq &&
         lm_period_compare(own->period, flow->period) == 0;
         own++) {
        if (own->to != UINT32_MAX && strcmp(lm_names_text(&inform->names, own->to), to) == 0) {
            lm_buffer_bytes(&inform->scratch, inform->texts.data + own->text, own->size);
            return 0;
        }
    }
    json_t *copy = lm_json_parse(inform->texts.data + flow->text, flow->size, error);
    json_t *addressee = copy ? json_string(to) : NULL;
    int result = addressee ? json_object_set_new(copy, "to", addressee) : -1;
    if (result == 0)
        lm_canonical(copy, sig, &inform->scratch);
    json_decref(copy);
    return result == 0 ? 0 : lm_fail_memory(error);
}

static int tell_copies(struct flows_work *work, const struct lm_right *right,
                       struct lm_error *error) {
    for (size_t i = 0; i < work->member_count; i++) {
        const struct member *member = &work->members[i];
        if (right->whose != LM_WHOSE_CUSTOMERS || right->to != LM_ROLE_SUPPLIER)
            return lm_fail(error, LM_DEFECT, "copies go to suppliers alone");
        if (write_copy(work->inform, member->flow, member->supplier, error) < 0)
            return -1;
        if (work->inform->scratch.size > LM_RECORD_SIZE_MAX) {
            struct lm_error why;
            lm_fail(&why, LM_TOO_LONG, "the reading would be too long with its addressee");
            reject(work->inform, member->flow, &why);
            continue;
        }
        if (lm_inform_tell(work->inform, member->flow->period, NULL, member->supplier,
                           LM_TYPE_READING, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- totals ---- */

static int compare_members(const void *a, const void *b) {
    const struct member *x = a;
    const struct member *y = b;
    int order = strcmp(x->region, y->region);
    if (order == 0)
        order = strcmp(x->supplier, y->supplier);
    if (order == 0)
        order = strcmp(x->user, y->user);
    /* Flows are sorted by meter: their places order what is left. */
    return order ? order : (x->flow > y->flow) - (x->flow < y->flow);
}

/* Adds a member to SUM; NEW says whether her user is another than the last one's. */
static bool add_to_sum(struct sum *sum, const struct member *member, bool new_user) {
    sum->first = sum->first ? sum->first : member->flow;
    sum->users += new_user;
    sum->meters++;
    return lm_add_i64(sum->import_wh, member->flow->import_wh, &sum->import_wh) &&
           lm_add_i64(sum->export_wh, member->flow->export_wh, &sum->export_wh) &&
           sum->import_wh <= LM_INTEGER_MAX && sum->export_wh <= LM_INTEGER_MAX;
}

static int add_sum(struct flows_work *work, const char *region, const char *supplier,
                   struct lm_error *error) {
    if (lm_inform_room(&work->sums, &work->sum_room, work->sum_count, sizeof *work->sums, error) <
        0)
        return -1;
    work->sums[work->sum_count++] = (struct sum){.region = region, .supplier = supplier};
    return 0;
}

static void refuse(struct flows_work *work, struct sum *sum, const struct lm_error *why) {
    sum->refused = true;
    reject(work->inform, sum->first, why);
}

static void check_size(struct flows_work *work, struct sum *sum, int64_t min_group) {
    struct lm_error why;
    if (sum->refused || sum->users >= min_group)
        return;
    if (sum->supplier)
        lm_fail(&why, LM_SMALL_GROUP,
                "the total of %s in %s would be over %lld of its customers, min_group is %lld",
                sum->supplier, sum->region, (long long)sum->users, (long long)min_group);
    else
        lm_fail(&why, LM_SMALL_GROUP, "the total of %s would be over %lld users, min_group is %lld",
                sum->region, (long long)sum->users, (long long)min_group);
    refuse(work, sum, &why);
}

static int tell_total(struct flows_work *work, const struct sum *sum, const char *to,
                      struct lm_error *error) {
    struct lm_inform *inform = work->inform;
    struct lm_total total;
    lm_record_clear(LM_TYPE_TOTAL, &total);
    total.period = sum->first->period;
    total.region = sum->region;
    total.supplier = sum->supplier;
    total.import_wh = sum->import_wh;
    total.export_wh = sum->export_wh;
    total.meters = sum->meters;
    total.to = to;
    lm_buffer_reset(&inform->scratch);
    lm_record_write(LM_TYPE_TOTAL, &total, &inform->scratch);
    return lm_inform_tell(inform, total.period, NULL, to, LM_TYPE_TOTAL, error);
}

/* Whoever is told the sums of a region's suppliers could take them from that of the region: what is
 * left is the sum of those that were refused, which must not be a small group either. */
static bool leaves_small_group(const struct sum *sums, size_t count, int role, int64_t min_group) {
    int64_t users = 0;
    if (!lm_policy_form(role, LM_FORM_SUPPLIER_TOTALS))
        return false;
    for (size_t i = 1; i < count; i++)
        users += sums[i].refused ? sums[i].users : 0;
    return users > 0 && users < min_group;
}

/* The sums of one region, to one operator that has it. */
static int tell_operator(struct flows_work *work, const struct sum *sums, size_t count,
                         const char *id, int role, bool small_group_left, struct lm_error *error) {
    for (size_t r = 0; r < lm_right_count; r++) {
        const struct lm_right *right = &lm_rights[r];
        if (!lm_inform_uses(work->inform, right) || right->to != role ||
            right->whose != LM_WHOSE_REGIONS || right->of != LM_TYPE_READING)
            continue;
        bool whole = right->form == LM_FORM_REGION_TOTAL;
        for (size_t i = whole ? 0 : 1; i < (whole ? 1 : count); i++) {
            if (!sums[i].refused && !(whole && small_group_left) &&
                tell_total(work, &sums[i], id, error) < 0)
                return -1;
        }
    }
    return 0;
}

static bool has_region(const struct lm_registered *operator, const char * region) {
    for (size_t i = 0; i < operator->region_count; i++) {
        if (strcmp(operator->regions[i], region) == 0)
            return true;
    }
    return false;
}

/* The sums of one region: its own, then those of its suppliers. */
static int tell_region(struct flows_work *work, struct sum *sums, size_t count,
                       struct lm_error *error) {
    const struct lm_inform *inform = work->inform;
    int64_t instant_s = sums->first->period.start_s;
    int64_t min_group = 0;
    struct lm_error why;
    bool told_small[LM_ROLE_COUNT] = {false};
    if (lm_inform_min_group(inform, sums->region, instant_s, &min_group, &why) < 0) {
        refuse(work, sums, &why);
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        check_size(work, &sums[i], min_group);
    for (size_t i = 0; i < work->operator_count; i++) {
        struct lm_registered operator;
        if (lm_registry_by_id(inform->registry, work->operators[i], instant_s, &operator, & why) <
                0 ||
            (operator.role != LM_ROLE_DSO && operator.role != LM_ROLE_TSO) ||
            !has_region(&operator, sums->region))
            continue;
        bool left = leaves_small_group(sums, count, operator.role, min_group);
        if (left && !sums->refused && !told_small[operator.role]) {
            told_small[operator.role] = true;
            lm_fail(&why, LM_SMALL_GROUP,
                    "the total of %s would give away to a %s the sums that are refused to it",
                    sums->region, lm_role_words[operator.role]);
            reject(inform, sums->first, &why);
        }
        if (tell_operator(work, sums, count, operator.id, operator.role, left, error) < 0)
            return -1;
    }
    return 0;
}

static bool totals_wanted(const struct lm_inform *inform) {
    for (size_t i = 0; i < lm_right_count; i++) {
        if (lm_inform_uses(inform, &lm_rights[i]) && lm_rights[i].whose == LM_WHOSE_REGIONS)
            return true;
    }
    return false;
}

/* Sums the members, which are sorted; each region's own sum stands before its suppliers'. */
static int sum_members(struct flows_work *work, struct lm_error *error) {
    size_t region = 0;
    work->sum_count = 0;
    for (size_t i = 0; i < work->member_count; i++) {
        const struct member *member = &work->members[i];
        const struct member *last = i > 0 ? member - 1 : NULL;
        bool new_region = !last || strcmp(last->region, member->region) != 0;
        bool new_supplier = new_region || strcmp(last->supplier, member->supplier) != 0;
        bool new_user = new_supplier || strcmp(last->user, member->user) != 0;
        if (new_region) {
            region = work->sum_count;
            if (add_sum(work, member->region, NULL, error) < 0)
                return -1;
        }
        if (new_supplier && add_sum(work, member->region, member->supplier, error) < 0)
            return -1;
        struct sum *const both[] = {&work->sums[region], &work->sums[work->sum_count - 1]};
        for (size_t k = 0; k < 2; k++) {
            struct lm_error why;
            if (both[k]->refused || add_to_sum(both[k], member, new_user))
                continue;
            lm_fail(&why, LM_TOTAL, "the total of %s would exceed 2^53-1 Wh", member->region);
            refuse(work, both[k], &why);
        }
    }
    return 0;
}

static int tell_totals(struct flows_work *work, struct lm_error *error) {
    if (work->member_count == 0 || !totals_wanted(work->inform))
        return 0;
    qsort(work->members, work->member_count, sizeof *work->members, compare_members);
    if (sum_members(work, error) < 0)
        return -1;
    for (size_t first = 0; first < work->sum_count;) {
        size_t end = first + 1;
        while (end < work->sum_count && work->sums[end].supplier)
            end++;
        if (tell_region(work, &work->sums[first], end - first, error) < 0)
            return -1;
        first = end;
    }
    return 0;
}

/* ---- one period ---- */

static int run_period(struct flows_work *work, const struct lm_flow *flows, size_t count,
                      struct lm_error *error) {
    work->member_count = 0;
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count && flows[end].meter == flows[first].meter)
            end++;
        if (count_meter(work, &flows[first], end - first, error) < 0)
            return -1;
        first = end;
    }
    for (size_t i = 0; i < lm_right_count; i++) {
        if (lm_inform_uses(work->inform, &lm_rights[i]) && lm_rights[i].form == LM_FORM_COPY &&
            tell_copies(work, &lm_rights[i], error) < 0)
            return -1;
    }
    return tell_totals(work, error);
}

int lm_inform_run_flows(struct lm_inform *inform, struct lm_error *error) {
    struct flows_work work = {.inform = inform};
    if (inform->flow_count == 0)
        return 0;
    int result =
        lm_registry_operators(inform->registry, &work.operators, &work.operator_count, error);
    lm_inform_sort_rules(inform);
    qsort_r(inform->flows, inform->flow_count, sizeof *inform->flows, compare_flows, inform);
    for (size_t first = 0; result == 0 && first < inform->flow_count;) {
        const struct lm_flow *flows = &inform->flows[first];
        size_t count = 1;
        while (first + count < inform->flow_count &&
               lm_period_compare(flows[count].period, flows->period) == 0)
            count++;
        result = run_period(&work, flows, count, error);
        first += count;
    }
    free(work.operators);
    free(work.members);
    free(work.sums);
    return result;
}
