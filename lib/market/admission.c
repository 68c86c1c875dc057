#include "lib/market/admission.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/names.h"
#include "lib/market/gate.h"
#include "lib/registry/authority.h"

/* More than this an item keeps no memory for from one batch to the next. */
#define KEPT_SIZE 16384

/* A key that orders of the batch have, while it is decided on. */
struct pending {
    bool blocked;    /* in this round an order of this key waits for its signature */
    int64_t awaited; /* so many do */
};

struct lm_admission {
    const struct lm_registry *registry;
    bool bare;
    struct lm_quota *quota;
    struct lm_names keys; /* of the batch; a key's number is its place in pending */
    struct pending *pending;
    size_t pending_room;
    bool counted; /* the keys of the batch are known */
};

struct lm_admission *lm_admission_new(const struct lm_registry *registry, bool bare,
                                      struct lm_error *error) {
    struct lm_admission *admission = calloc(1, sizeof *admission);
    if (!admission) {
        lm_fail_memory(error);
        return NULL;
    }
    admission->registry = registry;
    admission->bare = bare;
    admission->quota = lm_quota_new(error);
    if (admission->quota)
        return admission;
    lm_admission_free(admission);
    return NULL;
}

void lm_admission_free(struct lm_admission *admission) {
    if (!admission)
        return;
    lm_quota_free(admission->quota);
    lm_names_free(&admission->keys);
    free(admission->pending);
    free(admission);
}

static void empty(struct lm_buffer *buffer) {
    if (buffer->capacity > KEPT_SIZE)
        lm_buffer_free(buffer);
    else
        lm_buffer_reset(buffer);
}

void lm_admission_start(struct lm_admission_item *item) {
    empty(&item->signature);
    empty(&item->payload);
    item->state = LM_ADMISSION_NEW;
    item->from = NULL;
    item->refused = 0;
}

void lm_admission_item_free(struct lm_admission_item *item) {
    lm_buffer_free(&item->signature);
    lm_buffer_free(&item->payload);
}

/* ---- one line by itself ---- */

static int keep_signature(struct lm_admission_item *item, const struct lm_record *record) {
    const struct lm_signature *signature = &record->signature;
    lm_buffer_bytes(&item->signature, signature->protected_header,
                    strlen(signature->protected_header) + 1);
    lm_buffer_bytes(&item->signature, signature->signature, strlen(signature->signature) + 1);
    lm_record_payload(record, &item->payload);
    return lm_buffer_ok(&item->signature) && lm_buffer_ok(&item->payload)
               ? 0
               : lm_fail_memory(&item->error);
}

static int verify(struct lm_admission_item *item) {
    struct lm_signature signature = {.protected_header = item->signature.data};
    signature.signature = signature.protected_header + strlen(signature.protected_header) + 1;
    return lm_admitted_verify(&item->admitted, &signature, item->payload.data, item->payload.size,
                              &item->error);
}

/* 1 where rules hold that the order keeps, 0 where there are none. */
static int check_rules(const struct lm_admission *admission, struct lm_admission_item *item,
                       const struct lm_order *order) {
    struct lm_registered_rules rules;
    if (lm_registry_rules(admission->registry, order->market, order->period.start_s, &rules,
                          &item->error) < 0)
        return item->error.reason == LM_MISSING_RECORD ? 0 : -1;
    if (lm_gate_check(&rules, order, item->at_s, &item->gate_s, &item->error) < 0)
        return -1;
    item->key = (struct lm_quota_key){.market = rules.number, .start_s = order->period.start_s};
    item->max_orders = rules.max_orders;
    return 1;
}

/* Returns what becomes of it. */
static enum lm_admission_state look(const struct lm_admission *admission,
                                    struct lm_admission_item *item,
                                    const struct lm_record *record) {
    int ruled = 0;
    item->wrapped = record->wrapped;
    if (record->wrapped && admission->bare) {
        lm_fail(&item->error, LM_UNEXPECTED_TYPE, "an entry, and only bare records are wanted");
        return LM_ADMISSION_REFUSED;
    }
    if (lm_type_of_root(record->type))
        return lm_registry_check(admission->registry, record, item->at_s, NULL, &item->error) < 0
                   ? LM_ADMISSION_REFUSED
                   : LM_ADMISSION_PASSED;
    if (record->type == LM_TYPE_ORDER)
        ruled = check_rules(admission, item, &record->as.order);
    if (ruled < 0)
        return LM_ADMISSION_REFUSED;
    bool admitted = lm_registry_admit(admission->registry, record, item->at_s, &item->admitted,
                                      &item->error) == 0;
    item->from = item->admitted.signer.id;
    item->number = item->admitted.signer.number;
    if (!admitted || keep_signature(item, record) < 0)
        return LM_ADMISSION_REFUSED;
    if (!ruled)
        return verify(item) < 0 ? LM_ADMISSION_REFUSED : LM_ADMISSION_PASSED;
    item->key.from = item->number;
    lm_quota_digest(admission->quota, item->payload.data, item->payload.size, item->content);
    return LM_ADMISSION_WAITS;
}

void lm_admission_look(const struct lm_admission *admission, struct lm_admission_item *item,
                       const char *line, size_t size, int64_t now_s) {
    struct lm_record record;
    if (lm_record_parse(line, size, &record, &item->error) < 0) {
        item->state = LM_ADMISSION_REFUSED;
        return;
    }
    item->at_s = record.wrapped ? record.entry_at_s : now_s;
    item->state = look(admission, item, &record);
    lm_record_free(&record);
}

void lm_admission_verify(struct lm_admission_item *item) {
    item->state = verify(item) < 0 ? LM_ADMISSION_FORGED : LM_ADMISSION_PROVED;
}

/* ---- one after the other ---- */

static bool is_decided(const struct lm_admission_item *item) {
    return item->state >= LM_ADMISSION_PASSED;
}

/* Numbers the keys of the batch. */
static int count_keys(struct lm_admission *admission, struct lm_admission_item **items,
                      size_t count, struct lm_error *error) {
    lm_names_free(&admission->keys);
    lm_names_start(&admission->keys);
    for (size_t i = 0; i < count; i++) {
        if (items[i]->state != LM_ADMISSION_WAITS)
            continue;
        if (lm_names_add(&admission->keys, &items[i]->key, sizeof items[i]->key, &items[i]->place,
                         error) < 0)
            return -1;
        struct pending *pending = lm_array_room(admission->pending, &admission->pending_room,
                                                admission->keys.count, sizeof *pending, error);
        if (!pending)
            return -1;
        admission->pending = pending;
    }
    admission->counted = true;
    return 0;
}

static void refuse_quota(struct lm_admission *admission, struct lm_admission_item *item) {
    item->state = LM_ADMISSION_REFUSED;
    item->refused = lm_quota_refuse(admission->quota, &item->key);
    lm_fail(&item->error, LM_QUOTA,
            "%s has had the %lld orders that the rules allow for the period", item->from,
            (long long)item->max_orders);
}

/* Decides on an order once all before it of its key are decided on, and its signature is known. */
static int settle(struct lm_admission *admission, struct lm_admission_item *item,
                  struct lm_error *error) {
    bool known = lm_quota_holds(admission->quota, item->content);
    bool forged = item->state == LM_ADMISSION_FORGED;
    if (known && !item->wrapped)
        item->state = LM_ADMISSION_DROPPED; /* as if its signature had never been looked at */
    else
        item->state = forged ? LM_ADMISSION_REFUSED : LM_ADMISSION_PASSED;
    if (known || forged)
        return 0;
    return lm_quota_accept(admission->quota, &item->key, item->content, item->gate_s, item->at_s,
                           error);
}

/* Decides on an order, or has its signature looked at, or leaves it for the next round. */
static int consider(struct lm_admission *admission, struct lm_admission_item *item,
                    struct lm_error *error) {
    struct pending *pending = &admission->pending[item->place];
    const struct lm_quota *quota = admission->quota;
    bool known = lm_quota_holds(quota, item->content);
    bool proved = item->state == LM_ADMISSION_PROVED;
    bool room = lm_quota_count(quota, &item->key) + pending->awaited < item->max_orders;
    if (item->state == LM_ADMISSION_WAITS && known && !item->wrapped) {
        item->state = LM_ADMISSION_DROPPED;
        return 0;
    }
    if (item->state == LM_ADMISSION_WAITS) {
        if (known || room) {
            item->state = LM_ADMISSION_VERIFIES;
            pending->blocked = true;
            pending->awaited += !known;
        } else if (!pending->blocked) {
            refuse_quota(admission, item);
        }
        return 0;
    }
    if (pending->blocked)
        return 0;
    if (proved && !known && !room) {
        refuse_quota(admission, item);
        return 0;
    }
    return settle(admission, item, error);
}

int lm_admission_decide(struct lm_admission *admission, struct lm_admission_item **items,
                        size_t count, struct lm_error *error) {
    int verifies = 0;
    if (!admission->counted && count_keys(admission, items, count, error) < 0)
        return -1;
    for (size_t i = 0; i < admission->keys.count; i++)
        admission->pending[i] = (struct pending){0};
    for (size_t i = 0; i < count; i++) {
        if (!is_decided(items[i]) && consider(admission, items[i], error) < 0)
            return -1;
        verifies += items[i]->state == LM_ADMISSION_VERIFIES;
    }
    if (verifies == 0)
        admission->counted = false;
    return verifies;
}
