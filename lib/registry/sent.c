#include "lib/registry/sent.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/id.h"
#include "lib/base/period.h"
#include "lib/record/schema.h"

#define HEADER     "lm-auth-state"
#define FIELDS_MAX 6
#define SUM_BYTES  9
#define SUM_TEXT   13 /* its base64url and a NUL */

/* What a digest names: items, each as its index + 1, 0 for none. */
struct lm_sent_place {
    uint32_t own;   /* the message itself */
    uint32_t reply; /* the message that answers it */
};

void lm_sent_table_start(struct lm_sent_table *table) {
    *table = (struct lm_sent_table){0};
    lm_names_start(&table->digests);
}

void lm_sent_table_free(struct lm_sent_table *table) {
    lm_names_free(&table->digests);
    free(table->items);
    free(table->places);
    *table = (struct lm_sent_table){0};
}

/* ---- asking ---- */

static const struct lm_sent_place *find_place(const struct lm_sent_table *table,
                                              const char *digest) {
    static const struct lm_sent_place nowhere;
    uint32_t number;
    if (!lm_names_find(&table->digests, digest, strlen(digest), &number))
        return &nowhere;
    return &table->places[number];
}

const struct lm_sent *lm_sent_find(const struct lm_sent_table *table, const char *digest) {
    uint32_t own = find_place(table, digest)->own;
    return own ? &table->items[own - 1] : NULL;
}

const struct lm_sent *lm_sent_reply(const struct lm_sent_table *table, const char *digest) {
    uint32_t reply = find_place(table, digest)->reply;
    return reply ? &table->items[reply - 1] : NULL;
}

size_t lm_sent_waiting(const struct lm_sent_table *table, const char *peer, int64_t since_s) {
    size_t waiting = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct lm_sent *sent = &table->items[i];
        waiting += sent->expires_s > since_s && (!peer || strcmp(sent->peer, peer) == 0);
    }
    return waiting;
}

/* ---- changing ---- */

static struct lm_sent_place *make_place(struct lm_sent_table *table, const char *digest,
                                        struct lm_error *error) {
    uint32_t number;
    if (lm_names_add(&table->digests, digest, strlen(digest), &number, error) < 0)
        return NULL;
    if (number >= table->place_room) {
        size_t room = table->place_room ? 2 * table->place_room : 64;
        struct lm_sent_place *places = realloc(table->places, room * sizeof *places);
        if (!places) {
            lm_fail_memory(error);
            return NULL;
        }
        memset(places + table->place_room, 0, (room - table->place_room) * sizeof *places);
        table->places = places;
        table->place_room = room;
    }
    return &table->places[number];
}

/* The message that a change is about, or NULL. */
static struct lm_sent *own(struct lm_sent_table *table, const char *digest) {
    uint32_t number = find_place(table, digest)->own;
    return number ? &table->items[number - 1] : NULL;
}

static int impossible(const char *why, struct lm_error *error) {
    return lm_fail(error, LM_DEFECT, "%s", why);
}

static int apply_sent(struct lm_sent_table *table, const struct lm_sent *sent,
                      struct lm_error *error) {
    if (table->count == table->room) {
        size_t room = table->room ? 2 * table->room : 16;
        struct lm_sent *items = realloc(table->items, room * sizeof *items);
        if (!items)
            return lm_fail_memory(error);
        table->items = items;
        table->room = room;
    }
    struct lm_sent_place *place = make_place(table, sent->digest, error);
    if (!place)
        return -1;
    if (place->own)
        return impossible("the message went out before", error);
    uint32_t number = (uint32_t)table->count + 1;
    place->own = number;
    if (sent->answers[0]) {
        place = make_place(table, sent->answers, error);
        if (!place)
            return -1;
        place->reply = number;
    }
    table->items[table->count++] = *sent;
    return 0;
}

static int apply_answered(struct lm_sent_table *table, const char *digest, const char *by,
                          struct lm_error *error) {
    struct lm_sent *sent = own(table, digest);
    if (!sent)
        return impossible("the message never went out", error);
    if (sent->answered_by[0])
        return impossible("the message has its answer already", error);
    memcpy(sent->answered_by, by, LM_DIGEST_TEXT_SIZE);
    return 0;
}

static int apply_closed(struct lm_sent_table *table, const char *digest, struct lm_error *error) {
    struct lm_sent *sent = own(table, digest);
    if (!sent || !sent->answered_by[0])
        return impossible("the message has no answer yet", error);
    if (sent->closed)
        return impossible("the answer has been answered already", error);
    sent->closed = true;
    return 0;
}

/* ---- writing ---- */

static void checksum(const char *text, size_t size, char sum[SUM_TEXT]) {
    uint8_t digest[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(digest, (const uint8_t *)text, size);
    (void)sodium_bin2base64(sum, SUM_TEXT, digest, SUM_BYTES,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Ends the line that began at START: its fields are there, each with its space. */
static void end_line(struct lm_buffer *journal, size_t start) {
    char sum[SUM_TEXT];
    if (!lm_buffer_ok(journal))
        return;
    checksum(journal->data + start, journal->size - start, sum);
    lm_buffer_text(journal, sum);
    lm_buffer_byte(journal, '\n');
}

static void write_owner(const char *owner, struct lm_buffer *journal) {
    size_t start = journal->size;
    lm_buffer_format(journal, HEADER " 1 %s ", owner);
    end_line(journal, start);
}

static void write_sent(const struct lm_sent *sent, struct lm_buffer *journal) {
    char at[LM_TIME_SIZE];
    char expires[LM_TIME_SIZE];
    size_t start = journal->size;
    (void)lm_instant_format(sent->at_s, at);
    (void)lm_instant_format(sent->expires_s, expires);
    lm_buffer_format(journal, "sent %s %s %s %s %s ", sent->digest, sent->peer, at, expires,
                     sent->answers[0] ? sent->answers : "-");
    end_line(journal, start);
}

static void write_answered(const char *digest, const char *by, struct lm_buffer *journal) {
    size_t start = journal->size;
    lm_buffer_format(journal, "answered %s %s ", digest, by);
    end_line(journal, start);
}

static void write_closed(const char *digest, struct lm_buffer *journal) {
    size_t start = journal->size;
    lm_buffer_format(journal, "closed %s ", digest);
    end_line(journal, start);
}

/* Counts the line that was written, if there was memory for it. */
static int count_line(struct lm_sent_table *table, const struct lm_buffer *journal,
                      struct lm_error *error) {
    table->lines++;
    return lm_buffer_ok(journal) ? 0 : lm_fail_memory(error);
}

int lm_sent_own(struct lm_sent_table *table, const char *owner, struct lm_buffer *journal,
                struct lm_error *error) {
    if (table->lines > 0)
        return impossible("the journal has an owner already", error);
    (void)stpcpy(table->owner, owner);
    write_owner(owner, journal);
    return count_line(table, journal, error);
}

int lm_sent_add(struct lm_sent_table *table, const struct lm_sent *sent, struct lm_buffer *journal,
                struct lm_error *error) {
    if (apply_sent(table, sent, error) < 0)
        return -1;
    write_sent(sent, journal);
    return count_line(table, journal, error);
}

int lm_sent_answered(struct lm_sent_table *table, const char *digest, const char *by,
                     struct lm_buffer *journal, struct lm_error *error) {
    if (apply_answered(table, digest, by, error) < 0)
        return -1;
    write_answered(digest, by, journal);
    return count_line(table, journal, error);
}

int lm_sent_closed(struct lm_sent_table *table, const char *digest, struct lm_buffer *journal,
                   struct lm_error *error) {
    if (apply_closed(table, digest, error) < 0)
        return -1;
    write_closed(digest, journal);
    return count_line(table, journal, error);
}

uint64_t lm_sent_needed(const struct lm_sent_table *table, int64_t since_s) {
    uint64_t lines = 1;
    for (size_t i = 0; i < table->count; i++) {
        const struct lm_sent *sent = &table->items[i];
        if (sent->expires_s > since_s)
            lines += 1 + (uint64_t)(sent->answered_by[0] != '\0') + sent->closed;
    }
    return lines;
}

void lm_sent_write(const struct lm_sent_table *table, int64_t since_s, struct lm_buffer *journal) {
    write_owner(table->owner, journal);
    for (size_t i = 0; i < table->count; i++) {
        const struct lm_sent *sent = &table->items[i];
        if (sent->expires_s <= since_s)
            continue;
        write_sent(sent, journal);
        if (sent->answered_by[0])
            write_answered(sent->digest, sent->answered_by, journal);
        if (sent->closed)
            write_closed(sent->digest, journal);
    }
}

/* ---- reading ---- */

static bool digest_valid(const char *text) {
    return lm_kind_text_valid(LM_KIND_DIGEST, text, strlen(text));
}

static int bad_line(struct lm_error *error) {
    return lm_fail(error, LM_BAD_STATE, "is no line of a state file");
}

static int read_owner(struct lm_sent_table *table, char *const *fields, struct lm_error *error) {
    if (strcmp(fields[1], "1") != 0)
        return lm_fail(error, LM_BAD_STATE, "is of a version that this program does not know");
    if (!lm_id_valid(fields[2], strlen(fields[2])))
        return bad_line(error);
    (void)stpcpy(table->owner, fields[2]);
    return 0;
}

static int read_sent(struct lm_sent_table *table, char *const *fields, struct lm_error *error) {
    struct lm_sent sent = {0};
    bool answers = strcmp(fields[5], "-") != 0;
    if (!digest_valid(fields[1]) || !lm_id_valid(fields[2], strlen(fields[2])) ||
        !lm_instant_parse(fields[3], strlen(fields[3]), &sent.at_s) ||
        !lm_instant_parse(fields[4], strlen(fields[4]), &sent.expires_s) ||
        (answers && !digest_valid(fields[5])))
        return bad_line(error);
    (void)stpcpy(sent.digest, fields[1]);
    (void)stpcpy(sent.peer, fields[2]);
    if (answers)
        (void)stpcpy(sent.answers, fields[5]);
    return apply_sent(table, &sent, error);
}

static int read_answered(struct lm_sent_table *table, char *const *fields, struct lm_error *error) {
    if (!digest_valid(fields[1]) || !digest_valid(fields[2]))
        return bad_line(error);
    return apply_answered(table, fields[1], fields[2], error);
}

static int read_closed(struct lm_sent_table *table, char *const *fields, struct lm_error *error) {
    if (!digest_valid(fields[1]))
        return bad_line(error);
    return apply_closed(table, fields[1], error);
}

static const struct {
    const char *name;
    size_t fields; /* its name included */
    bool first;    /* the first line is of this kind, and only that */
    int (*read)(struct lm_sent_table *table, char *const *fields, struct lm_error *error);
} kinds[] = {
    {HEADER, 3, true, read_owner},
    {"sent", 6, false, read_sent},
    {"answered", 3, false, read_answered},
    {"closed", 2, false, read_closed},
};

/* Whether the line ends in the checksum of what stands before it, up to and with a space. */
static bool checksum_right(const char *line, size_t size) {
    const char *space = memrchr(line, ' ', size);
    char sum[SUM_TEXT];
    if (!space)
        return false;
    size_t body = (size_t)(space - line) + 1;
    checksum(line, body, sum);
    return size - body == strlen(sum) && memcmp(sum, line + body, size - body) == 0;
}

/* SIZE bytes without the line feed. */
static int read_line(struct lm_sent_table *table, const char *text, size_t size,
                     struct lm_error *error) {
    char line[LM_SENT_LINE_MAX];
    char *fields[FIELDS_MAX + 1];
    size_t count = 0;
    if (size >= sizeof line || memchr(text, '\0', size) || !checksum_right(text, size))
        return bad_line(error);
    memcpy(line, text, size);
    line[size] = '\0';
    char *rest = line;
    while (count <= FIELDS_MAX && rest)
        fields[count++] = strsep(&rest, " ");
    for (size_t i = 0; !rest && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, fields[0]) == 0 && count == kinds[i].fields + 1 &&
            kinds[i].first == (table->lines == 0))
            return kinds[i].read(table, fields, error);
    }
    return bad_line(error);
}

int lm_sent_table_read(struct lm_sent_table *table, const char *text, size_t size, size_t *taken,
                       struct lm_error *error) {
    *taken = 0;
    while (*taken < size) {
        const char *line = text + *taken;
        const char *end = memchr(line, '\n', size - *taken);
        struct lm_error why;
        if (!end)
            break;
        if (read_line(table, line, (size_t)(end - line), &why) < 0) {
            if (why.reason == LM_MEMORY)
                return lm_fail_memory(error);
            return lm_fail(error, LM_BAD_STATE, "line %llu: %s",
                           (unsigned long long)table->lines + 1, why.detail);
        }
        table->lines++;
        *taken += (size_t)(end - line) + 1;
    }
    return 0;
}
