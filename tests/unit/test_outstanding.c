/* lib/registry/sent and lib/registry/outstanding: what a state file says, and to whom when. */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/registry/outstanding.h"
#include "tests/unit/tap.h"

#define NOW 1459512000

/* A message whose digest is 43 of a letter, and an A, which leaves no stray bits. */
static void digest_of(char letter, char digest[LM_DIGEST_TEXT_SIZE]) {
    memset(digest, letter, LM_DIGEST_TEXT_SIZE - 2);
    digest[LM_DIGEST_TEXT_SIZE - 2] = 'A';
    digest[LM_DIGEST_TEXT_SIZE - 1] = '\0';
}

static struct lm_sent message(char letter, const char *peer, int64_t expires_s) {
    struct lm_sent sent = {.at_s = NOW, .expires_s = expires_s};
    digest_of(letter, sent.digest);
    (void)stpcpy(sent.peer, peer);
    return sent;
}

/* ---- the journal ---- */

/* Made by other means than ours: the sums are the first 9 bytes of what sha256sum says of what
 * stands before them, in base64url. */
static const char journal[] = "lm-auth-state 1 v H_r6Es63Vifk\n"
                              "sent aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA p "
                              "2016-04-01T12:00:00Z 2016-04-01T12:01:00Z - ndNMBkrenXcP\n"
                              "sent bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbA q "
                              "2016-04-01T12:00:00Z 2016-04-01T12:01:30Z "
                              "ccccccccccccccccccccccccccccccccccccccccccA YWYp4lqO5S2-\n"
                              "answered aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA "
                              "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbA M4WKnipqWGhV\n"
                              "closed aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA zJAu9D0wtZsv\n";

static void test_journal(void) {
    struct lm_sent_table table;
    struct lm_sent_table again;
    struct lm_buffer written = {0};
    struct lm_buffer twice = {0};
    struct lm_error error;
    size_t taken;
    char a[LM_DIGEST_TEXT_SIZE];
    char b[LM_DIGEST_TEXT_SIZE];
    char c[LM_DIGEST_TEXT_SIZE];
    digest_of('a', a);
    digest_of('b', b);
    digest_of('c', c);
    struct lm_sent first = message('a', "p", NOW + 60);
    struct lm_sent second = message('b', "q", NOW + 90);
    (void)stpcpy(second.answers, c);
    lm_sent_table_start(&table);
    lm_sent_table_start(&again);
    tap_ok(lm_sent_own(&table, "v", &written, &error) == 0 &&
               lm_sent_add(&table, &first, &written, &error) == 0 &&
               lm_sent_add(&table, &second, &written, &error) == 0 &&
               lm_sent_answered(&table, a, b, &written, &error) == 0 &&
               lm_sent_closed(&table, a, &written, &error) == 0,
           "a journal of five lines");
    tap_ok(written.size == sizeof journal - 1 && memcmp(written.data, journal, written.size) == 0,
           "as it is documented");
    if (written.size != sizeof journal - 1 || memcmp(written.data, journal, written.size) != 0)
        printf("# got:\n%.*s", (int)written.size, written.data);
    tap_ok(lm_sent_table_read(&again, written.data, written.size, &taken, &error) == 0 &&
               taken == written.size && again.lines == 5 && again.count == 2,
           "it is read");
    tap_is(again.owner, "v", "with its owner");
    const struct lm_sent *found = lm_sent_find(&again, a);
    tap_ok(found && strcmp(found->peer, "p") == 0 && found->at_s == NOW &&
               found->expires_s == NOW + 60 && strcmp(found->answered_by, b) == 0 &&
               found->closed && !found->answers[0],
           "with what became of a message");
    found = lm_sent_reply(&again, c);
    tap_ok(found && strcmp(found->digest, b) == 0 && !found->answered_by[0], "and what it answers");
    tap_ok(!lm_sent_find(&again, c) && !lm_sent_reply(&again, a), "and nothing else");
    tap_ok(lm_sent_waiting(&again, NULL, NOW) == 2 && lm_sent_waiting(&again, "p", NOW) == 1 &&
               lm_sent_waiting(&again, NULL, NOW + 60) == 1 && lm_sent_needed(&again, NOW) == 5 &&
               lm_sent_needed(&again, NOW + 60) == 2,
           "counted by when they expire");
    lm_sent_write(&again, NOW + 60, &twice);
    lm_sent_table_free(&table);
    lm_sent_table_start(&table);
    tap_ok(lm_sent_table_read(&table, twice.data, twice.size, &taken, &error) == 0 &&
               table.count == 1 && lm_sent_find(&table, b),
           "written anew without what has expired");
    tap_ok(lm_sent_answered(&table, a, b, &twice, &error) < 0 &&
               lm_sent_closed(&table, b, &twice, &error) < 0 &&
               lm_sent_add(&table, &second, &twice, &error) < 0 &&
               lm_sent_own(&table, "w", &twice, &error) < 0,
           "what cannot be is refused");
    lm_sent_table_free(&table);
    lm_sent_table_free(&again);
    lm_buffer_free(&written);
    lm_buffer_free(&twice);
}

/* Every byte of a journal, changed: it is never read as another. */
static void test_damage(void) {
    char text[sizeof journal];
    size_t read = 0;
    size_t wrong = 0;
    for (size_t i = 0; i + 1 < sizeof journal; i++) {
        struct lm_sent_table table;
        struct lm_error error;
        size_t taken;
        memcpy(text, journal, sizeof text);
        text[i] ^= 1;
        lm_sent_table_start(&table);
        if (lm_sent_table_read(&table, text, sizeof text - 1, &taken, &error) < 0)
            wrong += error.reason != LM_BAD_STATE;
        else
            read += taken == sizeof text - 1;
        lm_sent_table_free(&table);
    }
    tap_ok(read == 0 && wrong == 0, "no byte can be changed unnoticed");
}

/* ---- the file ---- */

static void test_file(const char *path) {
    struct lm_error error;
    struct lm_outstanding *one = lm_outstanding_new(path, &error);
    struct lm_outstanding *two = lm_outstanding_new(path, &error);
    struct lm_sent first = message('a', "p", NOW + 60);
    struct lm_sent second = message('b', "p", NOW + 60);
    struct stat status;
    tap_ok(lm_outstanding_lock(two, NULL, NOW, &error) < 0 && error.reason == LM_NO_INPUT &&
               access(path, F_OK) != 0,
           "there must be a file to read");
    tap_ok(lm_outstanding_lock(one, "v", NOW, &error) == 0 &&
               lm_outstanding_add(one, &first, NOW, &error) == 0 && stat(path, &status) == 0 &&
               status.st_size == 0,
           "a change is in the file only");
    tap_ok(lm_outstanding_commit(one, &error) == 0 && stat(path, &status) == 0 &&
               status.st_size > 0 && (status.st_mode & 07777) == 0600,
           "once it is committed");
    tap_ok(lm_outstanding_lock(two, NULL, NOW, &error) == 0 &&
               strcmp(lm_outstanding_owner(two), "v") == 0 &&
               lm_outstanding_find(two, first.digest) && !lm_outstanding_find(two, second.digest),
           "others see it, and whose it is");
    tap_ok(lm_outstanding_lock(two, NULL, NOW, &error) < 0 && error.reason == LM_DEFECT,
           "a lock is not taken twice");
    tap_ok(lm_outstanding_mark_answered(two, first.digest, second.digest, &error) == 0 &&
               lm_outstanding_commit(two, &error) == 0 &&
               !lm_outstanding_find(one, first.digest)->answered_by[0] &&
               lm_outstanding_lock(one, "v", NOW, &error) == 0 &&
               strcmp(lm_outstanding_find(one, first.digest)->answered_by, second.digest) == 0,
           "and under the lock what others have done meanwhile");
    tap_ok(lm_outstanding_mark_answered(one, first.digest, second.digest, &error) < 0,
           "which is not done again");
    tap_ok(lm_outstanding_add(one, &second, NOW, &error) == 0, "who gives up");
    lm_outstanding_free(one);
    tap_ok(lm_outstanding_lock(two, "v", NOW, &error) == 0 &&
               !lm_outstanding_find(two, second.digest),
           "leaves no change and no lock");
    tap_ok(lm_outstanding_commit(two, &error) == 0 && lm_outstanding_commit(two, &error) < 0,
           "nothing is committed without a lock");
    tap_ok(lm_outstanding_lock(two, "w", NOW, &error) < 0 && error.reason == LM_BAD_STATE,
           "nobody uses another's file");
    /* The file goes while it is open. */
    tap_ok(unlink(path) == 0 && lm_outstanding_lock(two, NULL, NOW, &error) < 0 &&
               error.reason == LM_NO_INPUT,
           "a file that is gone is gone");
    lm_outstanding_free(two);
}

int main(void) {
    char folder[] = "/tmp/lm-test-XXXXXX";
    char path[64];
    if (sodium_init() < 0 || !mkdtemp(folder))
        return 1;
    (void)snprintf(path, sizeof path, "%s/state", folder);
    test_journal();
    test_damage();
    test_file(path);
    (void)unlink(path);
    (void)rmdir(folder);
    return tap_done();
}
