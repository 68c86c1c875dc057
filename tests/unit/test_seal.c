/*
 * Sealed boxes and the records in them, against libsodium itself, Wycheproof's X25519 and boxes
 * such as an attacker would make.
 */
#include <sodium.h>
#include <stdlib.h>

#include "lib/crypto/seal.h"
#include "lib/registry/addressee.h"
#include "lib/registry/sealed.h"
#include "tests/unit/tap.h"

#define OVERHEAD 48 /* a public key and a tag, as libsodium's manual says */

/* ---- boxes ---- */

/* A box of SIZE bytes as they are, unpadded: by libsodium alone. */
static void seal_raw(const void *bytes, size_t size, const uint8_t public_key[32],
                     struct lm_buffer *box) {
    static uint8_t sealed[8192 + OVERHEAD];
    if (crypto_box_seal(sealed, bytes, size, public_key) == 0)
        lm_base64url_append(sealed, size + OVERHEAD, box);
    lm_buffer_byte(box, '\0');
}

/* The same of a text that is padded as the contract says. */
static void seal_padded(const char *text, const uint8_t public_key[32], struct lm_buffer *box) {
    static uint8_t padded[8192];
    size_t size;
    memcpy(padded, text, strlen(text));
    if (sodium_pad(&size, padded, strlen(text), 256, sizeof padded) == 0)
        seal_raw(padded, size, public_key, box);
}

/* Sealed by us, opened by libsodium, at every length around the blocks' edges. */
static void test_sizes(const struct lm_key *key) {
    char text[1100];
    bool same = true;
    bool sized = true;
    memset(text, 'x', sizeof text);
    for (size_t size = 0; size < sizeof text; size++) {
        static uint8_t sealed[4096];
        static uint8_t opened[4096];
        struct lm_buffer box = {0};
        struct lm_error error;
        size_t box_size = 0;
        size_t length = 0;
        same = same && lm_seal_box(text, size, key->seal_public, &box, &error) == 0 &&
               sodium_base642bin(sealed, sizeof sealed, box.data, box.size, NULL, &box_size, NULL,
                                 sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
               crypto_box_seal_open(opened, sealed, box_size, key->seal_public, key->seal_secret) ==
                   0 &&
               sodium_unpad(&length, opened, box_size - OVERHEAD, 256) == 0 && length == size &&
               memcmp(opened, text, size) == 0;
        sized = sized && box_size == OVERHEAD + 256 * (size / 256 + 1);
        lm_buffer_free(&box);
    }
    tap_ok(same, "what is sealed is opened by libsodium alone");
    tap_ok(sized, "and its size is that of whole blocks of 256");
}

static enum lm_reason open_reason(const char *box, const struct lm_key *key) {
    struct lm_buffer text = {0};
    struct lm_error error;
    enum lm_reason reason = LM_NONE;
    if (lm_open_box(box, key->seal_public, key->seal_secret, &text, &error) < 0)
        reason = text.size == 0 ? error.reason : LM_DEFECT;
    lm_buffer_free(&text);
    return reason;
}

static void test_altered_boxes(const struct lm_key *key, const struct lm_key *other) {
    struct lm_buffer box = {0};
    uint8_t bytes[OVERHEAD + 256];
    seal_padded("{\"a\":1}", key->seal_public, &box);
    tap_ok(open_reason(box.data, key) == LM_NONE, "a box by libsodium alone is opened");
    tap_ok(open_reason(box.data, other) == LM_BAD_BOX, "but not with another key");
    bool read = lm_base64url_read(box.data, bytes, sizeof bytes);
    bool refused = read;
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        struct lm_buffer altered = {0};
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        lm_base64url_append(bytes, sizeof bytes, &altered);
        lm_buffer_byte(&altered, '\0');
        /* X25519 has no use for the top bit of a public key, but the box's nonce covers it. */
        refused = refused && open_reason(altered.data, key) == LM_BAD_BOX;
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        lm_buffer_free(&altered);
    }
    tap_ok(refused, "nor with any bit of it flipped");
    refused = read;
    for (size_t size = 0; size < sizeof bytes; size++) {
        struct lm_buffer cut = {0};
        lm_base64url_append(bytes, size, &cut);
        lm_buffer_byte(&cut, '\0');
        refused = refused && open_reason(cut.data, key) == LM_BOX_SIZE;
        lm_buffer_free(&cut);
    }
    tap_ok(refused, "nor cut at any place");
    tap_ok(open_reason("A", key) == LM_BOX_SIZE, "nor what is no base64url");
    lm_buffer_free(&box);
    memset(bytes, 0x78, 256);
    seal_raw(bytes, 256, key->seal_public, &box);
    tap_ok(open_reason(box.data, key) == LM_BAD_PADDING, "unpadded content is refused");
    lm_buffer_free(&box);
    memset(bytes, 0, 256);
    seal_raw(bytes, 256, key->seal_public, &box);
    tap_ok(open_reason(box.data, key) == LM_BAD_PADDING, "so is a block of nothing but zeros");
    lm_buffer_free(&box);
    seal_raw(bytes, 300, key->seal_public, &box);
    tap_ok(open_reason(box.data, key) == LM_BOX_SIZE, "and content of no whole blocks");
    lm_buffer_free(&box);
}

/* ---- X25519 ---- */

static size_t unhex(const char *hex, uint8_t *bytes, size_t room) {
    size_t size = 0;
    if (!hex || sodium_hex2bin(bytes, room, hex, strlen(hex), NULL, &size, NULL) != 0)
        return SIZE_MAX;
    return size;
}

/* A box from EPHEMERAL to the owner of PUBLIC_KEY whose key is made of SHARED, which is what X25519
 * must come to: libsodium's definition of crypto_box, without its X25519. */
static void box_of_shared(const uint8_t ephemeral[32], const uint8_t public_key[32],
                          const uint8_t shared[32], struct lm_buffer *box) {
    static const uint8_t zero[16] = {0};
    uint8_t padded[256] = "{}";
    uint8_t sealed[OVERHEAD + sizeof padded];
    uint8_t nonce[crypto_box_NONCEBYTES];
    uint8_t key[32];
    crypto_generichash_state state;
    padded[2] = 0x80;
    (void)crypto_core_hsalsa20(key, zero, shared, NULL);
    (void)crypto_generichash_init(&state, NULL, 0, sizeof nonce);
    (void)crypto_generichash_update(&state, ephemeral, 32);
    (void)crypto_generichash_update(&state, public_key, 32);
    (void)crypto_generichash_final(&state, nonce, sizeof nonce);
    memcpy(sealed, ephemeral, 32);
    (void)crypto_secretbox_easy(sealed + 32, padded, sizeof padded, nonce, key);
    lm_base64url_append(sealed, sizeof sealed, box);
    lm_buffer_byte(box, '\0');
}

/* One vector: true where the shared secret counts, and boxes by it open; or where it is zero, and
 * neither is anything sealed to that key nor a box by it opened. */
static bool vector_holds(const json_t *test, bool *zero) {
    uint8_t public_key[32];
    uint8_t own_public[32];
    uint8_t shared[32];
    struct lm_key key = {.seal_secret = sodium_malloc(32)};
    struct lm_buffer box = {0};
    struct lm_buffer ours = {0};
    struct lm_error error;
    if (unhex(json_string_value(json_object_get(test, "public")), public_key, 32) != 32 ||
        unhex(json_string_value(json_object_get(test, "private")), key.seal_secret, 32) != 32 ||
        unhex(json_string_value(json_object_get(test, "shared")), shared, 32) != 32)
        return false;
    (void)crypto_scalarmult_base(own_public, key.seal_secret);
    memcpy(key.seal_public, own_public, sizeof own_public);
    *zero = sodium_is_zero(shared, sizeof shared);
    box_of_shared(public_key, own_public, shared, &box);
    enum lm_reason opened = open_reason(box.data, &key);
    int sealed = lm_seal_box("{}", 2, public_key, &ours, &error);
    bool holds =
        *zero ? opened == LM_BAD_BOX && sealed < 0 && error.reason == LM_WEAK_KEY && ours.size == 0
              : opened == LM_NONE && sealed == 0;
    lm_buffer_free(&box);
    lm_buffer_free(&ours);
    sodium_free(key.seal_secret);
    return holds;
}

static void test_wycheproof(void) {
    const char *folder = getenv("LM_VECTORS");
    char path[4096];
    json_error_t json_error;
    (void)snprintf(path, sizeof path, "%s/wycheproof/x25519_test.json",
                   folder ? folder : "../shared/vectors");
    json_t *json = json_load_file(path, 0, &json_error);
    if (!json) {
        tap_skip("Wycheproof X25519", "no public vectors (set LM_VECTORS)");
        return;
    }
    const json_t *groups = json_object_get(json, "testGroups");
    size_t wrong = 0;
    size_t count = 0;
    size_t zeros = 0;
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *tests = json_object_get(json_array_get(groups, i), "tests");
        for (size_t k = 0; k < json_array_size(tests); k++) {
            const json_t *test = json_array_get(tests, k);
            bool zero = false;
            count++;
            if (!vector_holds(test, &zero)) {
                wrong++;
                printf("# test %lld\n",
                       (long long)json_integer_value(json_object_get(test, "tcId")));
            }
            zeros += zero;
        }
    }
    tap_ok(count > 100 && zeros > 10 && wrong == 0,
           "Wycheproof X25519: all of %zu as they should be, %zu refused as of small order", count,
           zeros);
    json_decref(json);
}

/* ---- records ---- */

#define PERIOD "2016-04-01T12:00Z/PT30M"
#define READING(to)                                                                                \
    "{\"export_wh\":0,\"import_wh\":1,\"meter\":\"mt1\",\"period\":\"" PERIOD                      \
    "\",\"quality\":\"measured\",\"seq\":1," to "\"type\":\"reading\",\"v\":1}"

/* Opens TEXT, sealed to KEY by libsodium alone, with that key: the reason, and the output. */
static enum lm_reason open_record(const char *text, const struct lm_key *key, const char *to,
                                  const struct lm_key *keys, size_t key_count,
                                  struct lm_buffer *out) {
    struct lm_buffer box = {0};
    struct lm_buffer line = {0};
    struct lm_record record;
    struct lm_error error = {0};
    enum lm_reason reason = LM_DEFECT;
    seal_padded(text, key->seal_public, &box);
    struct lm_sealed sealed = {.box = box.data, .kid = key->seal_kid, .to = to};
    lm_record_write(LM_TYPE_SEALED, &sealed, &line);
    if (lm_record_parse(line.data, line.size, &record, &error) == 0) {
        reason =
            lm_record_open(&record, keys, key_count, out, &error) == 0 ? LM_NONE : error.reason;
        lm_record_free(&record);
    }
    lm_buffer_free(&box);
    lm_buffer_free(&line);
    return reason;
}

static void test_records(const struct lm_key keys[2]) {
    const struct lm_key *s1 = &keys[0];
    const struct lm_key *s2 = &keys[1];
    struct lm_buffer out = {0};
    const char *mine = READING("\"to\":\"s1\",");
    tap_ok(open_record(mine, s1, "s1", keys, 1, &out) == LM_NONE && out.size == strlen(mine) &&
               memcmp(out.data, mine, out.size) == 0,
           "a record comes out of its box as it was put in");
    lm_buffer_reset(&out);
    tap_ok(open_record(mine, s1, "s1", keys, 2, &out) == LM_NONE, "with one of several keys, too");
    lm_buffer_reset(&out);
    tap_ok(open_record(mine, s2, "s2", keys, 2, &out) == LM_WRONG_ADDRESSEE && out.size == 0,
           "passed on to somebody else by whom it was meant for, it is refused");
    tap_ok(open_record(mine, s2, "s1", keys, 2, &out) == LM_OTHER_KEY && out.size == 0,
           "nor does it help to write its addressee on that box");
    tap_ok(open_record(mine, s1, "s2", keys, 1, &out) == LM_WRONG_ADDRESSEE && out.size == 0,
           "a box that is said to be for somebody else is not tried");
    tap_ok(open_record(READING(""), s1, "s1", keys, 1, &out) == LM_BAD_CONTENT && out.size == 0,
           "a record that names no addressee is refused");
    static const char *const contents[] = {
        "",
        "{}",
        "[]",
        "x",
        "{\"type\":\"toaster\",\"v\":1}",
        "{\"type\":\"reading\",\"v\":1}",
        "{\"at\":\"2016-04-01T10:00:00Z\",\"n\":0,\"record\":" READING(
            "\"to\":\"s1\",") ",\"type\":\"entry\",\"v\":1}",
        "{\"box\":\"AAAA\",\"kid\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\",\"to\":\"s1\","
        "\"type\":\"sealed\",\"v\":1}",
        READING("\"to\":\"s1\",") "\n" READING("\"to\":\"s1\","),
        READING("\"to\":\"s1\",\"to\":\"s1\","),
    };
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++)
        tap_ok(open_record(contents[i], s1, "s1", keys, 1, &out) == LM_BAD_CONTENT && out.size == 0,
               "refused as content: %.40s", contents[i]);
    tap_ok(open_record("\n" READING("\n\"to\" :\"s1\",\r\n") "\n", s1, "s1", keys, 1, &out) ==
                   LM_NONE &&
               out.size == strlen(mine) && memcmp(out.data, mine, out.size) == 0,
           "however it is spelled, what comes out is one canonical line");
    lm_buffer_free(&out);
}

static void test_addressees(void) {
    const char *ids[LM_ADDRESSEES_MAX];
    union lm_body body = {.reading = {.to = NULL}};
    size_t with = 0;
    tap_ok(lm_record_addressees(LM_TYPE_READING, &body, ids) == 0 &&
               !lm_record_meant_for(LM_TYPE_READING, &body, "s1"),
           "a reading without to is for nobody");
    body.settlement = (struct lm_settlement){.party = "u1", .supplier = "s1"};
    tap_ok(lm_record_addressees(LM_TYPE_SETTLEMENT, &body, ids) == 2 && strcmp(ids[0], "u1") == 0 &&
               lm_record_meant_for(LM_TYPE_SETTLEMENT, &body, "s1") &&
               !lm_record_meant_for(LM_TYPE_SETTLEMENT, &body, "s2"),
           "a settlement is for its party, and its supplier");
    for (int type = 0; type < LM_TYPE_COUNT; type++) {
        memset(&body, 0, sizeof body);
        with += lm_record_addressees((enum lm_type)type, &body, ids);
    }
    tap_ok(with == 0, "and nobody is made up where members are absent");
}

int main(void) {
    struct lm_error error;
    struct lm_key keys[2];
    if (lm_crypto_start(&error) < 0 || lm_key_generate("s1", &keys[0], &error) < 0 ||
        lm_key_generate("s2", &keys[1], &error) < 0)
        return 1;
    test_sizes(&keys[0]);
    test_altered_boxes(&keys[0], &keys[1]);
    test_wycheproof();
    test_records(keys);
    test_addressees();
    lm_key_free(&keys[0]);
    lm_key_free(&keys[1]);
    return tap_done();
}
