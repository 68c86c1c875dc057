/*
 * Any history of identities, revocations, firmware and rules, rightly signed by the registrar or
 * not: whoever a registry names has a valid identity with that very key, which is not revoked, and
 * the order in which the records came changes nothing.
 *
 * The input is read three bytes a record: what it is, of whom with which key, and when.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/world.h"

#define RECORDS_MAX 24
#define DAY_S       86400
#define START_S     INT64_C(1451606400) /* 2016-01-01T00:00:00Z */

static const char *const ids[] = {"u1", "u2", "m1", "registrar"};
#define IDS      (sizeof ids / sizeof *ids)
#define KEYS_MAX 4

static struct lm_key keys[KEYS_MAX];
static struct lm_key root_key;

/* A record that was signed, or that lost its signature on the way. */
struct made {
    struct lm_buffer line;
    bool good;
    bool identity;
    bool revocation;
    const char *id;
    size_t key;
    int64_t from_s;
    int64_t to_s;
};

static void make_identity(struct made *made) {
    static const char *const regions[] = {"north"};
    struct lm_error error;
    bool user = made->id[0] == 'u';
    bool market = made->id[0] == 'm';
    struct lm_identity_request request = {.id = made->id,
                                          .role = user     ? LM_ROLE_USER
                                                  : market ? LM_ROLE_MARKET
                                                           : LM_ROLE_REGISTRAR,
                                          .supplier = user ? "s1" : NULL,
                                          .regions = regions,
                                          .region_count = user || market,
                                          .valid = {made->from_s, made->to_s}};
    HOLDS(lm_identity_write(&request, &keys[made->key], &made->line, &error) == 0);
}

static void make_revocation(struct made *made) {
    char at[LM_TIME_SIZE];
    (void)lm_instant_format(made->from_s, at);
    lm_buffer_format(&made->line,
                     "{\"at\":\"%s\",\"id\":\"%s\",\"kid\":\"%s\",\"reason\":\"\",\"type\":"
                     "\"revocation\",\"v\":1}",
                     at, made->id, keys[made->key].kid);
}

static void make(const uint8_t data[3], struct made *made) {
    struct lm_buffer line = {0};
    *made = (struct made){.good = data[0] % 8 != 7,
                          .revocation = data[0] % 8 >= 4,
                          .id = ids[data[1] % IDS],
                          .key = data[1] / IDS % KEYS_MAX,
                          .from_s = START_S + data[2] % 16 * DAY_S,
                          .to_s = START_S + (data[2] % 16 + 1 + data[2] / 16) * DAY_S};
    made->identity = !made->revocation;
    if (made->identity)
        make_identity(made);
    else
        make_revocation(made);
    world_sign(made->good ? &root_key : &keys[0], &made->line, &line);
    lm_buffer_free(&made->line);
    made->line = line;
}

static struct lm_registry *fill(const struct made *made, size_t count, bool backwards,
                                struct lm_pool *pool) {
    struct lm_error error;
    struct lm_root root = {.public_known = true};
    memcpy(root.kid, root_key.kid, sizeof root.kid);
    memcpy(root.public_key, root_key.sign_public, sizeof root.public_key);
    struct lm_registry *registry = lm_registry_new(&root, &error);
    HOLDS(registry);
    for (size_t i = 0; i < count; i++) {
        const struct lm_buffer *line = &made[backwards ? count - 1 - i : i].line;
        struct lm_record record;
        HOLDS(lm_record_parse(line->data, line->size, &record, &error) == 0);
        HOLDS(lm_registry_add(registry, &record, NULL, i + 1, &error) == 0);
        lm_record_free(&record);
    }
    HOLDS(lm_registry_seal(registry, pool, NULL, NULL, &error) == 0);
    return registry;
}

/* Some identity that was signed says so, and no revocation that was signed denies it. */
static bool is_so(const struct made *made, size_t count, const char *id, const char *kid,
                  int64_t at_s) {
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        if (!made[i].good || strcmp(keys[made[i].key].kid, kid) != 0)
            continue;
        if (made[i].identity)
            found = found ||
                    (strcmp(made[i].id, id) == 0 && made[i].from_s <= at_s && at_s < made[i].to_s);
    }
    return found;
}

/* A revocation of a key counts where the identity that it names ever had that key. */
static bool is_revoked(const struct made *made, size_t count, const char *id, const char *kid,
                       int64_t at_s) {
    for (size_t i = 0; i < count; i++) {
        if (made[i].good && made[i].revocation && strcmp(made[i].id, id) == 0 &&
            strcmp(keys[made[i].key].kid, kid) == 0 && made[i].from_s <= at_s)
            return true;
    }
    return false;
}

static void ask(const struct lm_registry *one, const struct lm_registry *other,
                const struct made *made, size_t count) {
    struct lm_registered a;
    struct lm_registered b;
    struct lm_error why;
    struct lm_error other_why;
    for (int64_t at_s = START_S - 1; at_s <= START_S + 33 * DAY_S; at_s += DAY_S) {
        for (size_t k = 0; k < KEYS_MAX; k++) {
            int first = lm_registry_by_kid(one, keys[k].kid, at_s, &a, &why);
            int second = lm_registry_by_kid(other, keys[k].kid, at_s, &b, &other_why);
            HOLDS(first == second);
            HOLDS(first == 0 || why.reason == other_why.reason);
            if (first < 0)
                continue;
            HOLDS(strcmp(a.kid, keys[k].kid) == 0);
            HOLDS(memcmp(a.public_key, keys[k].sign_public, 32) == 0);
            HOLDS(lm_validity_holds(a.valid, at_s));
            HOLDS(is_so(made, count, a.id, a.kid, at_s));
            HOLDS(!is_revoked(made, count, a.id, a.kid, at_s));
        }
        for (size_t i = 0; i < IDS; i++) {
            int first = lm_registry_by_id(one, ids[i], at_s, &a, &why);
            int second = lm_registry_by_id(other, ids[i], at_s, &b, &other_why);
            HOLDS(first == second);
            HOLDS(first == 0 || why.reason == other_why.reason);
            HOLDS(first < 0 || (strcmp(a.kid, b.kid) == 0 && strcmp(a.id, ids[i]) == 0));
            HOLDS(first < 0 || is_so(made, count, a.id, a.kid, at_s));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct lm_pool *pool;
    struct made made[RECORDS_MAX];
    struct lm_error error;
    size_t count = 0;
    if (!pool) {
        static const char *const seeds[KEYS_MAX] = {"k0", "k1", "k2", "k3"};
        HOLDS(lm_crypto_start(&error) == 0 && (pool = lm_pool_new(1, &error)));
        world_key("root", &root_key);
        for (size_t i = 0; i < KEYS_MAX; i++)
            world_key(seeds[i], &keys[i]);
    }
    for (; size >= 3 && count < RECORDS_MAX; data += 3, size -= 3)
        make(data, &made[count++]);
    struct lm_registry *one = fill(made, count, false, pool);
    struct lm_registry *other = fill(made, count, true, pool);
    ask(one, other, made, count);
    lm_registry_free(one);
    lm_registry_free(other);
    for (size_t i = 0; i < count; i++)
        lm_buffer_free(&made[i].line);
    return 0;
}
