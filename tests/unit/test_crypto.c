/*
 * Signatures, thumbprints and key files against the examples of the RFCs and public test data.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/crypto/jws.h"
#include "tests/unit/tap.h"

/* RFC 8032 section 7.1, TEST 1; the same key is that of RFC 8037 appendix A.1. */
#define SEED_1 "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define KEY_1  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

static size_t unhex(const char *hex, uint8_t *bytes, size_t room) {
    size_t size = 0;
    if (sodium_hex2bin(bytes, room, hex, strlen(hex), NULL, &size, NULL) != 0)
        return SIZE_MAX;
    return size;
}

static void test_rfc8032(void) {
    static const struct {
        const char *key;
        const char *message;
        const char *signature;
    } vectors[] = {
        {KEY_1, "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "c"
         "f9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0"
         "f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
         "8"
         "4dc6594a7c15e9716ed28dc027beceea1ec40a"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t key[32];
        uint8_t message[8];
        uint8_t signature[64];
        (void)unhex(vectors[i].key, key, sizeof key);
        size_t size = unhex(vectors[i].message, message, sizeof message);
        size_t signature_size = unhex(vectors[i].signature, signature, sizeof signature);
        tap_ok(lm_ed25519_verify(signature, signature_size, message, size, key),
               "RFC 8032 section 7.1 TEST %zu verifies", i + 1);
        bool refused = true;
        for (size_t k = 0; k < 8 * sizeof signature; k++) {
            signature[k / 8] ^= (uint8_t)(1 << k % 8);
            refused = refused && !lm_ed25519_verify(signature, 64, message, size, key);
            signature[k / 8] ^= (uint8_t)(1 << k % 8);
        }
        tap_ok(refused, "and with any bit of it flipped it does not");
        tap_ok(!lm_ed25519_verify(signature, 63, message, size, key), "nor a byte short");
    }
}

static void test_rfc8037(void) {
    const struct lm_jwk jwk = {
        .crv = "Ed25519", .kty = "OKP", .x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"};
    char kid[LM_DIGEST_TEXT_SIZE];
    lm_jwk_thumbprint(&jwk, kid);
    tap_is(kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "RFC 8037 appendix A.3: thumbprint");

    /* Appendix A.4, where the payload is encoded: to the signing input that is all the same. */
    const struct lm_signature signature = {
        .protected_header = "eyJhbGciOiJFZERTQSJ9",
        .signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvp"
                     "Ar_MuM0KAg"};
    const char *payload = "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    struct lm_error error;
    uint8_t key[32];
    tap_ok(lm_base64url_read(jwk.x, key, sizeof key), "its key reads");
    tap_ok(lm_jws_verify(&signature, key, payload, strlen(payload), &error) == 0,
           "RFC 8037 appendix A.5: the signature of A.4 verifies");
    tap_ok(lm_jws_verify(&signature, key, payload, strlen(payload) - 1, &error) < 0 &&
               error.reason == LM_BAD_SIGNATURE,
           "but not over another payload");
    tap_ok(lm_jws_kid(&signature, kid, &error) < 0 && error.reason == LM_BAD_HEADER,
           "and its header, without b64, crit and kid, is none of ours");
}

/* Section 4.2 signs with HS256, which lm refuses; what is signed is built as it says. */
static void test_rfc7797(void) {
    const char *key64 =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const char *header = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19";
    struct lm_buffer input = {0};
    struct lm_error error;
    uint8_t key[64];
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    char text[LM_DIGEST_TEXT_SIZE];
    crypto_auth_hmacsha256_state state;
    tap_ok(lm_base64url_read(key64, key, sizeof key), "RFC 7797 section 4: the key reads");
    lm_jws_signing_input(header, "$.02", 4, &input);
    (void)crypto_auth_hmacsha256_init(&state, key, sizeof key);
    (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)input.data, input.size);
    (void)crypto_auth_hmacsha256_final(&state, mac);
    lm_digest_text(mac, text);
    tap_is(text, "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY", "RFC 7797 section 4.2: the input");
    lm_buffer_free(&input);
    const struct lm_signature signature = {.protected_header = header, .signature = ""};
    tap_ok(lm_jws_kid(&signature, text, &error) < 0 && error.reason == LM_BAD_HEADER,
           "a header of HS256 is refused");
}

static void test_headers(void) {
    static const struct {
        const char *header;
        bool allowed;
    } headers[] = {
        {"{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"%s\"}", true},
        {"{\"alg\":\"Ed25519\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"%s\"}", true},
        {"{ \"kid\": \"%s\", \"crit\": [\"b64\"], \"b64\": false, \"alg\": \"EdDSA\" }", true},
        {"{\"alg\":\"none\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"%s\"}", false},
        {"{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"%s\"}", false},
        {"{\"alg\":\"EdDSA\",\"b64\":true,\"crit\":[\"b64\"],\"kid\":\"%s\"}", false},
        {"{\"alg\":\"EdDSA\",\"b64\":false,\"kid\":\"%s\"}", false},
        {"{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[],\"kid\":\"%s\"}", false},
        {"{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\",\"exp\"],\"kid\":\"%s\"}", false},
        {"{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"exp\"],\"kid\":\"%s\"}", false},
        {"{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"%s\",\"jwk\":{}}", false},
        {"{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"%s\"}",
         false},
        {"{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"%s=\"}", false},
        {"{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"u1\"}", false},
        {"[]", false},
        {"", false},
    };
    const char *kid = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct lm_buffer json = {0};
        struct lm_buffer header64 = {0};
        struct lm_error error;
        char found[LM_DIGEST_TEXT_SIZE];
        const char *hole = strstr(headers[i].header, "%s");
        size_t before = hole ? (size_t)(hole - headers[i].header) : strlen(headers[i].header);
        lm_buffer_bytes(&json, headers[i].header, before);
        if (hole) {
            lm_buffer_text(&json, kid);
            lm_buffer_text(&json, hole + 2);
        }
        lm_base64url_append((const uint8_t *)json.data, json.size, &header64);
        lm_buffer_byte(&header64, '\0');
        const struct lm_signature signature = {.protected_header = header64.data, .signature = ""};
        bool allowed = lm_jws_kid(&signature, found, &error) == 0;
        tap_ok(allowed == headers[i].allowed && (!allowed || strcmp(found, kid) == 0), "%s: %s",
               headers[i].allowed ? "allowed" : "refused", headers[i].header);
        lm_buffer_free(&json);
        lm_buffer_free(&header64);
    }
}

/* What a key signs, its public half verifies, and every altered byte is noticed. */
static void test_round_trip(void) {
    struct lm_key key;
    struct lm_error error;
    struct lm_buffer jws = {0};
    const char *payload = "{\"a\":1}";
    if (!tap_ok(lm_key_generate("u1", &key, &error) == 0, "a key is made"))
        return;
    lm_jws_sign(&key, payload, strlen(payload), &jws);
    json_error_t json_error;
    json_t *json = json_loadb(jws.data, jws.size, 0, &json_error);
    const struct lm_signature signature = {
        .protected_header = json_string_value(json_object_get(json, "protected")),
        .signature = json_string_value(json_object_get(json, "signature"))};
    char kid[LM_DIGEST_TEXT_SIZE];
    tap_ok(lm_jws_kid(&signature, kid, &error) == 0 && strcmp(kid, key.kid) == 0,
           "its signature names its thumbprint");
    tap_ok(lm_jws_verify(&signature, key.sign_public, payload, strlen(payload), &error) == 0,
           "and verifies");
    bool refused = true;
    char altered[8];
    for (size_t i = 0; i < strlen(payload); i++) {
        memcpy(altered, payload, sizeof altered);
        altered[i] ^= 1;
        refused = refused &&
                  lm_jws_verify(&signature, key.sign_public, altered, strlen(payload), &error) < 0;
    }
    tap_ok(refused, "but not over a payload with a bit flipped");
    json_decref(json);
    lm_buffer_free(&jws);
    lm_key_free(&key);
}

static void test_key_files(void) {
    char folder[] = "/tmp/lm-test-XXXXXX";
    char path[64];
    char link_path[64];
    struct lm_key key;
    struct lm_key loaded;
    struct lm_error error;
    struct stat status;
    const struct lm_key_saving fresh = {0};
    const struct lm_key_saving again = {.replace = true};
    if (!tap_ok(mkdtemp(folder) != NULL && lm_key_generate("u1", &key, &error) == 0, "a folder"))
        return;
    (void)snprintf(path, sizeof path, "%s/u1.jwk", folder);
    (void)snprintf(link_path, sizeof link_path, "%s/link.jwk", folder);
    (void)umask(0);
    tap_ok(lm_key_save(path, &key, &fresh, &error) == 0 && stat(path, &status) == 0 &&
               (status.st_mode & 07777) == 0600,
           "a key file has mode 0600, whatever the umask");
    tap_ok(lm_key_save(path, &key, &fresh, &error) < 0 && error.reason == LM_EXISTS,
           "an existing file is not overwritten");
    tap_ok(symlink("nowhere", link_path) == 0 && lm_key_save(link_path, &key, &fresh, &error) < 0 &&
               error.reason == LM_EXISTS,
           "nor is a symbolic link followed, even one that leads nowhere");
    tap_ok(lm_key_load(path, NULL, &loaded, &error) == 0 && strcmp(loaded.id, "u1") == 0 &&
               strcmp(loaded.kid, key.kid) == 0 && strcmp(loaded.seal_kid, key.seal_kid) == 0 &&
               memcmp(loaded.sign_secret, key.sign_secret, 64) == 0 &&
               memcmp(loaded.seal_secret, key.seal_secret, 32) == 0,
           "what was saved is loaded");
    lm_key_free(&loaded);
    tap_ok(chmod(path, 0640) == 0 && lm_key_load(path, NULL, &loaded, &error) < 0 &&
               error.reason == LM_PERMISSION,
           "a file that the group can read is refused");
    tap_ok(chmod(path, 0600) == 0 && truncate(path, 100) == 0 &&
               lm_key_load(path, NULL, &loaded, &error) < 0 && error.reason == LM_BAD_KEY,
           "a truncated one is no key file");
    tap_ok(lm_key_save(path, &key, &again, &error) == 0 &&
               lm_key_load(path, NULL, &loaded, &error) == 0,
           "with replace it takes the old one's place");
    lm_key_free(&loaded);
    tap_ok(lm_key_load(folder, NULL, &loaded, &error) < 0 && error.reason == LM_BAD_KEY,
           "a folder is no key file");
    (void)unlink(path);
    tap_ok(lm_key_load(path, NULL, &loaded, &error) < 0 && error.reason == LM_NO_INPUT,
           "nor is what is not there");
    (void)unlink(link_path);
    (void)rmdir(folder);
    lm_key_free(&key);
}

/* Whoever waits for a key file finds it whole, as lm-sign does behind lm-keygen in a pipe. */
static void test_key_file_is_whole(void) {
    char folder[] = "/tmp/lm-test-XXXXXX";
    char path[64];
    struct lm_key key;
    struct lm_error error;
    int torn = 0;
    if (!tap_ok(mkdtemp(folder) != NULL && lm_key_generate("u1", &key, &error) == 0, "a folder"))
        return;
    (void)snprintf(path, sizeof path, "%s/u1.jwk", folder);
    for (int i = 0; i < 100; i++) {
        pid_t reader = fork();
        if (reader == 0) {
            char text[8192];
            int fd;
            while ((fd = open(path, O_RDONLY)) < 0)
                ;
            ssize_t size = read(fd, text, sizeof text);
            _exit(size <= 0 || text[size - 1] != '\n');
        }
        int status = 1;
        int saved = lm_key_save(path, &key, &(struct lm_key_saving){0}, &error);
        torn += reader < 0 || saved < 0 || waitpid(reader, &status, 0) != reader || status != 0;
        (void)unlink(path);
    }
    tap_ok(torn == 0, "a reader that waits for a key file never finds a part of it: %d did", torn);
    (void)rmdir(folder);
    lm_key_free(&key);
}

/* Every group of Wycheproof's EdDSA tests: what is valid is accepted, what is not refused. */
static void test_wycheproof(void) {
    const char *folder = getenv("LM_VECTORS");
    char path[4096];
    json_error_t json_error;
    (void)snprintf(path, sizeof path, "%s/wycheproof/ed25519_test.json",
                   folder ? folder : "../shared/vectors");
    json_t *json = json_load_file(path, 0, &json_error);
    if (!json) {
        tap_skip("Wycheproof Ed25519", "no public vectors (set LM_VECTORS)");
        return;
    }
    const json_t *groups = json_object_get(json, "testGroups");
    size_t wrong = 0;
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        const json_t *tests = json_object_get(group, "tests");
        const json_t *public_key = json_object_get(group, "publicKey");
        uint8_t key[32];
        size_t key_size = unhex(json_string_value(json_object_get(public_key, "pk")), key, 32);
        for (size_t k = 0; key_size == 32 && k < json_array_size(tests); k++) {
            const json_t *test = json_array_get(tests, k);
            static uint8_t message[4096];
            static uint8_t signature[4096];
            size_t size = unhex(json_string_value(json_object_get(test, "msg")), message, 4096);
            size_t signature_size =
                unhex(json_string_value(json_object_get(test, "sig")), signature, 4096);
            bool valid = strcmp(json_string_value(json_object_get(test, "result")), "valid") == 0;
            count++;
            if (lm_ed25519_verify(signature, signature_size, message, size, key) != valid) {
                wrong++;
                printf("# test %lld\n",
                       (long long)json_integer_value(json_object_get(test, "tcId")));
            }
        }
    }
    tap_ok(count > 100 && wrong == 0, "Wycheproof Ed25519: all of %zu as they should be", count);
    json_decref(json);
}

static void test_base64url(void) {
    uint8_t bytes[2];
    tap_ok(lm_base64url_read("_-8", bytes, 2) && bytes[0] == 0xFF && bytes[1] == 0xEF,
           "base64url has - and _");
    tap_ok(!lm_base64url_read("_-8=", bytes, 2), "no padding");
    tap_ok(!lm_base64url_read("/+8", bytes, 2), "not base64's letters");
    tap_ok(!lm_base64url_read("_-9", bytes, 2), "no bits behind the last byte");
    tap_ok(!lm_base64url_read("_-", bytes, 2) && !lm_base64url_read("_-8A", bytes, 2),
           "exactly so many bytes");
    tap_ok(!lm_base64url_read("_- 8", bytes, 2) && !lm_base64url_read("_-8\n", bytes, 2),
           "nothing between or behind");
}

int main(void) {
    struct lm_error error;
    if (lm_crypto_start(&error) < 0)
        return 1;
    test_base64url();
    test_rfc8032();
    test_rfc8037();
    test_rfc7797();
    test_headers();
    test_round_trip();
    test_key_files();
    test_key_file_is_whole();
    test_wycheproof();
    return tap_done();
}
