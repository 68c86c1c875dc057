/*
 * What a program may still do while it reads its input: preloaded, this tries it when the program
 * first reads standard input, and writes what became of each attempt to the file that LM_PROBE_OUT
 * names, `WHAT: ok` or `WHAT: ERRNO`. LM_PROBE_SECRET names a file that the program has no business
 * with. What the program itself is denied is written there, too, `denied: PATH`.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int out = -1;
static bool probing;

static void report(const char *what, long result) {
    dprintf(out, "%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
}

static void try_open(const char *what, const char *path, int flags) {
    int fd = path ? open(path, flags | O_CLOEXEC, 0600) : -1;
    report(what, fd);
    if (fd >= 0)
        (void)close(fd);
}

/* A connection to port 9 of this machine is refused where it is allowed to be tried. */
static void try_tcp(const char *what, int (*call)(int, const struct sockaddr *, socklen_t)) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = call == connect ? htons(9) : 0,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    report(what, fd < 0 ? -1 : call(fd, (const struct sockaddr *)&address, sizeof address));
    (void)close(fd);
}

/* The name, with its leading NUL, is what LM_PROBE_SOCKET says; somebody outside listens there. */
static void try_abstract(const char *what) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *name = getenv("LM_PROBE_SOCKET");
    if (!name)
        return;
    (void)snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    report(what, connect(fd, (const struct sockaddr *)&address, size));
    (void)close(fd);
}

static void try_execute(const char *what) {
    int ends[2];
    int failed = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        char name[] = "true";
        char *const arguments[] = {name, NULL};
        (void)execv("/bin/true", arguments);
        failed = errno;
        (void)!write(ends[1], &failed, sizeof failed);
        _exit(1);
    }
    (void)close(ends[1]);
    if (read(ends[0], &failed, sizeof failed) <= 0)
        failed = 0;
    (void)close(ends[0]);
    (void)waitpid(child, NULL, 0);
    errno = failed;
    report(what, failed ? -1 : 0);
}

static void probe(void) {
    const char *secret = getenv("LM_PROBE_SECRET");
    try_open("read passwd", "/etc/passwd", O_RDONLY);
    try_open("read secret", secret, O_RDONLY);
    try_open("write secret", secret, O_WRONLY);
    try_open("list root", "/", O_RDONLY | O_DIRECTORY);
    try_open("make file", "lm-probe-made", O_WRONLY | O_CREAT | O_EXCL);
    report("make folder", mkdirat(AT_FDCWD, "lm-probe-folder", 0700));
    report("remove secret", secret ? unlink(secret) : 0);
    report("move secret", secret ? rename(secret, "lm-probe-moved") : 0);
    try_open("read zone", "/usr/share/zoneinfo/UTC", O_RDONLY);
    try_execute("execute");
    try_tcp("connect", connect);
    try_tcp("bind", bind);
    report("signal", kill(getppid(), 0));
    try_abstract("abstract socket");
    dprintf(out, "no new privileges: %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

__attribute__((constructor)) static void open_output(void) {
    const char *path = getenv("LM_PROBE_OUT");
    if (path)
        out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* What the program itself wanted to open and was denied. */
int open(const char *path, int flags, ...) {
    va_list arguments;
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    int fd = openat(AT_FDCWD, path, flags, mode);
    if (fd < 0 && errno == EACCES && !probing && out >= 0)
        dprintf(out, "denied: %s\n", path);
    return fd;
}

/* Programs read a duplicate of standard input. */
static bool is_input(int fd) {
    struct stat input;
    struct stat status;
    return fstat(STDIN_FILENO, &input) == 0 && fstat(fd, &status) == 0 &&
           input.st_dev == status.st_dev && input.st_ino == status.st_ino;
}

ssize_t read(int fd, void *bytes, size_t size) {
    static ssize_t (*real)(int, void *, size_t);
    static bool probed;
    if (!real)
        real = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    if (!probed && out >= 0 && is_input(fd)) {
        probed = true;
        probing = true;
        probe();
        probing = false;
    }
    return real(fd, bytes, size);
}
