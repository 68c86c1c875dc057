/*
 * Every record type, driven by its table: examples are made up by kind, and what a table says is
 * required, ill-typed or unknown is then required, ill-typed or unknown indeed.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "lib/record/canonical.h"
#include "lib/record/record.h"
#include "tests/unit/tap.h"

#define DIGEST "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

/* How each kind is spelled, how it is not, and the size of its C type: the kinds once more. */
static const struct kind {
    json_type json;
    const char *good; /* JSON */
    const char *bad[12];
    size_t size;
} kinds[] = {
    [LM_KIND_ID] = {JSON_STRING,
                    "\"u-1.A_b:2\"",
                    {"\"\"", "\"a b\"", "\"\\u00e9\"", "\"a/b\"", "\"a\\n\"",
                     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""},
                    sizeof(char *)},
    [LM_KIND_TEXT] = {JSON_STRING, "\"any text: \\u20ac \\\"\\n\\u0001\"", {0}, sizeof(char *)},
    [LM_KIND_CURRENCY] = {JSON_STRING,
                          "\"EUR\"",
                          {"\"\"", "\"eur\"", "\"EU\"", "\"EURO\"", "\"E1R\""},
                          sizeof(char *)},
    [LM_KIND_ZONE] = {JSON_STRING,
                      "\"Europe/Brussels\"",
                      {"\"\"", "\"../../etc/passwd\"", "\"/etc/localtime\"", "\"localtime\"",
                       "\"Europe/\""},
                      sizeof(char *)},
    [LM_KIND_DIGEST] = {JSON_STRING,
                        "\"" DIGEST "\"",
                        {"\"\"", "\"47DEQpj8HBSa\"",
                         "\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuF\"", "\"" DIGEST "A\"",
                         "\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"",
                         /* two bits behind the last byte are set */
                         "\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFV\"", "\"" DIGEST "=\""},
                        sizeof(char *)},
    [LM_KIND_BINARY] = {JSON_STRING,
                        "\"AQID-_8\"",
                        {"\"A\"", "\"AA==\"", "\"AB\"", "\"AAB\"", "\"a b\"", "\"++++\"",
                         "\"AAAAA\""},
                        sizeof(char *)},
    [LM_KIND_PRICE_RULE] = {JSON_STRING,
                            "\"k=0.25\"",
                            {"\"\"", "\"middle\"", "\"k=\"", "\"k=1.1\"", "\"k=-0.1\"", "\"k=.5\"",
                             "\"k=0.1234567\"", "\"Low\""},
                            sizeof(char *)},
    [LM_KIND_COUNT] = {JSON_INTEGER, "30", {"-1"}, sizeof(int64_t)},
    [LM_KIND_ENERGY] = {JSON_INTEGER, "9007199254740991", {"-1"}, sizeof(int64_t)},
    [LM_KIND_PRICE] = {JSON_STRING,
                       "\"-0.11\"",
                       {"\"\"", "\"+1\"", "\"01\"", "\".5\"", "\"5.\"", "\"1e3\"", "\"0.1234567\"",
                        "\"9223372036854.775808\"", "\"-9223372036854.775808\"", "\"1 \""},
                       sizeof(int64_t)},
    [LM_KIND_AMOUNT] = {JSON_STRING,
                        "\"1.000000001\"",
                        {"\"\"", "\"+1\"", "\"0.0000000001\"",
                         "\"170141183460469231731687303715.884105728\"",
                         /* stands for an absent amount */
                         "\"-170141183460469231731687303715.884105728\""},
                        sizeof(lm_i128)},
    [LM_KIND_PERIOD] = {JSON_STRING,
                        "\"2016-04-01T12:00Z/PT30M\"",
                        {"\"\"", "\"2016-04-01T12:00Z/PT7M\"", "\"2016-04-01T12:10Z/PT30M\"",
                         "\"2016-04-01T12:00Z\""},
                        sizeof(struct lm_period)},
    [LM_KIND_VALIDITY] = {JSON_STRING,
                          "\"2016-01-01T00:00Z/2017-01-01T00:00Z\"",
                          {"\"\"", "\"2017-01-01T00:00Z/2016-01-01T00:00Z\"",
                           "\"2016-01-01T00:00Z/2016-01-01T00:00Z\""},
                          sizeof(struct lm_validity)},
    [LM_KIND_INSTANT] = {JSON_STRING,
                         "\"2016-04-01T11:40:00Z\"",
                         {"\"\"", "\"2016-04-01T11:40Z\"", "\"2015-02-29T00:00:00Z\""},
                         sizeof(int64_t)},
    [LM_KIND_MONTH] = {JSON_STRING,
                       "\"2016-04\"",
                       {"\"\"", "\"2016-13\"", "\"2016-4\""},
                       sizeof(struct lm_month)},
    [LM_KIND_CLOCK] = {JSON_STRING,
                       "\"07:00\"",
                       {"\"\"", "\"7:00\"", "\"07:60\"", "\"24:01\"", "\"25:00\"", "\"07.00\"",
                        "\"07:0a\"", "\"-7:00\""},
                       sizeof(int64_t)},
    [LM_KIND_WORD] = {JSON_STRING, NULL, {"\"\"", "\"no such word\""}, sizeof(int)},
    [LM_KIND_OBJECT] = {JSON_OBJECT, NULL, {0}, 0},
    [LM_KIND_JSON] = {JSON_OBJECT, "{\"b\":[1,null,\"x\"],\"a\":{}}", {0}, sizeof(json_t *)},
};

/* What must hold between members besides: laid over the example made by kind; null takes away. */
static const struct {
    const char *type;
    const char *over;
} adjustments[] = {
    {"identity", "{\"role\":\"user\",\"user\":null,\"regions\":null,\"firmware\":null,\"keys\":{"
                 "\"ring\":\"" DIGEST "\","
                 "\"sign\":{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" DIGEST "\"},"
                 "\"seal\":{\"crv\":\"X25519\",\"kty\":\"OKP\",\"x\":\"" DIGEST "\"}}}"},
    {"tariff", "{\"retail\":[{\"days\":[\"mon\"],\"from\":\"07:00\",\"price\":\"0.2\","
               "\"to\":\"24:00\"},{\"price\":\"0.1\"}]}"},
    {"settlement", "{\"role\":\"user\"}"},
    {"adjustment", "{\"role\":\"user\"}"},
    {"notice", "{\"orders\":null}"},
    {"bill", "{\"proof\":null}"},
    {"challenge", "{\"to\":\"v\",\"nonce\":\"" DIGEST "\",\"expires\":\"2016-04-01T11:41:00Z\"}"},
    {"response", "{\"to\":\"v\",\"nonce\":\"" DIGEST "\",\"expires\":\"2016-04-01T11:41:00Z\"}"},
};

static int complaints;

__attribute__((format(printf, 2, 3))) static bool expect(bool good, const char *format, ...) {
    if (!good) {
        va_list arguments;
        va_start(arguments, format);
        printf("# ");
        vprintf(format, arguments);
        printf("\n");
        va_end(arguments);
        complaints++;
    }
    return good;
}

static void conclude(const char *type, const char *what) {
    tap_ok(complaints == 0, "%s: %s", type, what);
    complaints = 0;
}

static json_t *load(const char *text) {
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!json)
        abort();
    return json;
}

static json_t *example_of(const struct lm_members *members);

static json_t *example_value(const struct lm_member *row) {
    if (row->kind == LM_KIND_OBJECT)
        return example_of(row->object);
    if (row->kind == LM_KIND_WORD)
        return json_string(row->words[0]);
    return load(kinds[row->kind].good);
}

static json_t *example_of(const struct lm_members *members) {
    json_t *object = json_object();
    for (size_t i = 0; i < members->count; i++) {
        const struct lm_member *row = &members->rows[i];
        json_t *value = example_value(row);
        if (row->flags & LM_LIST) {
            json_t *list = json_array();
            (void)json_array_append_new(list, value);
            value = list;
        }
        (void)json_object_set_new(object, row->name, value);
    }
    return object;
}

/* A full example: every member that may stand beside the others. */
static json_t *example(const struct lm_schema *schema) {
    json_t *record = example_of(schema->members);
    (void)json_object_set_new(record, "type", json_string(schema->name));
    (void)json_object_set_new(record, "v", json_integer(1));
    for (size_t i = 0; i < sizeof adjustments / sizeof *adjustments; i++) {
        if (strcmp(adjustments[i].type, schema->name) != 0)
            continue;
        json_t *over = load(adjustments[i].over);
        const char *name;
        json_t *value;
        json_object_foreach(over, name, value) {
            if (json_is_null(value))
                (void)json_object_del(record, name);
            else
                (void)json_object_set(record, name, value);
        }
        json_decref(over);
    }
    return record;
}

/* The word of why RECORD is refused, "ok" where it is not. */
static const char *judge(json_t *record) {
    struct lm_record parsed;
    struct lm_error error;
    char *text = json_dumps(record, JSON_COMPACT);
    if (!text)
        abort();
    const char *word = "ok";
    if (lm_record_parse(text, strlen(text), &parsed, &error) < 0)
        word = lm_reason_word(error.reason);
    else
        lm_record_free(&parsed);
    free(text);
    return word;
}

static void expect_word(json_t *record, const char *wanted, const char *member, const char *what) {
    const char *word = judge(record);
    expect(strcmp(word, wanted) == 0, "%s %s: %s, not %s", member, what, word, wanted);
}

static void check_offsets(const struct lm_members *members) {
    for (size_t i = 0; i < members->count; i++) {
        const struct lm_member *row = &members->rows[i];
        bool pointer = row->flags & LM_LIST;
        size_t size = pointer                       ? sizeof(json_t *)
                      : row->kind == LM_KIND_OBJECT ? row->object->size
                                                    : kinds[row->kind].size;
        expect(row->offset + size <= members->size, "%s lies beyond its struct", row->name);
        expect(i == 0 || strcmp(members->rows[i - 1].name, row->name) < 0, "%s is out of order",
               row->name);
        expect((row->kind == LM_KIND_WORD) == (row->words != NULL), "%s has words?", row->name);
        expect((row->kind == LM_KIND_OBJECT) == (row->object != NULL), "%s has rows?", row->name);
        expect(row->meaning && row->meaning[0], "%s has no meaning", row->name);
        for (size_t k = 0; k < i; k++)
            expect(members->rows[k].offset != row->offset, "%s and %s lie in one place", row->name,
                   members->rows[k].name);
        if (row->object)
            check_offsets(row->object);
    }
    expect(members->count <= 64, "more rows than the parser can tick off");
}

/* jansson sorts ASCII names as RFC 8785 does; its escapes are upper case, which our texts avoid. */
static void check_round_trip(json_t *record, const struct lm_schema *schema, enum lm_type type) {
    struct lm_record parsed;
    struct lm_error error;
    struct lm_buffer written = {0};
    char *text = json_dumps(record, JSON_COMPACT);
    char *wanted = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text || !wanted)
        abort();
    if (expect(lm_record_parse(text, strlen(text), &parsed, &error) == 0, "not parsed: %s",
               error.detail)) {
        expect(parsed.type == type && lm_type_named(schema->name) == type, "another type");
        lm_record_write(type, &parsed.as, &written);
        lm_buffer_byte(&written, '\0');
        if (expect(lm_buffer_ok(&written), "not written"))
            expect(strcmp(written.data, wanted) == 0, "written as %s\n# not as %s", written.data,
                   wanted);
        lm_buffer_reset(&written);
        lm_record_canonical(&parsed, &written);
        lm_buffer_byte(&written, '\0');
        expect(strcmp(written.data, wanted) == 0, "canonical form is %s", written.data);
        lm_record_free(&parsed);
    }
    lm_buffer_free(&written);
    free(text);
    free(wanted);
}

static void check_without_optional(json_t *record, const struct lm_schema *schema,
                                   enum lm_type type) {
    if (schema->check)
        return; /* which members may be left out together is the type's own rule */
    json_t *least = json_deep_copy(record);
    for (size_t i = 0; i < schema->members->count; i++) {
        const struct lm_member *row = &schema->members->rows[i];
        if (row->flags & LM_OPTIONAL)
            (void)json_object_del(least, row->name);
        else if (row->flags & LM_NULLABLE)
            (void)json_object_set_new(least, row->name, json_null());
    }
    check_round_trip(least, schema, type);
    json_decref(least);
}

static void check_values(json_t *record, json_t *object, const struct lm_member *row) {
    static const char *const values[] = {"null", "true", "1", "\"\\u007f\"", "[]", "{\"x_\":1}"};
    json_t *kept = json_incref(json_object_get(object, row->name));
    json_type wanted = row->flags & LM_LIST ? JSON_ARRAY : kinds[row->kind].json;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        json_t *value = load(values[i]);
        bool fits =
            json_typeof(value) == wanted || (json_is_null(value) && row->flags & LM_NULLABLE);
        (void)json_object_set(object, row->name, value);
        if (!fits)
            expect_word(record, "bad_member", row->name, values[i]);
        json_decref(value);
    }
    for (size_t i = 0; i < sizeof kinds->bad / sizeof *kinds->bad && kinds[row->kind].bad[i]; i++) {
        json_t *value = load(kinds[row->kind].bad[i]);
        if (row->flags & LM_LIST) {
            json_t *list = json_array();
            (void)json_array_append(list, json_array_get(kept, 0));
            (void)json_array_append_new(list, value);
            value = list;
        }
        (void)json_object_set_new(object, row->name, value);
        expect_word(record, "bad_member", row->name, kinds[row->kind].bad[i]);
    }
    (void)json_object_set_new(object, row->name, kept);
}

/* Every member of OBJECT, which lies in RECORD, and of the objects and items in it. */
static void check_members(json_t *record, json_t *object, const struct lm_members *members) {
    (void)json_object_set_new(object, "surprise", json_integer(1));
    expect_word(record, "unknown_member", "surprise", "is there");
    (void)json_object_del(object, "surprise");
    (void)json_object_set_new(object, "x_surprise", json_integer(1));
    expect_word(record, members->closed ? "unknown_member" : "ok", "x_surprise", "is there");
    (void)json_object_del(object, "x_surprise");
    for (size_t i = 0; i < members->count; i++) {
        const struct lm_member *row = &members->rows[i];
        json_t *value = json_object_get(object, row->name);
        if (!value)
            continue;
        if (!(row->flags & LM_OPTIONAL)) {
            json_incref(value);
            (void)json_object_del(object, row->name);
            expect_word(record, "missing_member", row->name, "is away");
            (void)json_object_set_new(object, row->name, value);
        }
        check_values(record, object, row);
        if (row->object)
            check_members(record, row->flags & LM_LIST ? json_array_get(value, 0) : value,
                          row->object);
    }
}

static void test_type(enum lm_type type) {
    const struct lm_schema *schema = lm_schema_of(type);
    check_offsets(schema->members);
    conclude(schema->name, "its table is sound");
    json_t *record = example(schema);
    if (type == LM_TYPE_ENTRY) {
        /* An entry is read through; what is in it is the record. */
        json_t *inner = example(lm_schema_of(LM_TYPE_TRADE));
        (void)json_object_set_new(record, "record", inner);
        expect_word(record, "ok", "entry", "holds a trade");
    } else {
        check_round_trip(record, schema, type);
        check_without_optional(record, schema, type);
    }
    conclude(schema->name, "what is parsed is written again");
    check_members(record, record, schema->members);
    conclude(schema->name, "missing, unknown and ill-typed members");
    json_decref(record);
}

/* Whole lines and what they are. */
static void test_lines(void) {
#define ORDER                                                                                      \
    "\"at\":\"2016-04-01T10:00:00Z\",\"energy_wh\":2000,\"from\":\"u1\",\"id\":\"a\","             \
    "\"market\":\"m1\",\"period\":\"2016-04-01T12:00Z/PT30M\",\"price\":\"0.11\",\"seq\":1,"       \
    "\"side\":\"offer\""
    static const struct {
        const char *line;
        const char *word;
    } table[] = {
        {"{" ORDER ",\"type\":\"order\",\"v\":1}", "ok"},
        {"  { " ORDER " , \"type\" : \"order\" , \"v\" : 1 }  ", "ok"},
        {"{" ORDER ",\"type\":\"order\",\"v\":1,\"x_note\":[1,{\"a\":null}]}", "ok"},
        {"{" ORDER ",\"type\":\"order\",\"v\":1,\"x_note\":1.5}", "real"},
        {"{" ORDER ",\"type\":\"order\"}", "missing_member"},
        {"{" ORDER ",\"v\":1}", "missing_member"},
        {"{" ORDER ",\"type\":null,\"v\":1}", "bad_member"},
        {"{" ORDER ",\"type\":[\"order\"],\"v\":1}", "bad_member"},
        {"{" ORDER ",\"type\":\"Order\",\"v\":1}", "unknown_type"},
        {"{" ORDER ",\"type\":\"\",\"v\":1}", "unknown_type"},
        {"{" ORDER ",\"type\":\"order \",\"v\":1}", "unknown_type"},
        {"{" ORDER ",\"type\":\"order\",\"v\":2}", "version"},
        {"{" ORDER ",\"type\":\"order\",\"v\":\"1\"}", "version"},
        {"{" ORDER ",\"type\":\"order\",\"v\":0}", "version"},
        {"{" ORDER ",\"type\":\"order\",\"v\":1,\"type\":\"trade\"}", "duplicate_name"},
        {"{" ORDER ",\"type\":\"order\",\"v\":1,\"sig\":null}", "bad_member"},
        {"{" ORDER ",\"type\":\"order\",\"v\":1,\"sig\":{}}", "missing_member"},
        {"{" ORDER ",\"type\":\"order\",\"v\":1,\"sig\":{\"protected\":\"AAAA\","
         "\"signature\":\"AAAA\"}}",
         "ok"},
        {"{" ORDER ",\"type\":\"order\",\"v\":1,\"sig\":{\"protected\":\"AAAA\","
         "\"signature\":\"AAAA\",\"header\":{}}}",
         "unknown_member"},
        {"{" ORDER ",\"type\":\"order\",\"v\":1,\"sig\":{\"protected\":\"AAAA\","
         "\"signature\":\"AAAA\",\"x_a\":1}}",
         "unknown_member"},
        {"{\"at\":\"2016-04-01T10:00:00Z\",\"n\":0,\"record\":{" ORDER
         ",\"type\":\"order\",\"v\":1},\"type\":\"entry\",\"v\":1}",
         "ok"},
        {"{\"at\":\"2016-04-01T10:00:00Z\",\"n\":0,\"record\":{" ORDER
         ",\"type\":\"order\",\"v\":2},\"type\":\"entry\",\"v\":1}",
         "version"},
        {"{\"at\":\"2016-04-01T10:00:00Z\",\"n\":0,\"record\":{},\"type\":\"entry\",\"v\":1}",
         "missing_member"},
        {"{\"at\":\"2016-04-01T10:00:00Z\",\"n\":0,\"record\":{\"at\":\"2016-04-01T10:00:00Z\","
         "\"n\":0,\"record\":{" ORDER ",\"type\":\"order\",\"v\":1},\"type\":\"entry\",\"v\":1},"
         "\"type\":\"entry\",\"v\":1}",
         "bad_member"},
        {"[]", "not_object"},
        {"1", "not_object"},
        {"null", "not_object"},
        {"\"order\"", "not_object"},
        {"{}", "missing_member"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lm_record record;
        struct lm_error error;
        const char *word = "ok";
        if (lm_record_parse(table[i].line, strlen(table[i].line), &record, &error) < 0)
            word = lm_reason_word(error.reason);
        lm_record_free(&record);
        tap_ok(strcmp(word, table[i].word) == 0, "lines, row %zu: %s (%s)", i, table[i].word, word);
    }
}

/* A trade that SPACES of x_ text make long, bare or in an entry; the word of what it is. */
static const char *judge_size(size_t size, bool wrapped) {
    static const char head[] = "{\"at\":\"2016-04-01T10:00:00Z\",\"n\":0,\"record\":";
    static const char open[] = "{\"energy_wh\":1,\"from\":\"u1\",\"market\":\"m\",\"order\":\"a\","
                               "\"period\":\"2016-04-01T12:00Z/PT30M\",\"price\":\"1\","
                               "\"side\":\"bid\",\"type\":\"trade\",\"v\":1,\"x_\":\"";
    struct lm_buffer text = {0};
    struct lm_record record;
    struct lm_error error;
    if (wrapped)
        lm_buffer_text(&text, head);
    lm_buffer_text(&text, open);
    for (size_t i = sizeof open - 1 + 2; i < size; i++)
        lm_buffer_byte(&text, 'y');
    lm_buffer_text(&text, wrapped ? "\"},\"type\":\"entry\",\"v\":1}" : "\"}");
    const char *word = "ok";
    if (!lm_buffer_ok(&text))
        abort();
    if (lm_record_parse(text.data, text.size, &record, &error) < 0)
        word = lm_reason_word(error.reason);
    lm_record_free(&record);
    lm_buffer_free(&text);
    return word;
}

/* An exhibit that its checkpoint's text makes long. */
static const char *judge_exhibit(size_t size) {
    static const char open[] =
        "{\"entry\":{\"at\":\"2016-04-01T10:00:00Z\",\"n\":0,\"record\":{},\"type\":\"entry\","
        "\"v\":1},\"log\":\"m\",\"n\":0,\"path\":[],\"type\":\"exhibit\",\"v\":1,"
        "\"checkpoint\":\"";
    struct lm_buffer text = {0};
    struct lm_record record;
    struct lm_error error;
    lm_buffer_text(&text, open);
    for (size_t i = sizeof open - 1 + 2; i < size; i++)
        lm_buffer_byte(&text, 'y');
    lm_buffer_text(&text, "\"}");
    const char *word = "ok";
    if (!lm_buffer_ok(&text))
        abort();
    if (lm_record_parse(text.data, text.size, &record, &error) < 0)
        word = lm_reason_word(error.reason);
    lm_record_free(&record);
    lm_buffer_free(&text);
    return word;
}

static void test_sizes(void) {
    tap_is(judge_size(65536, false), "ok", "a record of 65536 bytes");
    tap_is(judge_size(65537, false), "too_long", "a record of 65537 bytes");
    tap_is(judge_size(65536, true), "ok", "a record of 65536 bytes in an entry");
    tap_is(judge_size(65537, true), "too_long", "a record of 65537 bytes in an entry");
    tap_is(judge_exhibit(333696), "ok", "an exhibit of 333696 bytes");
    tap_is(judge_exhibit(333697), "too_long", "an exhibit of 333697 bytes");
    /* An entry, the longest checkpoint with a backslash before every byte, and 64 hashes. */
    tap_ok(333696 >= 66560 + 2 * 131072 + 64 * 46 + 1024, "which is enough for any entry");
}

/* What the types' own rules say, by an example and what is laid over it. */
static void test_rules(void) {
    static const struct {
        enum lm_type type;
        const char *over;
        const char *word;
    } table[] = {
        {LM_TYPE_IDENTITY, "{\"id\":\"p-abc\"}", "bad_member"},
        {LM_TYPE_IDENTITY, "{\"id\":\"r-abc\"}", "bad_member"},
        {LM_TYPE_IDENTITY, "{\"id\":\"pabc\"}", "ok"},
        {LM_TYPE_IDENTITY, "{\"supplier\":null}", "missing_member"},
        {LM_TYPE_IDENTITY, "{\"region\":null}", "missing_member"},
        {LM_TYPE_IDENTITY, "{\"user\":\"u1\"}", "unknown_member"},
        {LM_TYPE_IDENTITY, "{\"regions\":[\"north\"]}", "unknown_member"},
        {LM_TYPE_IDENTITY, "{\"firmware\":[]}", "unknown_member"},
        {LM_TYPE_IDENTITY, "{\"role\":\"market\",\"supplier\":null,\"region\":null}",
         "missing_member"},
        {LM_TYPE_IDENTITY, "{\"role\":\"market\",\"supplier\":null,\"region\":null,\"regions\":[]}",
         "bad_member"},
        {LM_TYPE_IDENTITY,
         "{\"role\":\"market\",\"supplier\":null,\"region\":null,\"regions\":[\"north\"]}", "ok"},
        {LM_TYPE_IDENTITY, "{\"role\":\"registrar\",\"supplier\":null,\"region\":null}", "ok"},
        {LM_TYPE_IDENTITY, "{\"role\":\"auditor\",\"supplier\":null,\"region\":null}", "ok"},
        {LM_TYPE_IDENTITY, "{\"role\":\"meter\",\"supplier\":null,\"region\":null}",
         "missing_member"},
        {LM_TYPE_IDENTITY,
         "{\"role\":\"meter\",\"supplier\":null,\"region\":null,\"user\":\"u1\","
         "\"firmware\":[\"" DIGEST "\"]}",
         "ok"},
        {LM_TYPE_MARKET_RULES, "{\"period_minutes\":0}", "bad_member"},
        {LM_TYPE_MARKET_RULES, "{\"period_minutes\":7}", "bad_member"},
        {LM_TYPE_MARKET_RULES, "{\"period_minutes\":2880}", "bad_member"},
        {LM_TYPE_MARKET_RULES, "{\"period_minutes\":9007199254740991}", "bad_member"},
        {LM_TYPE_MARKET_RULES, "{\"price_floor\":\"1\",\"price_cap\":\"0.9\"}", "bad_member"},
        {LM_TYPE_MARKET_RULES, "{\"price_floor\":\"-1\",\"price_cap\":\"-1\"}", "ok"},
        {LM_TYPE_MARKET_RULES, "{\"price_floor\":null,\"price_cap\":null}", "ok"},
        {LM_TYPE_MARKET_RULES, "{\"regions\":[]}", "bad_member"},
        {LM_TYPE_TARIFF, "{\"retail\":[]}", "bad_member"},
        {LM_TYPE_TARIFF, "{\"retail\":[{\"price\":\"1\",\"from\":\"24:00\"}]}", "bad_member"},
        {LM_TYPE_TARIFF, "{\"retail\":[{\"price\":\"1\",\"from\":\"07:00\",\"to\":\"07:00\"}]}",
         "bad_member"},
        {LM_TYPE_TARIFF, "{\"retail\":[{\"price\":\"1\",\"to\":\"00:00\"}]}", "bad_member"},
        {LM_TYPE_TARIFF, "{\"retail\":[{\"price\":\"1\",\"from\":\"22:00\",\"to\":\"00:00\"}]}",
         "ok"},
        {LM_TYPE_TARIFF, "{\"retail\":[{\"price\":\"1\",\"from\":\"22:00\",\"to\":\"06:00\"}]}",
         "ok"},
        {LM_TYPE_TARIFF, "{\"retail\":[{\"price\":\"1\",\"from\":\"23:59\"}]}", "ok"},
        {LM_TYPE_TARIFF, "{\"retail\":[{\"price\":\"1\",\"days\":[\"monday\"]}]}", "bad_member"},
        {LM_TYPE_NOTICE, "{\"bought_wh\":null}", "missing_member"},
        {LM_TYPE_NOTICE, "{\"bought_wh\":null,\"sold_wh\":null}", "missing_member"},
        {LM_TYPE_NOTICE, "{\"bought_wh\":null,\"sold_wh\":null,\"orders\":[]}", "ok"},
        {LM_TYPE_NOTICE, "{\"orders\":[]}", "ok"},
        {LM_TYPE_NOTICE, "{\"orders\":[],\"sold_wh\":null}", "missing_member"},
        {LM_TYPE_SETTLEMENT, "{\"short_wh\":null}", "missing_member"},
        {LM_TYPE_SETTLEMENT, "{\"role\":\"dso\"}", "unknown_member"},
        {LM_TYPE_SETTLEMENT,
         "{\"role\":\"dso\",\"bought_wh\":null,\"sold_wh\":null,\"import_wh\":null,"
         "\"export_wh\":null,\"short_wh\":null,\"surplus_wh\":null}",
         "ok"},
        {LM_TYPE_TRANSFER, "{\"amount\":\"0\"}", "bad_member"},
        {LM_TYPE_TRANSFER, "{\"amount\":\"-0.01\"}", "bad_member"},
        {LM_TYPE_TRANSFER, "{\"amount\":\"0.000000001\"}", "ok"},
        {LM_TYPE_VERDICT, "{\"part\":1,\"parts\":1}", "ok"},
        {LM_TYPE_VERDICT, "{\"part\":2,\"parts\":9007199254740991}", "ok"},
        {LM_TYPE_VERDICT, "{\"part\":null,\"parts\":null}", "ok"},
        {LM_TYPE_VERDICT, "{\"part\":null,\"parts\":3}", "bad_member"},
        {LM_TYPE_VERDICT, "{\"part\":1,\"parts\":null}", "bad_member"},
        {LM_TYPE_VERDICT, "{\"part\":0,\"parts\":3}", "bad_member"},
        {LM_TYPE_VERDICT, "{\"part\":0,\"parts\":0}", "bad_member"},
        {LM_TYPE_VERDICT, "{\"part\":4,\"parts\":3}", "bad_member"},
        {LM_TYPE_VERDICT, "{\"part\":\"1\",\"parts\":3}", "bad_member"},
        {LM_TYPE_VERDICT, "{\"part\":1,\"parts\":3,\"claim\":null}", "bad_member"},
        {LM_TYPE_BILL, "{\"items\":null}", "missing_member"},
        {LM_TYPE_BILL, "{\"proof\":\"" DIGEST "\"}", "missing_member"},
        {LM_TYPE_BILL,
         "{\"proof\":\"" DIGEST "\",\"items\":null,\"without_market\":null,\"difference\":null}",
         "ok"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *record = example(lm_schema_of(table[i].type));
        json_t *over = load(table[i].over);
        const char *name;
        json_t *value;
        json_object_foreach(over, name, value) {
            if (json_is_null(value))
                (void)json_object_del(record, name);
            else
                (void)json_object_set(record, name, value);
        }
        const char *word = judge(record);
        tap_ok(strcmp(word, table[i].word) == 0, "%s with %.60s: %s (%s)",
               lm_schema_of(table[i].type)->name, table[i].over, table[i].word, word);
        json_decref(over);
        json_decref(record);
    }
    json_t *identity = example(lm_schema_of(LM_TYPE_IDENTITY));
    json_t *keys = json_object_get(identity, "keys");
    json_t *seal = json_object_get(keys, "seal");
    (void)json_object_set_new(seal, "crv", json_string("Ed25519"));
    tap_is(judge(identity), "bad_member", "a signing key is no sealing key");
    (void)json_object_set_new(seal, "crv", json_string("X25519"));
    (void)json_object_set_new(seal, "d", json_string(DIGEST));
    tap_is(judge(identity), "unknown_member", "a private key has no place in an identity");
    json_decref(identity);
}

static void test_payload(void) {
    static const char line[] = "{\"v\":1,\"type\":\"contract\",\"user\":\"u\",\"tariff\":\"t\","
                               "\"sig\":{\"signature\":\"AAAA\",\"protected\":\"AAAA\"},"
                               "\"valid\":\"2016-01-01T00:00Z/2017-01-01T00:00Z\","
                               "\"x_n\":1,\"supplier\":\"s\"}";
    struct lm_record record;
    struct lm_error error;
    struct lm_buffer out = {0};
    if (lm_record_parse(line, strlen(line), &record, &error) < 0)
        abort();
    lm_record_payload(&record, &out);
    lm_buffer_byte(&out, '\0');
    tap_is(out.data,
           "{\"supplier\":\"s\",\"tariff\":\"t\",\"type\":\"contract\",\"user\":\"u\","
           "\"v\":1,\"valid\":\"2016-01-01T00:00Z/2017-01-01T00:00Z\",\"x_n\":1}",
           "a signature covers everything but itself");
    tap_is(record.signature.signature, "AAAA", "the signature is read");
    lm_record_free(&record);
    lm_buffer_free(&out);
}

static void test_defects(void) {
    struct lm_order order;
    struct lm_buffer out = {0};
    lm_record_clear(LM_TYPE_ORDER, &order);
    lm_record_write(LM_TYPE_ORDER, &order, &out);
    tap_ok(!lm_buffer_ok(&out), "a record without what it must have is not written");
    lm_buffer_free(&out);
    tap_ok(lm_type_named("sig") == LM_TYPE_COUNT && lm_type_named("") == LM_TYPE_COUNT,
           "no type of that name");
}

int main(void) {
    for (int type = 0; type < LM_TYPE_COUNT; type++)
        test_type((enum lm_type)type);
    test_lines();
    test_sizes();
    test_rules();
    test_payload();
    test_defects();
    return tap_done();
}
