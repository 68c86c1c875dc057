/*
 * Who has no key makes no record: whatever line verifies is, in canonical form, one of those that
 * were signed. The input is such a line with changes, byte by byte, or any bytes as a line.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/world.h"

#define GENUINE_MAX 64

static struct world world;
static struct lm_buffer genuine[GENUINE_MAX];
static size_t genuine_count;

/* Two of each type that is signed, one of each in an entry. */
static void make_genuine(void) {
    uint64_t state = 7;
    world_start(&world);
    for (int type = 0; type < LM_TYPE_COUNT; type++) {
        if (!lm_type_signable((enum lm_type)type))
            continue;
        HOLDS(genuine_count + 2 <= GENUINE_MAX);
        world_signed_record(&world, &state, (enum lm_type)type, &genuine[genuine_count++]);
        world_signed_record(&world, &state, (enum lm_type)type, &genuine[genuine_count++]);
    }
}

static bool is_genuine(const struct lm_record *record) {
    struct lm_buffer canonical = {0};
    bool found = false;
    lm_record_canonical(record, &canonical);
    for (size_t i = 0; i < genuine_count && !found; i++)
        found = canonical.size == genuine[i].size &&
                memcmp(canonical.data, genuine[i].data, canonical.size) == 0;
    lm_buffer_free(&canonical);
    return found;
}

static void check(const char *line, size_t size) {
    struct lm_record record;
    struct lm_error error;
    if (lm_record_parse(line, size, &record, &error) < 0)
        return;
    int64_t at_s = record.wrapped ? record.entry_at_s : WORLD_NOW_S;
    const char *signer;
    if (lm_registry_check(world.registry, &record, at_s, &signer, &error) == 0 || signer)
        HOLDS(is_genuine(&record));
    lm_record_free(&record);
}

/* Changes: three bytes each, of what kind, where, and to what. */
static void change(const uint8_t *data, size_t size, struct lm_buffer *line) {
    for (; size >= 4 && line->size > 0; data += 4, size -= 4) {
        size_t place = ((size_t)data[1] << 8 | data[2]) % line->size;
        char byte = (char)data[3];
        char *at = lm_buffer_reserve(line, 1) ? line->data + place : NULL;
        HOLDS(at);
        switch (data[0] % 4) {
        case 0:
            *at = byte;
            break;
        case 1:
            memmove(at + 1, at, line->size - place);
            *at = byte;
            line->size++;
            break;
        case 2:
            memmove(at, at + 1, line->size - place - 1);
            line->size--;
            break;
        default: /* with a place that data[3] names */
            byte = *at;
            *at = line->data[(size_t)data[3] * line->size / 256];
            line->data[(size_t)data[3] * line->size / 256] = byte;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (genuine_count == 0)
        make_genuine();
    if (size < 2)
        return 0;
    if (data[0] == '{') {
        check((const char *)data, size);
        return 0;
    }
    struct lm_buffer line = {0};
    const struct lm_buffer *from = &genuine[data[1] % genuine_count];
    if (data[0] & 1)
        lm_buffer_text(&line, "{\"at\":\"2016-04-01T11:00:00Z\",\"n\":3,\"record\":");
    lm_buffer_bytes(&line, from->data, from->size);
    if (data[0] & 1)
        lm_buffer_text(&line, ",\"type\":\"entry\",\"v\":1}");
    change(data + 2, size - 2, &line);
    check(line.data, line.size);
    lm_buffer_free(&line);
    return 0;
}
