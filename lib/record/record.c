#include "lib/record/record.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/record/canonical.h"

/* What jansson reports, by the codes that it sets, in our words. */
static int fail_parse(const json_error_t *json_error, struct lm_error *error) {
    static const struct {
        enum json_error_code code;
        enum lm_reason reason;
    } reasons[] = {
        {json_error_duplicate_key, LM_DUPLICATE_NAME},
        {json_error_numeric_overflow, LM_INTEGER_RANGE},
        {json_error_invalid_utf8, LM_UTF8},
        {json_error_null_character, LM_NUL},
        {json_error_null_byte_in_key, LM_NUL},
        {json_error_stack_overflow, LM_DEPTH},
    };
    enum lm_reason reason = LM_JSON;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].code == json_error_code(json_error))
            reason = reasons[i].reason;
    }
    /* jansson 2.14 reports a number like 1e400 with the code of big integers. */
    if (reason == LM_INTEGER_RANGE && strstr(json_error->text, "real"))
        reason = LM_REAL;
    lm_fail(error, reason, "%s", json_error->text);
    if (json_error->position > 0)
        error->offset = json_error->position - 1;
    return -1;
}

/* jansson's lexer does not look whether a text it reads could grow: without memory it drops bytes
 * and may then write behind a buffer. So it does not get to see that: where an allocation fails,
 * parsing is left as it stands. */
static _Thread_local jmp_buf *leave;

void lm_json_no_memory(void) {
    if (leave)
        longjmp(*leave, 1);
}

static void *allocate(size_t size) {
    void *memory = malloc(size);
    if (!memory)
        lm_json_no_memory();
    return memory;
}

__attribute__((constructor)) static void watch_memory(void) {
    json_set_alloc_funcs(allocate, free);
}

json_t *lm_json_parse(const char *text, size_t size, struct lm_error *error) {
    json_error_t json_error;
    jmp_buf here;
    /* To jansson a NUL ends the text: whatever stood behind it would pass unseen. */
    const char *nul = memchr(text, '\0', size);
    if (nul) {
        lm_fail(error, LM_NUL, "NUL byte");
        error->offset = nul - text;
        return NULL;
    }
    if (setjmp(here) != 0) {
        leave = NULL;
        lm_fail_memory(error);
        return NULL;
    }
    leave = &here;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &json_error);
    leave = NULL;
    if (!json) {
        fail_parse(&json_error, error);
        return NULL;
    }
    if (lm_ijson_check(json, error) < 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static int read_type(const json_t *json, enum lm_type *type, struct lm_error *error) {
    const json_t *given = json_object_get(json, "type");
    const json_t *version = json_object_get(json, "v");
    const char *name = json_string_value(given);
    if (!given)
        return lm_fail(error, LM_MISSING_MEMBER, "missing member 'type'");
    if (!name)
        return lm_fail(error, LM_BAD_MEMBER, "type is not a string");
    *type = lm_type_named(name);
    if (*type == LM_TYPE_COUNT)
        return lm_fail(error, LM_UNKNOWN_TYPE, "unknown type '%.64s'", name);
    if (!version)
        return lm_fail(error, LM_MISSING_MEMBER, "missing member 'v'");
    if (!json_is_integer(version) || json_integer_value(version) != 1)
        return lm_fail(error, LM_VERSION, "%s is of a version that is not 1", name);
    return 0;
}

/* Reads one object, bare, into TYPE, BODY and SIGNATURE. */
static int read_bare(const json_t *json, enum lm_type *type, union lm_body *body,
                     struct lm_signature *signature, struct lm_error *error) {
    static const char *const common[] = {"type", "v", "sig", NULL};
    if (read_type(json, type, error) < 0)
        return -1;
    const struct lm_schema *schema = lm_schema_of(*type);
    if (lm_members_read(schema->members, json, common, body, error) < 0)
        return -1;
    const json_t *sig = json_object_get(json, "sig");
    *signature = (struct lm_signature){0};
    if (sig) {
        if (!json_is_object(sig))
            return lm_fail(error, LM_BAD_MEMBER, "sig is not an object");
        if (lm_members_read(&lm_signature_members, sig, NULL, signature, error) < 0)
            return -1;
    }
    return schema->check ? schema->check(body, error) : 0;
}

static int unwrap(struct lm_record *record, struct lm_error *error) {
    struct lm_entry entry = record->as.entry;
    record->wrapped = true;
    record->entry_n = entry.n;
    record->entry_at_s = entry.at_s;
    record->json = entry.record;
    if (read_bare(record->json, &record->type, &record->as, &record->signature, error) < 0)
        return -1;
    if (record->type == LM_TYPE_ENTRY)
        return lm_fail(error, LM_BAD_MEMBER, "an entry holds an entry");
    return 0;
}

int lm_record_from_json(json_t *json, struct lm_record *record, struct lm_error *error) {
    *record = (struct lm_record){.line = json_incref(json), .json = json};
    if (read_bare(json, &record->type, &record->as, &record->signature, error) < 0 ||
        (record->type == LM_TYPE_ENTRY && unwrap(record, error) < 0)) {
        lm_record_free(record);
        return -1;
    }
    return 0;
}

size_t lm_record_size_max(enum lm_type type) {
    return type == LM_TYPE_EXHIBIT ? LM_EXHIBIT_SIZE_MAX : LM_RECORD_SIZE_MAX;
}

/* SIZE is the line's. What an entry holds must be a record by itself once it is taken out. */
static int check_size(const struct lm_record *record, size_t size, struct lm_error *error) {
    size_t max = record->wrapped ? LM_RECORD_SIZE_MAX : lm_record_size_max(record->type);
    if (record->wrapped && size > LM_ENTRY_SIZE_MAX)
        return lm_fail(error, LM_TOO_LONG, "entry of %zu bytes is longer than %d", size,
                       LM_ENTRY_SIZE_MAX);
    if (record->wrapped) {
        struct lm_buffer bare = {0};
        lm_record_canonical(record, &bare);
        bool ok = lm_buffer_ok(&bare);
        size = bare.size;
        lm_buffer_free(&bare);
        if (!ok)
            return lm_fail_memory(error);
    }
    if (size <= max)
        return 0;
    return lm_fail(error, LM_TOO_LONG, "record of %zu bytes is longer than %zu", size, max);
}

static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Whether TEXT, without white space around it, looks like a JSON value that is no object. */
static bool looks_like_value(const char *text, size_t size) {
    static const char *const words[] = {"true", "false", "null"};
    char last = text[size - 1];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (size == strlen(words[i]) && memcmp(text, words[i], size) == 0)
            return true;
    }
    if (text[0] == '[' || text[0] == '"')
        return size > 1 && last == (text[0] == '[' ? ']' : '"');
    return (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) && last >= '0' && last <= '9';
}

/* Junk is refused by its ends, before it costs a parser's work. */
static int check_ends(const char *text, size_t size, struct lm_error *error) {
    size_t start = 0;
    size_t end = size;
    while (start < size && is_space(text[start]))
        start++;
    while (end > start && is_space(text[end - 1]))
        end--;
    if (start < end && text[start] == '{' && text[end - 1] == '}')
        return 0;
    if (start < end && text[start] == '{') {
        lm_fail(error, LM_JSON, "the object does not end: '}' expected at the end of the line");
        error->offset = (int64_t)end;
    } else if (start < end && looks_like_value(text + start, end - start)) {
        lm_fail(error, LM_NOT_OBJECT, "not a JSON object");
    } else {
        lm_fail(error, LM_JSON, "not JSON: '{' expected");
        error->offset = (int64_t)start;
    }
    return -1;
}

/* What is longer than all but exhibits may be, and has not that word in it, costs no parser's work
 * either. */
static int check_length(const char *text, size_t size, struct lm_error *error) {
    static const char word[] = "\"exhibit\"";
    if (size <= LM_ENTRY_SIZE_MAX || memmem(text, size, word, sizeof word - 1))
        return 0;
    return lm_fail(error, LM_TOO_LONG, "line of %zu bytes is longer than %d", size,
                   LM_ENTRY_SIZE_MAX);
}

int lm_record_parse(const char *text, size_t size, struct lm_record *record,
                    struct lm_error *error) {
    *record = (struct lm_record){0};
    if (check_length(text, size, error) < 0 || check_ends(text, size, error) < 0)
        return -1;
    json_t *json = lm_json_parse(text, size, error);
    if (!json)
        return -1;
    int result;
    if (!json_is_object(json))
        result = lm_fail(error, LM_NOT_OBJECT, "not a JSON object");
    else
        result = lm_record_from_json(json, record, error);
    json_decref(json);
    if (result == 0 && size > LM_RECORD_SIZE_MAX && check_size(record, size, error) < 0) {
        lm_record_free(record);
        return -1;
    }
    return result;
}

void lm_record_free(struct lm_record *record) {
    json_decref(record->line);
    *record = (struct lm_record){0};
}

void lm_record_payload(const struct lm_record *record, struct lm_buffer *out) {
    static const char *const without[] = {"sig", NULL};
    lm_canonical(record->json, without, out);
}

void lm_record_canonical(const struct lm_record *record, struct lm_buffer *out) {
    lm_canonical(record->json, NULL, out);
}
