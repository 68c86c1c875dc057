/*
 * Any text as a protected header, any JSON as one, any object as a record's signature: what is
 * accepted has exactly the four members, as a reader of its own finds them here, and the kid that
 * stands there; in another spelling it names the same key, or is refused.
 */
#include "lib/crypto/jws.h"

#include <string.h>

#include "lib/record/canonical.h"
#include "lib/record/record.h"
#include "tests/fuzz/fuzz.h"

#define HEADER_MAX 512

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* ---- base64url and JSON, read here ---- */

static size_t encode(const char *bytes, size_t size, char *text) {
    uint32_t bits = 0;
    unsigned count = 0;
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | (uint8_t)bytes[i];
        for (count += 8; count >= 6; count -= 6)
            text[length++] = alphabet[bits >> (count - 6) & 63];
    }
    if (count > 0)
        text[length++] = alphabet[bits << (6 - count) & 63];
    text[length] = '\0';
    return length;
}

/* Of one encoding each: stray bits and single characters are none. False where TEXT is not that. */
static bool decode(const char *text, char *bytes, size_t *size) {
    uint32_t bits = 0;
    unsigned count = 0;
    *size = 0;
    for (; *text; text++) {
        const char *at = strchr(alphabet, *text);
        if (!at || *size == HEADER_MAX)
            return false;
        bits = bits << 6 | (uint32_t)(at - alphabet);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes[(*size)++] = (char)(bits >> count);
        }
    }
    return count < 6 && (bits & ((1U << count) - 1)) == 0;
}

struct reader {
    const char *at;
    const char *end;
};

static void skip_space(struct reader *reader) {
    while (reader->at < reader->end && *reader->at && strchr(" \t\r\n", *reader->at))
        reader->at++;
}

static bool take(struct reader *reader, char wanted) {
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != wanted)
        return false;
    reader->at++;
    return true;
}

static bool take_word(struct reader *reader, const char *word) {
    if (!take(reader, word[0]))
        return false;
    for (word++; *word; word++, reader->at++) {
        if (reader->at == reader->end || *reader->at != *word)
            return false;
    }
    return true;
}

/* A string of printable ASCII, each character as such, or as an escape. */
static bool take_string(struct reader *reader, char text[HEADER_MAX]) {
    size_t size = 0;
    if (!take(reader, '"'))
        return false;
    while (reader->at < reader->end && *reader->at != '"') {
        char c = *reader->at++;
        if (c == '\\' && reader->at < reader->end) {
            char kind = *reader->at++;
            unsigned code = 0;
            if (kind == 'u' && reader->end - reader->at >= 4) {
                char digits[5] = {0};
                memcpy(digits, reader->at, 4);
                if (strspn(digits, "0123456789abcdefABCDEF") != 4)
                    return false;
                code = (unsigned)strtoul(digits, NULL, 16);
                reader->at += 4;
            } else if (kind == '/' || kind == '\\' || kind == '"') {
                code = (unsigned char)kind;
            }
            if (code < 0x20 || code > 0x7E)
                return false;
            c = (char)code;
        }
        if (c < 0x20 || c > 0x7E || size == HEADER_MAX - 1)
            return false;
        text[size++] = c;
    }
    text[size] = '\0';
    return take(reader, '"');
}

/* The header's kid, where it is exactly what RFC 7515 and RFC 7797 want of it here. */
static bool read_header(const char *bytes, size_t size, char kid[HEADER_MAX]) {
    static const char *const names[] = {"alg", "b64", "crit", "kid"};
    struct reader reader = {bytes, bytes + size};
    bool seen[4] = {false};
    char name[HEADER_MAX];
    char value[HEADER_MAX];
    if (!take(&reader, '{'))
        return false;
    for (size_t member = 0; member < 4; member++) {
        size_t i = 0;
        if ((member > 0 && !take(&reader, ',')) || !take_string(&reader, name) ||
            !take(&reader, ':'))
            return false;
        while (i < 4 && strcmp(names[i], name) != 0)
            i++;
        if (i == 4 || seen[i])
            return false;
        seen[i] = true;
        bool right = i == 0 ? take_string(&reader, value) &&
                                  (strcmp(value, "EdDSA") == 0 || strcmp(value, "Ed25519") == 0)
                     : i == 1 ? take_word(&reader, "false")
                     : i == 2 ? take(&reader, '[') && take_string(&reader, value) &&
                                    strcmp(value, "b64") == 0 && take(&reader, ']')
                              : take_string(&reader, kid) && strlen(kid) == 43;
        if (!right)
            return false;
    }
    if (!take(&reader, '}'))
        return false;
    skip_space(&reader);
    return reader.at == reader.end;
}

/* ---- the properties ---- */

static bool kid_of(const char *text, char kid[LM_DIGEST_TEXT_SIZE]) {
    struct lm_error error = {0};
    const struct lm_signature signature = {.protected_header = text, .signature = ""};
    int result = lm_jws_kid(&signature, kid, &error);
    HOLDS(result == 0 || error.reason == LM_BAD_HEADER);
    return result == 0;
}

/* True, with the kid, where it is accepted. */
static bool check_text(const char *text, char kid[LM_DIGEST_TEXT_SIZE]) {
    char bytes[HEADER_MAX];
    char again[HEADER_MAX * 2];
    char found[HEADER_MAX];
    char key[HEADER_MAX];
    size_t size;
    if (!kid_of(text, kid))
        return false;
    HOLDS(decode(text, bytes, &size));
    (void)encode(bytes, size, again);
    HOLDS(strcmp(again, text) == 0);
    HOLDS(read_header(bytes, size, found));
    HOLDS(strlen(kid) == 43 && strcmp(kid, found) == 0);
    HOLDS(decode(kid, key, &size) && size == 32);
    return true;
}

/* An accepted header in other spellings. PICK chooses one. */
static void respell(const char *text, const char *kid, size_t pick) {
    char other[HEADER_MAX * 2];
    char changed[LM_DIGEST_TEXT_SIZE];
    char json[HEADER_MAX];
    size_t length = strlen(text);
    /* Written otherwise as JSON: the same key. */
    static const char *const forms[][2] = {
        {"{\"kid\":\"", "\",\"crit\":[\"b64\"],\"b64\":false,\"alg\":\"EdDSA\"}"},
        {" { \"b64\" : false,\n\"alg\" :\"\\u0045dDSA\",\t\"kid\": \"",
         "\" ,\"crit\": [ \"b64\" ] } "},
        {"{\"alg\":\"Ed25519\",\"b64\":false,\"crit\":[\"b64\"],\"\\u006bid\":\"", "\"}"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t size = strlen(forms[i][0]);
        memcpy(json, forms[i][0], size);
        memcpy(json + size, kid, 43);
        strcpy(json + size + 43, forms[i][1]);
        (void)encode(json, strlen(json), other);
        HOLDS(check_text(other, changed) && strcmp(changed, kid) == 0);
    }
    /* Written otherwise as base64: no header. */
    static const char *const tails[] = {"=", "==", "\n", " ", "A", ".", "%3D"};
    memcpy(other, text, length);
    strcpy(other + length, tails[pick % 7]);
    HOLDS(!kid_of(other, changed));
    other[length] = '\0';
    /* A character changed: no header, or one in which what stands is what is named. */
    other[pick % length] = alphabet[pick / length % 64];
    if (check_text(other, changed) && strcmp(other, text) != 0) {
        char before[HEADER_MAX];
        char after[HEADER_MAX];
        size_t size;
        HOLDS(decode(text, before, &size) && decode(other, after, &size));
        HOLDS(memcmp(before, after, size) != 0);
    }
}

static void check_header_text(const char *text, size_t pick) {
    char kid[LM_DIGEST_TEXT_SIZE];
    if (check_text(text, kid))
        respell(text, kid, pick);
}

/* As a record's signature: two members, and nothing that nobody signed. */
static void check_signature(const char *object, size_t size, size_t pick) {
    /* RFC 8032 section 7.1, test 1. */
    static const uint8_t public_key[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                           0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                           0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                           0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    struct lm_error error;
    struct lm_record record;
    struct lm_buffer line = {0};
    /* It does not end early and go on as members of the record. */
    json_t *json = lm_json_parse(object, size, &error);
    bool whole = json_is_object(json);
    size_t members = json_object_size(json);
    json_decref(json);
    if (!whole)
        return;
    lm_buffer_text(&line, "{\"digests\":[],\"sig\":");
    lm_buffer_bytes(&line, object, size);
    lm_buffer_text(&line, ",\"type\":\"firmware\",\"v\":1,"
                          "\"valid\":\"2016-01-01T00:00Z/2017-01-01T00:00Z\"}");
    HOLDS(lm_buffer_ok(&line));
    if (lm_record_parse(line.data, line.size, &record, &error) == 0) {
        const struct lm_signature *signature = &record.signature;
        HOLDS(members == 2 && signature->protected_header && signature->signature);
        HOLDS(strspn(signature->signature, alphabet) == strlen(signature->signature));
        HOLDS(lm_jws_verify(signature, public_key, "{}", 2, &error) < 0);
        check_header_text(signature->protected_header, pick);
        lm_record_free(&record);
    }
    lm_buffer_free(&line);
}

/* The first byte says what the rest is, behind two that choose among changes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool started;
    struct lm_error error;
    if (!started)
        HOLDS(lm_crypto_start(&error) == 0);
    started = true;
    if (size < 3 || size > 2 * HEADER_MAX)
        return 0;
    char bytes[2 * HEADER_MAX + 1];
    char text[4 * HEADER_MAX];
    size_t pick = (size_t)data[1] << 8 | data[2];
    size -= 3;
    memcpy(bytes, data + 3, size);
    bytes[size] = '\0';
    switch (data[0]) {
    case 's':
        check_signature(bytes, size, pick);
        break;
    case 't':
        check_header_text(bytes, pick);
        break;
    default:
        (void)encode(bytes, size, text);
        check_header_text(text, pick);
    }
    return 0;
}
