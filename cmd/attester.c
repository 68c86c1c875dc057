#include "cmd/attester.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/lines.h"
#include "lib/record/canonical.h"

static int failed(const char *program, const char *how, struct lm_error *error) {
    return lm_fail(error, LM_ATTESTER, "%.100s: %s", program, how);
}

static int64_t monotonic_ms(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* A process group of its own, so that all of it can be ended; the signals as anybody expects them;
 * no descriptor of ours but standard error. */
static int start(const char *program, const char *digest, int output, pid_t *child) {
    char *const arguments[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)digest, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all;
    sigset_t none;
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    int result = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (result == 0)
        result = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (result == 0)
        result = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (result == 0)
        result = posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (result == 0)
        result = posix_spawnattr_setpgroup(&attributes, 0);
    if (result == 0)
        result = posix_spawnattr_setsigdefault(&attributes, &all);
    if (result == 0)
        result = posix_spawnattr_setsigmask(&attributes, &none);
    if (result == 0)
        result = posix_spawnp(child, program, &actions, &attributes, arguments, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return result;
}

/* All that comes until its end. */
static int read_output(int fd, const char *program, struct lm_buffer *out, struct lm_error *error) {
    int64_t end_ms = monotonic_ms() + (int64_t)LM_ATTESTER_SECONDS * 1000;
    for (;;) {
        struct pollfd input = {.fd = fd, .events = POLLIN};
        int64_t left_ms = end_ms - monotonic_ms();
        if (left_ms <= 0 || poll(&input, 1, (int)left_ms) == 0)
            return failed(program, "takes too long", error);
        char *room = lm_buffer_reserve(out, LM_ATTESTER_OUTPUT_MAX);
        if (!room)
            return lm_fail_memory(error);
        ssize_t got = read(fd, room, LM_ATTESTER_OUTPUT_MAX);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0)
            return lm_fail_errno(error, LM_ATTESTER, program);
        if (got == 0)
            return 0;
        out->size += (size_t)got;
        if (out->size > LM_ATTESTER_OUTPUT_MAX)
            return failed(program, "prints too much", error);
    }
}

/* One that has closed its output and does not end has the same time again. */
static int wait_for(pid_t child, const char *program, struct lm_error *error) {
    int64_t end_ms = monotonic_ms() + (int64_t)LM_ATTESTER_SECONDS * 1000;
    for (;;) {
        int status;
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended < 0 && errno != EINTR)
            return lm_fail_errno(error, LM_ATTESTER, program);
        if (ended == child && WIFSIGNALED(status))
            return lm_fail(error, LM_ATTESTER, "%.100s: ended by signal %d", program,
                           WTERMSIG(status));
        if (ended == child && WEXITSTATUS(status) != 0)
            return lm_fail(error, LM_ATTESTER, "%.100s: exit status %d", program,
                           WEXITSTATUS(status));
        if (ended == child)
            return 0;
        if (monotonic_ms() >= end_ms)
            return failed(program, "does not end", error);
        (void)poll(NULL, 0, 1);
    }
}

static int check_text(const char *program, struct lm_buffer *out, struct lm_error *error) {
    if (out->size > 0 && out->data[out->size - 1] == '\n')
        out->size--;
    if (out->size == 0)
        return failed(program, "prints nothing", error);
    if (memchr(out->data, '\0', out->size) || lm_utf8_valid(out->data, out->size) < out->size ||
        lm_noncharacter_in(out->data, out->size))
        return failed(program, "prints what is no text", error);
    lm_buffer_byte(out, '\0');
    return lm_buffer_ok(out) ? 0 : lm_fail_memory(error);
}

int lm_attester_run(const char *program, const char *digest, struct lm_buffer *out,
                    struct lm_error *error) {
    int ends[2];
    pid_t child;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return lm_fail_errno(error, LM_ATTESTER, program);
    int cannot = start(program, digest, ends[1], &child);
    (void)close(ends[1]);
    if (cannot) {
        (void)close(ends[0]);
        errno = cannot;
        return lm_fail_errno(error, LM_ATTESTER, program);
    }
    int result = read_output(ends[0], program, out, error);
    (void)close(ends[0]);
    if (result == 0)
        result = wait_for(child, program, error);
    if (result < 0) { /* it may have ended, and left others behind */
        (void)kill(-child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        return -1;
    }
    return check_text(program, out, error);
}
