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
#include "lib/record/canonical.h"
#include "tests/unit/tap.h"

/* RFC 8032 section 7.1, TEST 1; the same key is that of RFC 8037 appendix A.1. */
#define SEED_1 "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define KEY_1  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

/* The 1023 bytes of its TEST 1024. */
static const char *const message_1024 =
    "08b8b2b733424243760fe426a4b54908632110a66c2f6591eabd3345e3e4eb98fa6e264bf09efe12ee50f8f5"
    "4e9f77b1e355f6c50544e23fb1433ddf73be84d879de7c0046dc4996d9e773f4bc9efe5738829adb26c81b37"
    "c93a1b270b20329d658675fc6ea534e0810a4432826bf58c941efb65d57a338bbd2e26640f89ffbc1a858efc"
    "b8550ee3a5e1998bd177e93a7363c344fe6b199ee5d02e82d522c4feba15452f80288a821a579116ec6dad2b"
    "3b310da903401aa62100ab5d1a36553e06203b33890cc9b832f79ef80560ccb9a39ce767967ed628c6ad573c"
    "b116dbefefd75499da96bd68a8a97b928a8bbc103b6621fcde2beca1231d206be6cd9ec7aff6f6c94fcd7204"
    "ed3455c68c83f4a41da4af2b74ef5c53f1d8ac70bdcb7ed185ce81bd84359d44254d95629e9855a94a7c1958"
    "d1f8ada5d0532ed8a5aa3fb2d17ba70eb6248e594e1a2297acbbb39d502f1a8c6eb6f1ce22b3de1a1f40cc24"
    "554119a831a9aad6079cad88425de6bde1a9187ebb6092cf67bf2b13fd65f27088d78b7e883c8759d2c4f5c6"
    "5adb7553878ad575f9fad878e80a0c9ba63bcbcc2732e69485bbc9c90bfbd62481d9089beccf80cfe2df16a2"
    "cf65bd92dd597b0707e0917af48bbb75fed413d238f5555a7a569d80c3414a8d0859dc65a46128bab27af87a"
    "71314f318c782b23ebfe808b82b0ce26401d2e22f04d83d1255dc51addd3b75a2b1ae0784504df543af8969b"
    "e3ea7082ff7fc9888c144da2af58429ec96031dbcad3dad9af0dcbaaaf268cb8fcffead94f3c7ca495e056a9"
    "b47acdb751fb73e666c6c655ade8297297d07ad1ba5e43f1bca32301651339e22904cc8c42f58c30c04aafdb"
    "038dda0847dd988dcda6f3bfd15c4b4c4525004aa06eeff8ca61783aacec57fb3d1f92b0fe2fd1a85f672451"
    "7b65e614ad6808d6f6ee34dff7310fdc82aebfd904b01e1dc54b2927094b2db68d6f903b68401adebf5a7e08"
    "d78ff4ef5d63653a65040cf9bfd4aca7984a74d37145986780fc0b16ac451649de6188a7dbdf191f64b5fc5e"
    "2ab47b57f7f7276cd419c17a3ca8e1b939ae49e488acba6b965610b5480109c8b17b80e1b7b750dfc7598d5d"
    "5011fd2dcc5600a32ef5b52a1ecc820e308aa342721aac0943bf6686b64b2579376504ccc493d97e6aed3fb0"
    "f9cd71a43dd497f01f17c0e2cb3797aa2a2f256656168e6c496afc5fb93246f6b1116398a346f1a641f3b041"
    "e989f7914f90cc2c7fff357876e506b50d334ba77c225bc307ba537152f3f1610e4eafe595f6d9d90d11faa9"
    "33a15ef1369546868a7f3a45a96768d40fd9d03412c091c6315cf4fde7cb68606937380db2eaaa707b4c4185"
    "c32eddcdd306705e4dc1ffc872eeee475a64dfac86aba41c0618983f8741c5ef68d3a101e8a3b8cac60c905c"
    "15fc910840b94c00a0b9d0";

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
        {"278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e", message_1024,
         "0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350aa5371b1508f9f4528ecea23c"
         "4"
         "36d94b5e8fcd4f681e30a6ac00a9704a188a03"},
        {"ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
         "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a"
         "3feebbd454d4423643ce80e2a9ac94fa54ca49f",
         "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66"
         "431e0303dca179c138ac17ad9bef1177331a704"},
        {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
         "8"
         "4dc6594a7c15e9716ed28dc027beceea1ec40a"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t key[32];
        uint8_t message[1024];
        uint8_t signature[64];
        (void)unhex(vectors[i].key, key, sizeof key);
        size_t size = unhex(vectors[i].message, message, sizeof message);
        size_t signature_size = unhex(vectors[i].signature, signature, sizeof signature);
        tap_ok(lm_ed25519_verify(signature, signature_size, message, size, key),
               "RFC 8032 section 7.1: the signature over %zu bytes verifies", size);
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

/* Section 3.1's example is an RSA key: as of every key, what is hashed is the canonical form of its
 * required members. */
static void test_rfc7638(void) {
    const char *n =
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6"
        "tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5"
        "v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD0"
        "8qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU"
        "8awapJzKnqDKgw";
    json_t *jwk = json_pack("{s:s,s:s,s:s}", "kty", "RSA", "n", n, "e", "AQAB");
    struct lm_buffer canonical = {0};
    uint8_t digest[32];
    char text[LM_DIGEST_TEXT_SIZE];
    lm_canonical(jwk, NULL, &canonical);
    (void)crypto_hash_sha256(digest, (const uint8_t *)canonical.data, canonical.size);
    lm_digest_text(digest, text);
    tap_is(text, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "RFC 7638 section 3.1");
    json_decref(jwk);
    lm_buffer_free(&canonical);
}

/* The examples of section 4 sign with HS256, which lm refuses; what is signed is built as it says.
 */
static void test_rfc7797(void) {
    const char *key64 =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    static const struct {
        const char *name;
        const char *header;
        const char *payload;
        const char *mac;
    } examples[] = {
        {"RFC 7797 section 4.1", "eyJhbGciOiJIUzI1NiJ9", "JC4wMg",
         "5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ"},
        {"RFC 7797 section 4.2", "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19", "$.02",
         "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY"},
    };
    uint8_t key[64];
    tap_ok(lm_base64url_read(key64, key, sizeof key), "RFC 7797 section 4: the key reads");
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct lm_buffer input = {0};
        struct lm_error error;
        uint8_t mac[crypto_auth_hmacsha256_BYTES];
        char text[LM_DIGEST_TEXT_SIZE];
        crypto_auth_hmacsha256_state state;
        lm_jws_signing_input(examples[i].header, examples[i].payload, strlen(examples[i].payload),
                             &input);
        (void)crypto_auth_hmacsha256_init(&state, key, sizeof key);
        (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)input.data, input.size);
        (void)crypto_auth_hmacsha256_final(&state, mac);
        lm_digest_text(mac, text);
        tap_is(text, examples[i].mac, examples[i].name);
        lm_buffer_free(&input);
        const struct lm_signature signature = {.protected_header = examples[i].header,
                                               .signature = ""};
        tap_ok(lm_jws_kid(&signature, text, &error) < 0 && error.reason == LM_BAD_HEADER,
               "its header is refused");
    }
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

/* Base64url may hold any byte: a NUL does not hide what stands behind it. */
static void test_header_with_nul(void) {
    static const char header[] =
        "{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\"],"
        "\"kid\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\"}\0{\"alg\":\"none\"}";
    struct lm_buffer header64 = {0};
    struct lm_error error;
    char kid[LM_DIGEST_TEXT_SIZE];
    lm_base64url_append((const uint8_t *)header, sizeof header - 1, &header64);
    lm_buffer_byte(&header64, '\0');
    const struct lm_signature signature = {.protected_header = header64.data, .signature = ""};
    tap_ok(lm_jws_kid(&signature, kid, &error) < 0 && error.reason == LM_BAD_HEADER,
           "refused: a header with more behind a NUL");
    lm_buffer_free(&header64);
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
    struct lm_key loaded = {0};
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
    json_int_t all = json_integer_value(json_object_get(json, "numberOfTests"));
    tap_ok(count > 100 && (json_int_t)count == all && wrong == 0,
           "Wycheproof Ed25519: all of %lld as they should be", (long long)all);
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
    test_rfc7638();
    test_rfc7797();
    test_headers();
    test_header_with_nul();
    test_round_trip();
    test_key_files();
    test_key_file_is_whole();
    test_wycheproof();
    return tap_done();
}
