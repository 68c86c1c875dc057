#include "lib/base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ZONE_SIZE_MAX 64
#define ZONE_FOLDER   "/usr/share/zoneinfo/"

/* What lies beside the IANA zones in the same folder: the machine's own zone, which would make a
 * bill depend on where it is computed, and copies that count leap seconds. */
static bool is_foreign(const char *name) {
    static const char *const names[] = {"localtime", "posixrules", "Factory"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return strncmp(name, "right/", 6) == 0 || strncmp(name, "posix/", 6) == 0;
}

bool lm_zone_spelled(const char *name) {
    size_t size = strlen(name);
    if (size == 0 || size > ZONE_SIZE_MAX || is_foreign(name))
        return false;
    size_t part = 0;
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        if (c == '/') {
            if (part == 0)
                return false;
            part = 0;
            continue;
        }
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '+' && c != '-')
            return false;
        part++;
    }
    return part != 0;
}

/* errno of what failed last, 0 where a zone is not known. */
static int failure;

static bool fail_unless_unknown(int error) {
    bool unknown = error == ENOENT || error == ENOTDIR || error == EACCES || error == EISDIR;
    failure = unknown ? 0 : error;
    return false;
}

/* The C library takes an unknown zone for UTC without a word, so the file is looked for first. */
bool lm_zone_known(const char *name) {
    char path[sizeof ZONE_FOLDER + ZONE_SIZE_MAX];
    char magic[4];
    size_t size = 0;
    ssize_t got = 0;
    failure = 0;
    if (!lm_zone_spelled(name))
        return false;
    (void)snprintf(path, sizeof path, "%s%s", ZONE_FOLDER, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_unless_unknown(errno);
    while (size < sizeof magic) {
        got = read(fd, magic + size, sizeof magic - size);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        size += got > 0 ? (size_t)got : 0;
    }
    if (got < 0)
        (void)fail_unless_unknown(errno);
    (void)close(fd);
    /* A folder such as "Europe" opens, too, but does not read. RFC 9636: files begin with TZif. */
    return size == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
}

/* tzset tells nobody that it could not read a file and goes on with UTC; only errno is left. */
static bool switch_to(const char *name) {
    static char current[ZONE_SIZE_MAX + 1];
    if (current[0] && strcmp(current, name) == 0)
        return true;
    char value[sizeof ZONE_FOLDER + ZONE_SIZE_MAX + 1];
    if (!lm_zone_known(name))
        return false;
    (void)snprintf(value, sizeof value, ":%s%s", ZONE_FOLDER, name);
    current[0] = '\0';
    if (setenv("TZ", value, 1) != 0)
        return fail_unless_unknown(errno);
    errno = 0;
    tzset();
    if (errno != 0)
        return fail_unless_unknown(errno);
    (void)snprintf(current, sizeof current, "%s", name);
    return true;
}

bool lm_zone_local(const char *name, int64_t instant_s, struct lm_civil *local) {
    time_t instant = (time_t)instant_s;
    struct tm tm;
    if (!switch_to(name))
        return false;
    errno = 0;
    if (!localtime_r(&instant, &tm) || errno == ENOMEM)
        return fail_unless_unknown(errno);
    *local = (struct lm_civil){.year = tm.tm_year + 1900,
                               .month = tm.tm_mon + 1,
                               .day = tm.tm_mday,
                               .hour = tm.tm_hour,
                               .minute = tm.tm_min,
                               .second = tm.tm_sec};
    return true;
}

int lm_zone_instants(const char *name, const struct lm_civil *local, int64_t instants_s[2]) {
    /* Zones are within a day of UTC. Offsets at the two ends of that stretch and every quarter of
     * an hour between are all that the local time can have been read under. */
    int64_t as_utc_s = lm_civil_to_seconds(local);
    int count = 0;
    for (int64_t at_s = as_utc_s - 86400; at_s <= as_utc_s + 86400; at_s += 900) {
        struct lm_civil there;
        if (!lm_zone_local(name, at_s, &there))
            return -1;
        int64_t offset_s = lm_civil_to_seconds(&there) - at_s;
        int64_t candidate_s = as_utc_s - offset_s;
        struct lm_civil back;
        if (!lm_zone_local(name, candidate_s, &back))
            return -1;
        if (lm_civil_to_seconds(&back) != as_utc_s)
            continue;
        bool known = false;
        for (int i = 0; i < count; i++)
            known = known || instants_s[i] == candidate_s;
        if (known || count == 2)
            continue;
        instants_s[count++] = candidate_s;
    }
    if (count == 2 && instants_s[0] > instants_s[1]) {
        int64_t first_s = instants_s[1];
        instants_s[1] = instants_s[0];
        instants_s[0] = first_s;
    }
    return count;
}

int lm_zone_fail(const char *name, struct lm_error *error) {
    if (failure == ENOMEM)
        return lm_fail_memory(error);
    if (failure == 0)
        return lm_fail(error, LM_ZONE, "the time zone %s is unknown here", name);
    errno = failure;
    return lm_fail_errno(error, LM_IO, name);
}
