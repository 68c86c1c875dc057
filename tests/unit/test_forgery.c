/*
 * What is signed verifies, whatever is in it; and a signed line with a byte changed anywhere never
 * verifies as another record than it was.
 */
#include "tests/unit/tap.h"
#include "tests/world.h"

/* The record of a line that verifies, in canonical form; false where it does not. */
static bool verified(const struct world *world, const char *line, size_t size,
                     struct lm_buffer *canonical, struct lm_error *error) {
    struct lm_record record;
    lm_buffer_reset(canonical);
    if (lm_record_parse(line, size, &record, error) < 0)
        return false;
    int64_t at_s = record.wrapped ? record.entry_at_s : WORLD_NOW_S;
    bool good = lm_registry_check(world->registry, &record, at_s, NULL, error) == 0;
    if (good)
        lm_record_canonical(&record, canonical);
    lm_record_free(&record);
    return good;
}

static bool same(const struct lm_buffer *a, const struct lm_buffer *b) {
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static void test_round_trip(const struct world *world, enum lm_type type, size_t rounds) {
    uint64_t state = 1000 + (uint64_t)type;
    size_t good = 0;
    size_t in_entries = 0;
    for (size_t i = 0; i < rounds; i++) {
        struct lm_buffer line = {0};
        struct lm_buffer entry = {0};
        struct lm_buffer canonical = {0};
        struct lm_error error;
        world_signed_record(world, &state, type, &line);
        /* lm-sign writes the canonical form. */
        if (verified(world, line.data, line.size, &canonical, &error) && same(&canonical, &line))
            good++;
        else
            printf("# %s\n# %.*s\n", error.detail, (int)line.size, line.data);
        lm_buffer_text(&entry, "{\"at\":\"2016-04-01T11:00:00Z\",\"n\":3,\"record\":");
        lm_buffer_bytes(&entry, line.data, line.size);
        lm_buffer_text(&entry, ",\"type\":\"entry\",\"v\":1}");
        in_entries +=
            verified(world, entry.data, entry.size, &canonical, &error) && same(&canonical, &line);
        lm_buffer_free(&line);
        lm_buffer_free(&entry);
        lm_buffer_free(&canonical);
    }
    tap_ok(good == rounds && in_entries == rounds, "a %s that is signed verifies: %zu of %zu",
           lm_schema_of(type)->name, good, rounds);
}

/* One change at a time: of the byte at a place to another, without it, or with one more. */
static void change(uint64_t *state, const struct lm_buffer *line, size_t place, size_t how,
                   struct lm_buffer *out) {
    static const char likely[] = "\"\\{}[],: \t0123456789-+.eEaZ_/u\n\r\x7f\x80";
    char byte = draw(state) % 2 ? likely[below(state, sizeof likely)] : (char)draw(state);
    if (byte == line->data[place])
        byte ^= 1;
    lm_buffer_reset(out);
    lm_buffer_bytes(out, line->data, place);
    if (how != 1)
        lm_buffer_byte(out, byte);
    size_t from = how == 2 ? place : place + 1;
    lm_buffer_bytes(out, line->data + from, line->size - from);
}

static void test_changes(const struct world *world, enum lm_type type, size_t records,
                         size_t rounds) {
    uint64_t state = 2000 + (uint64_t)type;
    struct lm_buffer changed = {0};
    struct lm_buffer canonical = {0};
    size_t forged = 0;
    size_t tried = 0;
    for (size_t i = 0; i < records; i++) {
        struct lm_buffer line = {0};
        world_signed_record(world, &state, type, &line);
        for (size_t place = 0; place < line.size; place++) {
            for (size_t round = 0; round < rounds; round++) {
                struct lm_error error;
                change(&state, &line, place, round % 3, &changed);
                tried++;
                if (!verified(world, changed.data, changed.size, &canonical, &error) ||
                    same(&canonical, &line))
                    continue;
                forged++;
                printf("# %.*s\n", (int)changed.size, changed.data);
            }
        }
        lm_buffer_free(&line);
    }
    tap_ok(forged == 0 && tried > 0, "a %s with a byte changed is no other one: %zu changes",
           lm_schema_of(type)->name, tried);
    lm_buffer_free(&changed);
    lm_buffer_free(&canonical);
}

/* A signature of one record is none of another's, nor of somebody else. */
static void test_swaps(const struct world *world) {
    uint64_t state = 3;
    bool refused = true;
    for (size_t i = 0; i < 50; i++) {
        struct lm_buffer lines[2] = {{0}, {0}};
        struct lm_buffer canonical = {0};
        struct lm_error error;
        world_signed_record(world, &state, LM_TYPE_ORDER, &lines[0]);
        world_signed_record(world, &state, LM_TYPE_ORDER, &lines[1]);
        json_t *one = lm_json_parse(lines[0].data, lines[0].size, &error);
        json_t *other = lm_json_parse(lines[1].data, lines[1].size, &error);
        (void)json_object_set(one, "sig", json_object_get(other, "sig"));
        lm_buffer_reset(&lines[0]);
        lm_canonical(one, NULL, &lines[0]);
        refused = refused && !verified(world, lines[0].data, lines[0].size, &canonical, &error) &&
                  error.reason == LM_BAD_SIGNATURE;
        json_decref(one);
        json_decref(other);
        lm_buffer_free(&lines[0]);
        lm_buffer_free(&lines[1]);
        lm_buffer_free(&canonical);
    }
    tap_ok(refused, "another order's signature does not fit");
}

int main(void) {
    /* Under valgrind every signature takes its time. */
    bool quick = getenv("LM_QUICK") != NULL;
    struct world world;
    world_start(&world);
    for (int type = 0; type < LM_TYPE_COUNT; type++) {
        if (!lm_type_signable((enum lm_type)type))
            continue;
        test_round_trip(&world, (enum lm_type)type, quick ? 2 : 100);
        test_changes(&world, (enum lm_type)type, quick ? 1 : 2, quick ? 1 : 3);
    }
    test_swaps(&world);
    world_end(&world);
    return tap_done();
}
