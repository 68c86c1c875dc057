/*
 * Signed notes, checkpoints and cosignatures against the examples of C2SP's texts
 * (https://c2sp.org/signed-note, /tlog-checkpoint, /tlog-cosignature; BSD-1-Clause), against notes
 * that node:crypto signed with the key of RFC 8032 section 7.1 TEST 1, and against bytes that are
 * no note.
 */
#include <sodium.h>
#include <stdlib.h>

#include "lib/crypto/checkpoint.h"
#include "tests/unit/tap.h"

#define DASH "\xE2\x80\x94 "

/* The example of the signed note's own text. */
#define FOO_VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define FOO_TEXT "This is an example message.\n"
#define FOO_LINE                                                                                   \
    DASH "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mF"  \
         "XmRKuwHjG1Yu72IneyaQM=\n"
/* That of tlog-cosignature. */
#define SOFA_TEXT                                                                                  \
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define SOFA_LINE                                                                                  \
    DASH "example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zh" \
         "cyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
#define SOFA_WITNESS                                                                               \
    DASH "witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJ"  \
         "sX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"

/* RFC 8032 section 7.1 TEST 1, and what node:crypto makes of it by C2SP's texts. */
#define SEED   "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define MARKET "m1/market.log+0db0ee85+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
#define W1     "w1+b0fbd8f0+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
#define TEXT   "m1/market.log\n3\nLyRb6qgUZTS8Ig6ofz4AbqEUWtbLZ5dlmoOb1YOzAQc=\n"
#define PLAIN                                                                                      \
    DASH "m1/market.log DbDuhRwbtKgzfCHKzbV8xKFfss0isJkJkprYlcsDCGtql5Ny9GIp6NNZ4rAWejH4B/cnLhsE9" \
         "pf53i9kOAO4pT1z2Q8=\n"
#define TIMED                                                                                      \
    DASH "m1/market.log VHNTJwAAAABW/l4QBwui6XXR0//7Ohfomd6sAvwORmUuqoLRNgbiclsxkRebA7Wh6IVhJMQ49" \
         "fBYpTGwXgJLiR2S6j2bu8Pb7hqVBg==\n"
#define TIMED_W1                                                                                   \
    DASH "w1 sPvY8AAAAABW/l4VCvW4EgcDANrqUiM88DWm0Z8ZSFE5kYOXkeyZmXxO91p9CQyj3tkhjj8jiKPvX0T9ReXQ" \
         "X44c3/4nZc+EdioiDg==\n"
/* 2016-04-01T11:40:00Z */
#define TIMED_S    1459510800
#define TIMED_W1_S 1459510805

static struct lm_error error;

static int parse(const char *text, struct lm_note *note) {
    return lm_note_parse(text, strlen(text), note, &error);
}

static void test_example(void) {
    struct lm_note note;
    struct lm_note_key key;
    struct lm_buffer text = {0};
    tap_ok(lm_note_key_parse(FOO_VKEY, &key, &error) == 0, "the example's verifier key");
    lm_note_key_format(&key, &text);
    lm_buffer_byte(&text, '\0');
    tap_is(text.data, FOO_VKEY, "is written as it was read");
    tap_ok(parse(FOO_TEXT "\n" FOO_LINE, &note) == 0 && note.count == 1 &&
               note.text_size == strlen(FOO_TEXT),
           "the example note");
    tap_ok(lm_note_verify(&note, &key, NULL, &error) == 0, "verifies");
    tap_ok(parse(FOO_TEXT "\n" FOO_LINE FOO_LINE, &note) == 0 &&
               lm_note_verify(&note, &key, NULL, &error) == 0,
           "and with its signature twice");
    tap_ok(parse("This is an Example message.\n\n" FOO_LINE, &note) == 0 &&
               lm_note_verify(&note, &key, NULL, &error) < 0 && error.reason == LM_BAD_SIGNATURE,
           "an altered text does not");
    tap_ok(parse("\n" FOO_TEXT "\n" FOO_LINE, &note) == 0 &&
               lm_note_verify(&note, &key, NULL, &error) < 0,
           "nor one with an empty line more");
    lm_buffer_free(&text);
}

/* Any bit flipped anywhere: no note any more, or its signature does not verify or is not found. */
static void test_flipped_bits(void) {
    char bytes[] = FOO_TEXT "\n" FOO_LINE;
    size_t size = sizeof bytes - 1;
    struct lm_note_key key;
    size_t accepted = 0;
    if (lm_note_key_parse(FOO_VKEY, &key, &error) < 0)
        return;
    for (size_t i = 0; i < 8 * size; i++) {
        struct lm_note note;
        bytes[i / 8] ^= (char)(1 << i % 8);
        accepted += lm_note_parse(bytes, size, &note, &error) == 0 &&
                    lm_note_verify(&note, &key, NULL, &error) == 0;
        bytes[i / 8] ^= (char)(1 << i % 8);
    }
    tap_ok(accepted == 0, "no bit of the example can be flipped");
    for (size_t cut = 0; cut < size; cut++) {
        struct lm_note note;
        accepted += lm_note_parse(bytes, cut, &note, &error) == 0;
    }
    tap_ok(accepted == 0, "nor can it be cut anywhere");
}

static void test_unknown_lines(void) {
    struct lm_note note;
    struct lm_note_key key;
    /* A name that is known with an id that is not, an id that is known with a name that is not. */
    const char *same_name = FOO_TEXT "\n" DASH "example.com/foo AAAAAAAA\n" FOO_LINE;
    const char *same_id = FOO_TEXT "\n" FOO_LINE DASH "example.com/bar Uw2QOkn8\n";
    if (lm_note_key_parse(FOO_VKEY, &key, &error) < 0)
        return;
    tap_ok(parse(same_name, &note) == 0 && lm_note_verify(&note, &key, NULL, &error) == 0,
           "another key of that name is passed over");
    tap_ok(parse(same_id, &note) == 0 && lm_note_verify(&note, &key, NULL, &error) == 0,
           "another name with that id is passed over");
    tap_ok(parse(FOO_TEXT "\n" FOO_LINE DASH "example.com/foo Uw2QOkn8\n", &note) == 0 &&
               lm_note_verify(&note, &key, NULL, &error) < 0 && error.reason == LM_BAD_SIGNATURE,
           "a known key's signature that fails spoils one that does not");
    tap_ok(parse(FOO_TEXT "\n" DASH "example.com/bar AAAAAAAA\n", &note) == 0 &&
               lm_note_verify(&note, &key, NULL, &error) < 0 && error.reason == LM_UNSIGNED,
           "without a line of the key the note is unsigned");
}

static void test_malformed(void) {
    static const struct {
        const char *note;
        const char *name;
    } notes[] = {
        {"", "nothing"},
        {"\n", "an empty line"},
        {FOO_TEXT, "a text alone"},
        {FOO_TEXT "\n", "a text without signatures"},
        {FOO_TEXT FOO_LINE, "no empty line"},
        {"\n" FOO_LINE, "no text"},
        {FOO_TEXT "\n" FOO_LINE "\n", "an empty line behind the signatures"},
        {FOO_TEXT "\n" FOO_LINE "more\n", "a line behind that is no signature"},
        {FOO_TEXT "\n-- example.com/foo AAAAAAAA\n", "two hyphens for a dash"},
        {FOO_TEXT "\n" DASH "AAAAAAAA\n", "no name"},
        {FOO_TEXT "\n" DASH " AAAAAAAA\n", "an empty name"},
        {FOO_TEXT "\n" DASH "a+b AAAAAAAA\n", "a plus sign in a name"},
        {FOO_TEXT "\n" DASH "a\xC2\xA0"
                  "b AAAAAAAA\n",
         "a space of another kind in a name"},
        {FOO_TEXT "\n" DASH "a  AAAAAAAA\n", "two spaces"},
        {FOO_TEXT "\n" DASH "a AAAAAAAA \n", "a space at the end"},
        {FOO_TEXT "\n" DASH "a AAAAAAAA\r\n", "CR LF"},
        {FOO_TEXT "\n" DASH "a AAAA\n", "a signature shorter than a key id"},
        {FOO_TEXT "\n" DASH "a AAAAAAA\n", "base64 without padding"},
        {FOO_TEXT "\n" DASH "a AAAAA=AA\n", "padding in the middle"},
        {FOO_TEXT "\n" DASH "a AAAA_AAA\n", "base64url"},
        {"a\tb\n\n" DASH "a AAAAAAAA\n", "a tab in the text"},
        {"\xC3\x28\n\n" DASH "a AAAAAAAA\n", "a text that is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct lm_note note;
        tap_ok(parse(notes[i].note, &note) < 0, "no note: %s", notes[i].name);
    }
}

static void test_limits(void) {
    struct lm_buffer bytes = {0};
    struct lm_note note;
    struct lm_note_key key;
    if (lm_note_key_parse(FOO_VKEY, &key, &error) < 0)
        return;
    lm_buffer_text(&bytes, FOO_TEXT "\n" FOO_LINE);
    for (int i = 1; i < LM_NOTE_SIGNATURES_MAX; i++)
        lm_buffer_format(&bytes, DASH "w%d AAAAAAAA\n", i);
    tap_ok(lm_note_parse(bytes.data, bytes.size, &note, &error) == 0 &&
               lm_note_verify(&note, &key, NULL, &error) == 0,
           "as many signatures as may be, more than the 16 that must be taken");
    lm_buffer_text(&bytes, DASH "w AAAAAAAA\n");
    tap_ok(lm_note_parse(bytes.data, bytes.size, &note, &error) < 0 && error.reason == LM_TOO_LONG,
           "and one more");
    lm_buffer_reset(&bytes);
    while (bytes.size <= LM_NOTE_SIZE_MAX)
        lm_buffer_text(&bytes, FOO_TEXT);
    lm_buffer_text(&bytes, "\n" FOO_LINE);
    tap_ok(lm_note_parse(bytes.data, bytes.size, &note, &error) < 0 && error.reason == LM_TOO_LONG,
           "a note that is too long");
    lm_buffer_free(&bytes);
}

static void test_keys(void) {
    static const char *const bad[] = {
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d903a+",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
    };
    struct lm_note_key key;
    uint8_t public_key[32] = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        tap_ok(lm_note_key_parse(bad[i], &key, &error) < 0 && error.reason == LM_BAD_KEY,
               "no verifier key: form %zu", i + 1);
    tap_ok(lm_note_key_make("a b", LM_NOTE_ED25519, public_key, &key, &error) < 0 &&
               lm_note_key_make("", LM_NOTE_ED25519, public_key, &key, &error) < 0,
           "names that no key can have");
}

/* A key from its RFC 8032 seed. */
static int make_key(struct lm_key *key) {
    uint8_t seed[32];
    size_t size;
    if (lm_key_generate("m1", key, &error) < 0 ||
        sodium_hex2bin(seed, sizeof seed, SEED, strlen(SEED), NULL, &size, NULL) != 0)
        return -1;
    return crypto_sign_seed_keypair(key->sign_public, key->sign_secret, seed);
}

static void test_signing(void) {
    struct lm_key key;
    struct lm_checkpoint checkpoint;
    struct lm_note_key witness;
    struct lm_note_times times;
    struct lm_buffer out = {0};
    uint8_t root[LM_HASH_SIZE];
    static const char base64[] = "LyRb6qgUZTS8Ig6ofz4AbqEUWtbLZ5dlmoOb1YOzAQc=";
    if (make_key(&key) < 0 || !lm_base64_read(base64, sizeof base64 - 1, root, sizeof root))
        return;
    int result = lm_checkpoint_sign("m1/market.log", 3, root, &key, TIMED_S, &out, &error);
    lm_buffer_byte(&out, '\0');
    tap_ok(result == 0, "a checkpoint is signed");
    tap_is(out.data, TEXT "\n" PLAIN TIMED, "byte for byte as node:crypto does it");

    static const char given[] = TEXT "\n" PLAIN TIMED TIMED_W1;
    tap_ok(lm_checkpoint_parse(given, sizeof given - 1, &checkpoint, &error) == 0 &&
               strcmp(checkpoint.origin, "m1/market.log") == 0 && checkpoint.size == 3 &&
               memcmp(checkpoint.root, root, sizeof root) == 0 && checkpoint.extension_size == 0,
           "a checkpoint's three lines");
    tap_ok(lm_checkpoint_verify(&checkpoint, key.sign_public, &times, &error) == 0 &&
               times.first_s == TIMED_S && times.last_s == TIMED_S,
           "it is the log's, and says when it was made");
    tap_ok(lm_note_key_parse(W1, &witness, &error) == 0 && witness.kind == LM_NOTE_COSIGNATURE &&
               lm_note_verify(&checkpoint.note, &witness, &times, &error) == 0 &&
               times.first_s == TIMED_W1_S,
           "and when a witness saw it");

    /* Cosigning again takes the place of the earlier cosignature. */
    lm_buffer_reset(&out);
    lm_checkpoint_cosign(&checkpoint, &witness, &key, TIMED_W1_S, &out);
    lm_buffer_byte(&out, '\0');
    tap_is(out.data, given, "cosigned byte for byte as node:crypto does it");
    lm_buffer_reset(&out);
    lm_checkpoint_cosign(&checkpoint, &witness, &key, TIMED_W1_S + 60, &out);
    struct lm_checkpoint again;
    tap_ok(lm_checkpoint_parse(out.data, out.size, &again, &error) == 0 && again.note.count == 3 &&
               lm_note_verify(&again.note, &witness, &times, &error) == 0 &&
               times.first_s == TIMED_W1_S + 60,
           "a later one replaces it");
    /* Where both stand, both times are told. */
    char both[2048];
    (void)snprintf(both, sizeof both, "%s%.*s", given, (int)again.note.lines[2].line_size,
                   again.note.lines[2].line);
    struct lm_note note;
    tap_ok(parse(both, &note) == 0 && lm_note_verify(&note, &witness, &times, &error) == 0 &&
               times.first_s == TIMED_W1_S && times.last_s == TIMED_W1_S + 60,
           "of two cosignatures of one key the first and the last time");
    /* The time is under the signature. */
    char *stamp = strstr(both, "VHNTJwAAAABW/l4Q");
    stamp[15] = 'R';
    tap_ok(lm_checkpoint_parse(both, strlen(both), &again, &error) == 0 &&
               lm_checkpoint_verify(&again, key.sign_public, &times, &error) < 0,
           "an altered time is found");
    lm_buffer_free(&out);
    lm_key_free(&key);
}

static void test_checkpoints(void) {
    static const struct {
        const char *text;
        const char *name;
    } bad[] = {
        {"o\n1\n", "no root"},
        {"o\n", "no size"},
        {"o\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "a leading zero"},
        {"o\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "a negative size"},
        {"o\n\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "an empty line"},
        {"o\n9223372036854775808\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "2^63"},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n", "a root without padding"},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "a root with stray bits"},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jx\n", "a root of 30 bytes"},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nmore\n",
         "an empty line in the text"},
    };
    static const char sofa[] = SOFA_TEXT "\n" SOFA_LINE SOFA_WITNESS;
    static const char extended[] = SOFA_TEXT "one\ntwo\n\n" SOFA_LINE;
    struct lm_checkpoint checkpoint;
    tap_ok(lm_checkpoint_parse(sofa, sizeof sofa - 1, &checkpoint, &error) == 0 &&
               strcmp(checkpoint.origin, "example.com/behind-the-sofa") == 0 &&
               checkpoint.size == 20852163 && checkpoint.note.count == 2,
           "the example of tlog-cosignature");
    struct lm_buffer text = {0};
    lm_checkpoint_text(checkpoint.origin, checkpoint.size, checkpoint.root, &text);
    lm_buffer_byte(&text, '\0');
    tap_is(text.data, SOFA_TEXT, "is written as it was read");
    lm_buffer_free(&text);
    tap_ok(lm_checkpoint_parse(extended, sizeof extended - 1, &checkpoint, &error) == 0 &&
               checkpoint.extension_size == strlen("one\ntwo\n"),
           "further lines are kept apart");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char note[512];
        (void)snprintf(note, sizeof note, "%s\n" DASH "o AAAAAAAA\n", bad[i].text);
        tap_ok(lm_checkpoint_parse(note, strlen(note), &checkpoint, &error) < 0,
               "no checkpoint: %s", bad[i].name);
    }
}

/* Every byte in every place of a hash: one text stands for one hash, and no other. */
static void test_base64(void) {
    static const char right[] = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    static const char right_url[] = "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I";
    uint8_t hash[LM_HASH_SIZE];
    uint8_t other[LM_HASH_SIZE];
    bool good = lm_base64_read(right, sizeof right - 1, hash, sizeof hash) &&
                lm_base64url_read(right_url, other, sizeof other) &&
                memcmp(hash, other, sizeof hash) == 0;
    size_t same = 0;
    for (size_t i = 0; i < sizeof right - 1; i++) {
        for (int byte = 1; byte < 256; byte++) {
            char text[sizeof right];
            memcpy(text, right, sizeof right);
            text[i] = (char)byte;
            same += lm_base64_read(text, sizeof right - 1, other, sizeof other) &&
                    memcmp(hash, other, sizeof hash) == 0;
            if (i >= sizeof right_url - 1)
                continue;
            memcpy(text, right_url, sizeof right_url);
            text[i] = (char)byte;
            same += lm_base64url_read(text, other, sizeof other) &&
                    memcmp(hash, other, sizeof hash) == 0;
        }
    }
    tap_ok(good && same == sizeof right - 1 + sizeof right_url - 1,
           "a hash in base64 is spelled in one way");
}

static bool read_vector(const char *name, char *text, size_t room) {
    const char *folder = getenv("LM_VECTORS");
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/signed-note-tlog/%s",
                   folder ? folder : "../shared/vectors", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t size = fread(text, 1, room - 1, file);
    text[size] = '\0';
    (void)fclose(file);
    return true;
}

static void test_vectors(void) {
    char text[4096];
    char vkey[256];
    struct lm_note note;
    struct lm_note_key key;
    struct lm_checkpoint checkpoint;
    if (!read_vector("example-foo.note", text, sizeof text) ||
        !read_vector("example-foo.vkey", vkey, sizeof vkey)) {
        tap_skip("the public examples", "no public vectors (set LM_VECTORS)");
        return;
    }
    vkey[strcspn(vkey, "\n")] = '\0';
    tap_ok(parse(text, &note) == 0 && lm_note_key_parse(vkey, &key, &error) == 0 &&
               lm_note_verify(&note, &key, NULL, &error) == 0,
           "the public example note verifies");
    tap_ok(read_vector("tlog-checkpoint-example.txt", text, sizeof text) &&
               lm_checkpoint_parse(text, strlen(text), &checkpoint, &error) == 0 &&
               checkpoint.note.count == 1,
           "the public checkpoint");
    tap_ok(read_vector("tlog-cosignature-example.txt", text, sizeof text) &&
               lm_checkpoint_parse(text, strlen(text), &checkpoint, &error) == 0 &&
               checkpoint.note.count == 2 && checkpoint.size == 20852163,
           "the public cosigned checkpoint");
}

int main(void) {
    if (lm_crypto_start(&error) < 0)
        return 1;
    test_example();
    test_flipped_bits();
    test_unknown_lines();
    test_malformed();
    test_limits();
    test_keys();
    test_signing();
    test_checkpoints();
    test_base64();
    test_vectors();
    return tap_done();
}
