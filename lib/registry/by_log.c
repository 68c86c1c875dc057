/* What the registrar's own log says of its records: since when they are known, which count. */
#include <string.h>

#include "lib/crypto/content.h"
#include "lib/record/rules_since.h"
#include "lib/registry/registry_rows.h"

/* ---- since when what is known ---- */

static bool any_logged(const struct lm_registry *registry, const struct lm_row_groups *groups,
                       uint32_t from, uint32_t end, lm_registry_logged *logged, void *context) {
    for (uint32_t i = from; logged && i < end; i++) {
        if (lm_registry_row_logged(lm_registry_row_at(registry, groups, i), logged, context))
            return true;
    }
    return false;
}

/* Rows of one name. BY_LOG says that only LOGGED sources know anything. */
static void know_rows(const struct lm_registry *registry, const struct lm_row_groups *groups,
                      uint32_t from, uint32_t end, bool by_log, lm_registry_logged *logged,
                      void *context) {
    for (uint32_t i = from; i < end; i++) {
        struct lm_registry_row *row = lm_registry_row_at(registry, groups, i);
        row->known_s = by_log && !lm_registry_row_logged(row, logged, context) ? LM_KNOWN_NEVER
                                                                               : row->logged_s;
    }
    /* The latest start first, so that those of one content are not far from each other. */
    for (uint32_t i = from; i < end; i++) {
        struct lm_registry_row *row = lm_registry_row_at(registry, groups, i);
        for (uint32_t k = i + 1; k < end; k++) {
            struct lm_registry_row *other = lm_registry_row_at(registry, groups, k);
            if (other->valid.start_s != row->valid.start_s)
                break;
            if (memcmp(other->digest, row->digest, sizeof row->digest) != 0)
                continue;
            row->known_s = lm_known_together(row->known_s, other->known_s);
            other->known_s = row->known_s;
        }
        row->counts_s = row->known_s;
    }
}

static struct lm_rules_since since_of(const struct lm_registry_row *row) {
    return lm_rules_since(row->valid, row->terms.gate_minutes, row->known_s);
}

static void count_rules(const struct lm_registry *registry, uint32_t from, uint32_t end) {
    for (uint32_t i = from; i < end; i++) {
        struct lm_registry_row *row = lm_registry_row_at(registry, &registry->rules, i);
        struct lm_rules_since since = since_of(row);
        for (uint32_t k = from; row->known_s != LM_KNOWN_ALWAYS && k < end; k++) {
            struct lm_rules_since other =
                since_of(lm_registry_row_at(registry, &registry->rules, k));
            lm_rules_since_beside(&since, &other);
        }
        row->counts_s = since.counts_s;
    }
}

void lm_registry_know(struct lm_registry *registry, lm_registry_logged *logged, void *context) {
    const struct lm_row_groups *identities = &registry->identities;
    const struct lm_row_groups *rules = &registry->rules;
    uint32_t count = identities->first[registry->ids.count];
    bool by_log = any_logged(registry, identities, 0, count, logged, context);
    for (size_t n = 0; n < registry->ids.count; n++) {
        uint32_t from = rules->first[n];
        uint32_t end = rules->first[n + 1];
        know_rows(registry, identities, identities->first[n], identities->first[n + 1], by_log,
                  logged, context);
        know_rows(registry, rules, from, end,
                  any_logged(registry, rules, from, end, logged, context), logged, context);
        count_rules(registry, from, end);
    }
}

static int find_known(const struct lm_registry *registry, const struct lm_record *record,
                      int64_t *known_s, struct lm_error *error) {
    bool identity = record->type == LM_TYPE_IDENTITY;
    const struct lm_row_groups *groups = identity ? &registry->identities : &registry->rules;
    const char *id = identity ? record->as.identity.id : record->as.market_rules.market;
    uint8_t digest[32];
    uint32_t number;
    *known_s = lm_known_since(record);
    if (!lm_names_find(&registry->ids, id, strlen(id), &number))
        return 0;
    if (lm_record_content(record, digest, error) < 0)
        return -1;
    for (uint32_t i = groups->first[number]; i < groups->first[number + 1]; i++) {
        const struct lm_registry_row *row = lm_registry_row_at(registry, groups, i);
        /* All that say the same are known since the same instant. */
        if (memcmp(row->digest, digest, sizeof digest) == 0) {
            *known_s = row->known_s;
            break;
        }
    }
    return 0;
}

int lm_registry_as_known(const struct lm_registry *registry, const struct lm_record *record,
                         struct lm_record *held, struct lm_error *error) {
    int64_t known_s;
    *held = *record;
    if (record->type != LM_TYPE_IDENTITY && record->type != LM_TYPE_MARKET_RULES)
        return 0;
    if (find_known(registry, record, &known_s, error) < 0)
        return -1;
    held->wrapped = known_s != LM_KNOWN_ALWAYS;
    held->entry_at_s = known_s;
    return 0;
}

/* ---- revocations ---- */

static void revoke_by_log(struct lm_registry *registry, lm_registry_logged *logged, void *context) {
    const struct lm_row_groups *keys = &registry->keys;
    for (size_t i = 0; i < registry->count; i++) {
        struct lm_registry_row *row = &registry->rows[i];
        if (row->type != LM_TYPE_REVOCATION || row->refused != LM_NONE || row->repeat ||
            logged(context, row->source))
            continue;
        for (uint32_t at = keys->first[row->key]; at < keys->first[row->key + 1]; at++) {
            const struct lm_registry_row *other = lm_registry_row_at(registry, keys, at);
            if (other->type == LM_TYPE_IDENTITY && other->name == row->name &&
                logged(context, other->source))
                row->bare_copy = true;
        }
    }
}

void lm_registry_by_log(struct lm_registry *registry, lm_registry_logged *logged, void *context) {
    revoke_by_log(registry, logged, context);
    lm_registry_know(registry, logged, context);
}
