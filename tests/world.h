/*
 * A small market whose keys never change, and records of every signable type with random content,
 * made from the tables of members: for tests of what must hold of all of them. What is random comes
 * from a seed, so that a run can be repeated.
 */
#ifndef LM_TESTS_WORLD_H
#define LM_TESTS_WORLD_H

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/decimal.h"
#include "lib/base/limits.h"
#include "lib/base/pool.h"
#include "lib/record/canonical.h"
#include "lib/record/record.h"
#include "lib/registry/authority.h"
#include "lib/registry/identity.h"
#include "lib/registry/proof.h"
#include "lib/registry/registry.h"
#include "lib/registry/sign.h"

static _Noreturn void world_fails(const char *what, const struct lm_error *error) {
    (void)fprintf(stderr, "%s: %s\n", what, error ? error->detail : "");
    abort();
}

/* ---- what is random ---- */

/* splitmix64 */
static uint64_t draw(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t count) {
    return (size_t)(draw(state) % count);
}

#define PICK(state, array) ((array)[below((state), sizeof(array) / sizeof *(array))])

/* ---- values by kind, as JSON ---- */

/* Texts as JSON spells them, escaped here and as they are there: what sorts, escapes or displays
 * oddly. Noncharacters and lone surrogates are no I-JSON. */
static const char *const text_pieces[] = {
    "a",
    "Zz",
    " ",
    "\\n",
    "\\u0001",
    "\\u001F",
    "\\\"",
    "\\\\",
    "\\/",
    "/",
    "\x7f",
    "\\u007f",
    "\xc3\xa9",
    "e\xcc\x81",
    "\\u00e9",
    "\\u20AC",
    "\xe2\x82\xac",
    "\xe2\x80\xa8",
    "\xe2\x80\xae",
    "\xef\xac\xb3",
    "\\ufb33",
    "\xf0\x9f\x98\x80",
    "\\ud83d\\ude00",
    "\xf4\x8f\xbf\xbd",
    "\xee\x80\x80",
    "\\uFFFD",
    "{\\\"type\\\":\\\"order\\\"}",
    "<b>&",
    "0.1",
};

static void put_text_pieces(uint64_t *state, size_t most, struct lm_buffer *out) {
    for (size_t n = below(state, most + 1); n > 0; n--)
        lm_buffer_text(out, PICK(state, text_pieces));
}

static void put_base64url(uint64_t *state, size_t size, struct lm_buffer *out) {
    uint8_t bytes[256];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)draw(state);
    lm_base64url_append(bytes, size, out);
}

static int64_t draw_count(uint64_t *state) {
    const int64_t edges[] = {0, 1, 2, 1000, LM_INTEGER_MAX - 1, LM_INTEGER_MAX, INT32_MAX};
    return draw(state) % 2 ? PICK(state, edges)
                           : (int64_t)(draw(state) % (uint64_t)(LM_INTEGER_MAX + 1));
}

/* 2001 to 2098, where all identities are valid. */
static int64_t draw_minute(uint64_t *state) {
    return 978307200 + (int64_t)(draw(state) % 51000000) * 60;
}

static void put_json(uint64_t *state, int depth, struct lm_buffer *out) {
    static const char *const plain[] = {
        "null", "true", "false", "0", "-0", "-1", "9007199254740991", "-9007199254740991",
        "\"\"", "[]",   "{}"};
    size_t count = below(state, 4);
    bool object = draw(state) % 2;
    if (depth == 0 || draw(state) % 3 == 0) {
        lm_buffer_text(out, PICK(state, plain));
        return;
    }
    lm_buffer_byte(out, object ? '{' : '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            lm_buffer_text(out, draw(state) % 2 ? "," : " ,\t");
        if (object) {
            lm_buffer_byte(out, '"');
            put_text_pieces(state, 3, out);
            lm_buffer_format(out, "%zu\" : ", i); /* no name twice */
        }
        put_json(state, depth - 1, out);
    }
    lm_buffer_byte(out, object ? '}' : ']');
}

static void put_object(uint64_t *state, const struct lm_members *members, const char *type,
                       struct lm_buffer *out);

/* In quotes where the kind is spelled as a string. */
static void put_string_value(uint64_t *state, const struct lm_member *row, struct lm_buffer *out) {
    static const char id_letters[] = "abcxyzABCXYZ0189._:-";
    static const char *const currencies[] = {"EUR", "USD", "XTS"};
    static const char *const zones[] = {"Europe/Brussels", "UTC", "America/New_York"};
    static const char *const rules[] = {"midpoint", "low", "high", "k=0.25", "k=1", "k=0.000001"};
    static const int64_t prices[] = {0, 1, -1, 110000, INT64_MAX, -INT64_MAX};
    static const int32_t minutes[] = {1, 5, 15, 30, 60, 1440};
    char text[LM_DECIMAL_SIZE > LM_TIME_SIZE ? LM_DECIMAL_SIZE : LM_TIME_SIZE] = "";
    struct lm_period period;
    switch (row->kind) {
    case LM_KIND_ID:
        for (size_t n = 1 + below(state, LM_ID_SIZE_MAX); n > 0; n--)
            lm_buffer_byte(out, id_letters[below(state, sizeof id_letters - 1)]);
        return;
    case LM_KIND_TEXT:
        put_text_pieces(state, 6, out);
        return;
    case LM_KIND_CURRENCY:
        lm_buffer_text(out, PICK(state, currencies));
        return;
    case LM_KIND_ZONE:
        lm_buffer_text(out, PICK(state, zones));
        return;
    case LM_KIND_DIGEST:
        put_base64url(state, 32, out);
        return;
    case LM_KIND_BINARY:
        put_base64url(state, below(state, 80), out);
        return;
    case LM_KIND_PRICE_RULE:
        lm_buffer_text(out, PICK(state, rules));
        return;
    case LM_KIND_PRICE:
        (void)lm_price_format(draw(state) % 2 ? PICK(state, prices)
                                              : (int64_t)(draw(state) % 10000000) - 5000000,
                              text);
        break;
    case LM_KIND_AMOUNT:
        (void)lm_amount_format((lm_i128)(int64_t)draw(state) * (draw(state) % 2 ? 1 : 1000003),
                               text);
        break;
    case LM_KIND_PERIOD:
        if (!lm_period_of(draw_minute(state), PICK(state, minutes), &period))
            world_fails("period", NULL);
        (void)lm_period_format(period, text);
        break;
    case LM_KIND_VALIDITY: {
        int64_t start_s = draw_minute(state);
        (void)lm_validity_format(
            (struct lm_validity){start_s, start_s + 60 + (int64_t)below(state, 9999) * 60}, text);
        break;
    }
    case LM_KIND_INSTANT:
        (void)lm_instant_format(draw_minute(state) + (int64_t)below(state, 60), text);
        break;
    case LM_KIND_MONTH:
        (void)lm_month_format(
            (struct lm_month){2001 + (int32_t)below(state, 98), 1 + (int32_t)below(state, 12)},
            text);
        break;
    case LM_KIND_CLOCK:
        (void)snprintf(text, sizeof text, "%02zu:%02zu", below(state, 24), below(state, 60));
        break;
    case LM_KIND_WORD: {
        size_t words = 0;
        while (row->words[words])
            words++;
        lm_buffer_text(out, row->words[below(state, words)]);
        return;
    }
    default:
        world_fails("kind", NULL);
    }
    lm_buffer_text(out, text);
}

static void put_value(uint64_t *state, const struct lm_member *row, struct lm_buffer *out) {
    switch (row->kind) {
    case LM_KIND_OBJECT:
        put_object(state, row->object, NULL, out);
        return;
    case LM_KIND_JSON:
        lm_buffer_text(out, "{\"x_\":");
        put_json(state, 3, out);
        lm_buffer_byte(out, '}');
        return;
    case LM_KIND_COUNT:
    case LM_KIND_ENERGY:
        lm_buffer_integer(out, draw_count(state));
        return;
    default:
        lm_buffer_byte(out, '"');
        put_string_value(state, row, out);
        lm_buffer_byte(out, '"');
    }
}

static void put_member(uint64_t *state, const struct lm_member *row, struct lm_buffer *out) {
    if ((row->flags & LM_NULLABLE) && draw(state) % 4 == 0) {
        lm_buffer_text(out, "null");
        return;
    }
    if (!(row->flags & LM_LIST)) {
        put_value(state, row, out);
        return;
    }
    lm_buffer_byte(out, '[');
    for (size_t i = 0, n = 1 + below(state, 3); i < n; i++) {
        if (i > 0)
            lm_buffer_text(out, ", ");
        put_value(state, row, out);
    }
    lm_buffer_byte(out, ']');
}

/* ---- records that are in order ---- */

/* Members that cannot be just anything: their JSON, NULL for one that is left out. */
static const struct {
    enum lm_type type;
    const char *name;
    const char *json;
} fixed_members[] = {
    {LM_TYPE_REVOCATION, "id", "\"u1\""},
    {LM_TYPE_REVOCATION, "kid",
     "\"LamC6OvMEwmyZah8mczZlsw3Cnku03eNvRBSsbAa_jw\""}, /* the thumbprint of u1's key here */
    {LM_TYPE_MARKET_RULES, "market", "\"m1\""},
    {LM_TYPE_MARKET_RULES, "period_minutes", "30"},
    {LM_TYPE_MARKET_RULES, "price_floor", NULL},
    {LM_TYPE_VERDICT, "claim", "\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\""},
    {LM_TYPE_VERDICT, "part", "2"},
    {LM_TYPE_VERDICT, "parts", "3"},
    {LM_TYPE_TARIFF, "supplier", "\"s1\""},
    {LM_TYPE_TARIFF, "retail",
     "[{\"days\":[\"mon\",\"sun\"],\"from\":\"22:00\",\"price\":\"-0.010\",\"to\":\"06:00\"},"
     "{\"price\":\"0.2\"}]"},
    {LM_TYPE_CONTRACT, "supplier", "\"s1\""},
    {LM_TYPE_CONTRACT, "user", "\"u1\""},
    {LM_TYPE_NETWORK_FEE, "by", "\"d1\""},
    {LM_TYPE_NETWORK_FEE, "region", "\"north\""},
    {LM_TYPE_ORDER, "from", "\"u1\""},
    {LM_TYPE_ORDER, "market", "\"m1\""},
    {LM_TYPE_CLEARING, "market", "\"m1\""},
    {LM_TYPE_TRADE, "market", "\"m1\""},
    {LM_TYPE_TRADE, "from", "\"u1\""},
    {LM_TYPE_NOTICE, "market", "\"m1\""},
    {LM_TYPE_NOTICE, "to", "\"u1\""},
    {LM_TYPE_NOTICE, "orders", "[{\"energy_wh\":0,\"id\":\"a\",\"side\":\"bid\"}]"},
    {LM_TYPE_NOTICE, "bought_wh", NULL},
    {LM_TYPE_NOTICE, "sold_wh", NULL},
    {LM_TYPE_READING, "meter", "\"mt1\""},
    {LM_TYPE_READING, "firmware", NULL},
    {LM_TYPE_TOTAL, "region", "\"north\""},
    {LM_TYPE_TOTAL, "to", "\"s2\""},
    {LM_TYPE_TOTAL, "supplier", "\"s1\""},
    {LM_TYPE_SETTLEMENT, "supplier", "\"s1\""},
    {LM_TYPE_SETTLEMENT, "party", "\"u1\""},
    {LM_TYPE_SETTLEMENT, "role", "\"user\""},
    {LM_TYPE_SETTLEMENT, "region", "\"north\""},
    {LM_TYPE_SETTLEMENT, "market", "\"m1\""},
    {LM_TYPE_ADJUSTMENT, "supplier", "\"s1\""},
    {LM_TYPE_ADJUSTMENT, "party", "\"u1\""},
    {LM_TYPE_ADJUSTMENT, "role", "\"user\""},
    {LM_TYPE_ADJUSTMENT, "region", "\"north\""},
    {LM_TYPE_ADJUSTMENT, "market", "null"},
    {LM_TYPE_TRANSFER, "from", "\"s1\""},
    {LM_TYPE_TRANSFER, "to", "\"s2\""},
    {LM_TYPE_TRANSFER, "market", "\"m1\""},
    {LM_TYPE_TRANSFER, "amount", "\"0.000000001\""},
    {LM_TYPE_BILL, "supplier", "\"s1\""},
    {LM_TYPE_BILL, "user", "\"u1\""},
    {LM_TYPE_BILL, "proof", NULL},
    {LM_TYPE_CHALLENGE, "from", "\"u1\""},
    {LM_TYPE_CHALLENGE, "nonce", "\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\""},
    {LM_TYPE_RESPONSE, "nonce", "\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\""},
    {LM_TYPE_RESPONSE, "from", "\"mt1\""},
    {LM_TYPE_CHALLENGE, "at", "\"2016-04-01T11:00:00Z\""},
    {LM_TYPE_CHALLENGE, "expires", "\"2016-04-01T11:00:01Z\""},
    {LM_TYPE_RESPONSE, "at", "\"2016-04-01T11:00:00Z\""},
    {LM_TYPE_RESPONSE, "expires", "\"2016-04-01T11:00:01Z\""},
    {LM_TYPE_CLAIM, "claimant", "\"u1\""},
};

/* Of these types optional members are always there: some of them only look optional. */
static bool has_all_members(enum lm_type type) {
    return type == LM_TYPE_SETTLEMENT || type == LM_TYPE_ADJUSTMENT || type == LM_TYPE_BILL;
}

/* The member's text, or false where it is left out. TYPE is LM_TYPE_COUNT within a record. */
static bool put_row(uint64_t *state, enum lm_type type, const struct lm_member *row,
                    struct lm_buffer *out) {
    for (size_t i = 0; i < sizeof fixed_members / sizeof *fixed_members; i++) {
        if (fixed_members[i].type != type || strcmp(fixed_members[i].name, row->name) != 0)
            continue;
        if (fixed_members[i].json)
            lm_buffer_format(out, "\"%s\":%s", row->name, fixed_members[i].json);
        return fixed_members[i].json != NULL;
    }
    if ((row->flags & LM_OPTIONAL) && !has_all_members(type) && draw(state) % 2)
        return false;
    lm_buffer_format(out, draw(state) % 4 ? "\"%s\":" : " \"%s\" :\t", row->name);
    put_member(state, row, out);
    return true;
}

/* The members in any order, spaced anyhow, with members of others (x_) among them. TYPE is NULL for
 * an object within a record. */
static void put_object(uint64_t *state, const struct lm_members *members, const char *type,
                       struct lm_buffer *out) {
    struct lm_buffer parts[48] = {{0}};
    size_t count = 0;
    enum lm_type number = type ? lm_type_named(type) : LM_TYPE_COUNT;
    if (type) {
        lm_buffer_format(&parts[count++], "\"type\":\"%s\"", type);
        lm_buffer_text(&parts[count++], "\"v\":1");
    }
    for (size_t i = 0; i < members->count; i++)
        count += put_row(state, number, &members->rows[i], &parts[count]);
    for (size_t i = 0, n = members->closed ? 0 : below(state, 3); i < n; i++) {
        lm_buffer_text(&parts[count], "\"x_");
        put_text_pieces(state, 3, &parts[count]);
        lm_buffer_format(&parts[count], "%zu\":", i);
        put_json(state, type ? 4 : 2, &parts[count++]);
    }
    lm_buffer_byte(out, '{');
    for (size_t left = count; left > 0; left--) {
        size_t i = below(state, left);
        struct lm_buffer part = parts[i];
        parts[i] = parts[left - 1];
        if (left < count)
            lm_buffer_text(out, draw(state) % 8 ? "," : " , ");
        lm_buffer_bytes(out, part.data, part.size);
        lm_buffer_free(&part);
    }
    lm_buffer_byte(out, '}');
}

/* ---- the market ---- */

static const struct {
    const char *id;
    int role;
    const char *supplier;
    const char *user;
} world_entities[] = {
    {"registrar", LM_ROLE_REGISTRAR, NULL, NULL},
    {"m1", LM_ROLE_MARKET, NULL, NULL},
    {"s1", LM_ROLE_SUPPLIER, NULL, NULL},
    {"s2", LM_ROLE_SUPPLIER, NULL, NULL},
    {"d1", LM_ROLE_DSO, NULL, NULL},
    {"u1", LM_ROLE_USER, "s1", NULL},
    {"mt1", LM_ROLE_METER, NULL, "u1"},
    {"a1", LM_ROLE_AUDITOR, NULL, NULL},
};
#define WORLD_ENTITIES (sizeof world_entities / sizeof *world_entities)

struct world {
    struct lm_key keys[WORLD_ENTITIES];
    struct lm_pool *pool;
    struct lm_registry *registry;
};

/* A key that is always the same for ID. */
static void world_key(const char *id, struct lm_key *key) {
    struct lm_error error;
    uint8_t seed[crypto_sign_SEEDBYTES];
    if (lm_key_generate(id, key, &error) < 0)
        world_fails("key", &error);
    (void)crypto_generichash(seed, sizeof seed, (const uint8_t *)id, strlen(id), NULL, 0);
    (void)crypto_sign_seed_keypair(key->sign_public, key->sign_secret, seed);
    (void)crypto_box_seed_keypair(key->seal_public, key->seal_secret, seed);
    lm_key_name(key);
}

static const struct lm_key *world_key_of(const struct world *world, const char *id) {
    for (size_t i = 0; i < WORLD_ENTITIES; i++) {
        if (strcmp(world_entities[i].id, id) == 0)
            return &world->keys[i];
    }
    world_fails(id, NULL);
}

static void world_identity(const struct world *world, size_t i, struct lm_buffer *line) {
    static const char *const regions[] = {"north"};
    struct lm_error error;
    int role = world_entities[i].role;
    bool nowhere = role == LM_ROLE_REGISTRAR || role == LM_ROLE_METER || role == LM_ROLE_AUDITOR;
    struct lm_identity_request request = {.id = world_entities[i].id,
                                          .role = role,
                                          .supplier = world_entities[i].supplier,
                                          .user = world_entities[i].user,
                                          .regions = regions,
                                          .region_count = nowhere ? 0 : 1,
                                          .valid = {946684800, 4102444800}};
    if (lm_identity_write(&request, &world->keys[i], line, &error) < 0)
        world_fails("identity", &error);
}

/* Signs one line, or fails for good. */
static void world_sign(const struct lm_key *key, const struct lm_buffer *line,
                       struct lm_buffer *out) {
    struct lm_record record;
    struct lm_error error;
    if (!lm_buffer_ok(line) || lm_record_parse(line->data, line->size, &record, &error) < 0 ||
        lm_record_sign(&record, key, false, out, &error) < 0) {
        (void)fprintf(stderr, "%.*s\n", (int)line->size, line->data);
        world_fails("signing", &error);
    }
    lm_record_free(&record);
}

static inline void world_start(struct world *world) {
    struct lm_error error;
    struct lm_root root = {.public_known = true};
    if (lm_crypto_start(&error) < 0)
        world_fails("libsodium", &error);
    for (size_t i = 0; i < WORLD_ENTITIES; i++)
        world_key(world_entities[i].id, &world->keys[i]);
    memcpy(root.kid, world->keys[0].kid, sizeof root.kid);
    memcpy(root.public_key, world->keys[0].sign_public, sizeof root.public_key);
    if (!(world->pool = lm_pool_new(1, &error)) ||
        !(world->registry = lm_registry_new(&root, &error)))
        world_fails("registry", &error);
    for (size_t i = 0; i < WORLD_ENTITIES; i++) {
        struct lm_buffer line = {0};
        struct lm_buffer signed_line = {0};
        struct lm_record record;
        world_identity(world, i, &line);
        world_sign(&world->keys[0], &line, &signed_line);
        if (lm_record_parse(signed_line.data, signed_line.size, &record, &error) < 0 ||
            lm_registry_add(world->registry, &record, NULL, i, &error) < 0)
            world_fails("adding", &error);
        lm_record_free(&record);
        lm_buffer_free(&line);
        lm_buffer_free(&signed_line);
    }
    if (lm_registry_seal(world->registry, world->pool, NULL, NULL, &error) < 0)
        world_fails("sealing", &error);
}

static inline void world_end(struct world *world) {
    lm_registry_free(world->registry);
    lm_pool_free(world->pool);
    for (size_t i = 0; i < WORLD_ENTITIES; i++)
        lm_key_free(&world->keys[i]);
}

/* Who signs a record of a type in this market. */
static const char *world_signer(enum lm_type type, const union lm_body *body) {
    const char *subject = lm_record_subject(type, body);
    switch (type) {
    case LM_TYPE_TOTAL:
        return "d1";
    case LM_TYPE_RECEIPT:
        return "m1";
    case LM_TYPE_FINDING:
    case LM_TYPE_VERDICT:
    case LM_TYPE_EXHIBIT:
        return "a1";
    default:
        return subject ? subject : "registrar";
    }
}

/* An identity's content, with what others may add, and its proof over all of it. */
static void world_random_identity(const struct world *world, uint64_t *state,
                                  struct lm_buffer *out) {
    struct lm_buffer line = {0};
    struct lm_buffer extra = {0};
    struct lm_error error;
    size_t i = below(state, WORLD_ENTITIES);
    world_identity(world, i, &line);
    json_t *json = lm_json_parse(line.data, line.size, &error);
    put_json(state, 4, &extra);
    json_t *value = lm_json_parse(extra.data, extra.size, &error);
    if (!json || json_object_set_new(json, "x_more", value) != 0 ||
        json_object_del(json, "proof") != 0 || lm_proof_add(json, &world->keys[i], &error) < 0)
        world_fails("proof", &error);
    lm_canonical(json, NULL, out);
    json_decref(json);
    lm_buffer_free(&line);
    lm_buffer_free(&extra);
}

/* Appends an unsigned record of TYPE that is allowed in this market. */
static void world_random_record(const struct world *world, uint64_t *state, enum lm_type type,
                                struct lm_buffer *out) {
    if (type == LM_TYPE_IDENTITY)
        world_random_identity(world, state, out);
    else
        put_object(state, lm_schema_of(type)->members, lm_schema_of(type)->name, out);
}

/* Appends the same with the signature of whose it is. */
static inline void world_signed_record(const struct world *world, uint64_t *state,
                                       enum lm_type type, struct lm_buffer *out) {
    struct lm_buffer line = {0};
    struct lm_record record;
    struct lm_error error;
    world_random_record(world, state, type, &line);
    if (!lm_buffer_ok(&line) || lm_record_parse(line.data, line.size, &record, &error) < 0) {
        (void)fprintf(stderr, "%.*s\n", (int)line.size, line.data);
        world_fails("a random record", &error);
    }
    world_sign(world_key_of(world, world_signer(type, &record.as)), &line, out);
    lm_record_free(&record);
    lm_buffer_free(&line);
}

/* The instant at which everything is judged. */
#define WORLD_NOW_S INT64_C(1459508400)

#endif
