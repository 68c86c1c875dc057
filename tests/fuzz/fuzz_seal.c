/*
 * Any bytes around and in a sealed box. The first byte says what the rest is: the line of a sealed
 * record; the bytes of a box; or what is in a box that opens. What comes out is one canonical line
 * of a record that is meant for the key's owner; everything else has a reason that lm-open tells.
 */
#include <sodium.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/crypto/seal.h"
#include "lib/registry/addressee.h"
#include "lib/registry/sealed.h"
#include "tests/fuzz/fuzz.h"

static struct lm_key key;

static void start(void) {
    struct lm_error error;
    static const uint8_t seed[32] = "the same key in every run";
    if (key.seal_secret)
        return;
    HOLDS(lm_crypto_start(&error) == 0);
    HOLDS(lm_key_generate("m1", &key, &error) == 0);
    HOLDS(crypto_box_seed_keypair(key.seal_public, key.seal_secret, seed) == 0);
    lm_key_name(&key);
}

/* Opens a line, and checks what is said of it or comes out of it. */
static bool open_line(const char *line, size_t size) {
    struct lm_record record;
    struct lm_record inner;
    struct lm_error error;
    struct lm_buffer out = {0};
    struct lm_buffer again = {0};
    if (lm_record_parse(line, size, &record, &error) < 0)
        return false;
    bool opened = record.type == LM_TYPE_SEALED;
    bool wrapped = record.wrapped;
    if (opened && lm_record_open(&record, &key, 1, &out, &error) < 0) {
        opened = false;
        HOLDS(out.size == 0);
        HOLDS(error.reason == LM_WRONG_ADDRESSEE || error.reason == LM_OTHER_KEY ||
              error.reason == LM_BOX_SIZE || error.reason == LM_BAD_BOX ||
              error.reason == LM_BAD_PADDING || error.reason == LM_BAD_CONTENT ||
              error.reason == LM_BAD_MEMBER);
    }
    lm_record_free(&record);
    if (opened) {
        HOLDS(!memchr(out.data, '\n', out.size));
        HOLDS(lm_record_parse(out.data, out.size, &inner, &error) == 0);
        HOLDS(inner.wrapped == wrapped && inner.type != LM_TYPE_SEALED);
        HOLDS(lm_record_meant_for(inner.type, &inner.as, "m1"));
        if (!wrapped) {
            lm_record_canonical(&inner, &again);
            HOLDS(again.size == out.size && memcmp(again.data, out.data, out.size) == 0);
        }
        lm_record_free(&inner);
    }
    lm_buffer_free(&out);
    lm_buffer_free(&again);
    return opened;
}

static bool open_base64(const struct lm_buffer *box, bool wrapped) {
    struct lm_buffer line = {0};
    lm_buffer_text(&line, wrapped ? "{\"at\":\"2016-04-01T10:00:00Z\",\"n\":1,\"record\":" : "");
    lm_buffer_text(&line, "{\"box\":\"");
    lm_buffer_bytes(&line, box->data, box->size);
    lm_buffer_format(&line, "\",\"kid\":\"%s\",\"to\":\"m1\",\"type\":\"sealed\",\"v\":1}",
                     key.seal_kid);
    lm_buffer_text(&line, wrapped ? ",\"type\":\"entry\",\"v\":1}" : "");
    HOLDS(lm_buffer_ok(&line));
    bool opened = open_line(line.data, line.size);
    lm_buffer_free(&line);
    return opened;
}

/* Whatever is sealed comes out as it was, and does not where a bit of the box is another. */
static void seal_and_open(const char *text, size_t size, bool wrapped) {
    struct lm_buffer box = {0};
    struct lm_buffer out = {0};
    struct lm_error error;
    HOLDS(lm_seal_box(text, size, key.seal_public, &box, &error) == 0);
    HOLDS(box.size ==
          ((size / 256 + 1) * 256 + 48) / 3 * 4 +
              (((size / 256 + 1) * 256 + 48) % 3 ? ((size / 256 + 1) * 256 + 48) % 3 + 1 : 0));
    if (size < 48000)
        (void)open_base64(&box, wrapped);
    lm_buffer_byte(&box, '\0');
    HOLDS(lm_open_box(box.data, key.seal_public, key.seal_secret, &out, &error) == 0);
    HOLDS(out.size == size && memcmp(out.data, text, size) == 0);
    size_t at = size % (box.size - 2);
    box.data[at] = box.data[at] == 'A' ? 'B' : 'A';
    lm_buffer_reset(&out);
    HOLDS(lm_open_box(box.data, key.seal_public, key.seal_secret, &out, &error) < 0);
    HOLDS(out.size == 0 && error.reason == LM_BAD_BOX);
    lm_buffer_free(&box);
    lm_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    start();
    if (size < 1)
        return 0;
    const uint8_t *bytes = data + 1;
    size--;
    switch (data[0] % 4) {
    case 0:
        (void)open_line((const char *)bytes, size);
        break;
    case 1: {
        struct lm_buffer box = {0};
        lm_base64url_append(bytes, size, &box);
        HOLDS(lm_buffer_ok(&box) && !open_base64(&box, false));
        lm_buffer_free(&box);
        break;
    }
    default:
        /* An empty text is none that may be passed as NULL. */
        seal_and_open(size ? (const char *)bytes : "", size, data[0] % 4 == 3);
    }
    return 0;
}
