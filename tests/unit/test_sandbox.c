/*
 * The sandbox, in child processes: what is allowed is allowed, nothing else is, and entering again
 * takes more away.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/sandbox.h"
#include "tests/unit/tap.h"

/* Each check runs in a child and returns whether all was as it should be. */
static bool in_child(bool (*check)(void)) {
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(check() ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static bool opens(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

/* Refused by the sandbox, not because of what is there. */
static bool refused(const char *path, int flags) {
    return !opens(path, flags) && errno == EACCES;
}

static bool enter(const char *path, enum lm_sandbox_access access) {
    struct lm_sandbox sandbox;
    lm_sandbox_start(&sandbox);
    if (path)
        lm_sandbox_allow(&sandbox, path, access);
    return lm_sandbox_enter(&sandbox);
}

static bool nothing(void) {
    return enter(NULL, LM_SANDBOX_READ) && refused("a/one", O_RDONLY) &&
           refused("a/one", O_WRONLY) && refused("a", O_RDONLY | O_DIRECTORY) &&
           refused("a/new", O_WRONLY | O_CREAT) && unlink("a/one") < 0 && errno == EACCES &&
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool reading(void) {
    return enter("a/one", LM_SANDBOX_READ) && opens("a/one", O_RDONLY) &&
           refused("a/one", O_WRONLY) && refused("a/two", O_RDONLY) && truncate("a/one", 0) < 0;
}

static bool by_a_link(void) {
    return enter("b/link", LM_SANDBOX_READ) && opens("b/link", O_RDONLY) &&
           opens("a/one", O_RDONLY) && refused("a/two", O_RDONLY) && refused("b/three", O_RDONLY);
}

static bool a_folder_for_a_file(void) {
    return enter("a", LM_SANDBOX_READ) && opens("a", O_RDONLY | O_DIRECTORY) &&
           refused("a/one", O_RDONLY);
}

static bool missing(void) {
    return enter("a/none", LM_SANDBOX_READ) && refused("a/one", O_RDONLY) &&
           !opens("a/none", O_RDONLY) && errno == ENOENT;
}

static bool later(void) {
    return enter("a/none", LM_SANDBOX_READ_LATER) && opens("a/one", O_RDONLY) &&
           refused("a/none", O_WRONLY | O_CREAT) && refused("b/three", O_RDONLY);
}

static bool folder(void) {
    return enter("a", LM_SANDBOX_READ_IN) && opens("a/one", O_RDONLY) &&
           opens("a", O_RDONLY | O_DIRECTORY) && refused("a/one", O_WRONLY) &&
           refused("b/three", O_RDONLY);
}

static bool writing(void) {
    return enter("a/new", LM_SANDBOX_WRITE) && opens("a/new", O_WRONLY | O_CREAT | O_EXCL) &&
           opens("a/new", O_RDWR | O_TRUNC) && rename("a/new", "a/newer") == 0 &&
           unlink("a/newer") == 0 && refused("b/new", O_WRONLY | O_CREAT) &&
           refused("b/three", O_RDONLY) && mkdir("a/folder", 0700) < 0 && errno == EACCES;
}

/* The link's folder, and the file that it leads to, but not what lies beside that. */
static bool writing_by_a_link(void) {
    return enter("b/link", LM_SANDBOX_WRITE) && opens("b/link", O_RDWR) &&
           refused("a/two", O_RDONLY) && refused("a/new", O_WRONLY | O_CREAT);
}

static bool twice(void) {
    struct lm_sandbox sandbox;
    lm_sandbox_start(&sandbox);
    lm_sandbox_allow(&sandbox, "a/one", LM_SANDBOX_READ);
    lm_sandbox_allow(&sandbox, "a/two", LM_SANDBOX_READ);
    return lm_sandbox_enter(&sandbox) && opens("a/one", O_RDONLY) && opens("a/two", O_RDONLY) &&
           enter("a/one", LM_SANDBOX_READ) && opens("a/one", O_RDONLY) &&
           refused("a/two", O_RDONLY) && (enter("a/two", LM_SANDBOX_READ) || true) &&
           refused("a/two", O_RDONLY);
}

static bool open_descriptors_stay(void) {
    char byte;
    int fd = open("a/one", O_RDWR | O_CLOEXEC);
    return fd >= 0 && enter(NULL, LM_SANDBOX_READ) && write(fd, "x", 1) == 1 &&
           pread(fd, &byte, 1, 0) == 1;
}

static const struct {
    bool (*check)(void);
    const char *name;
} checks[] = {
    {nothing, "with nothing allowed nothing is opened, made or removed, and no privilege gained"},
    {reading, "a file that may be read may not be written, nor the one beside it read"},
    {by_a_link, "by a symbolic link what it leads to may be read"},
    {a_folder_for_a_file, "a folder in a file's place opens, but not what is in it"},
    {missing, "a file that is not there allows nothing"},
    {later, "one that may come later allows to read its folder, not to make it"},
    {folder, "a folder may be read with what is in it, and nothing else"},
    {writing, "where a file may be written it is made, replaced and removed, nothing beyond"},
    {writing_by_a_link, "by a symbolic link what it leads to may be written"},
    {twice, "entering again allows what both allow"},
    {open_descriptors_stay, "what is open stays open"},
};

static bool make(const char *path) {
    return opens(path, O_WRONLY | O_CREAT | O_EXCL);
}

int main(void) {
    char path[] = "/tmp/lm-test-XXXXXX";
    if (lm_sandbox_abi() == 0) {
        tap_skip("the sandbox", "the kernel has no Landlock");
        return tap_done();
    }
    if (!tap_ok(mkdtemp(path) && chdir(path) == 0 && mkdir("a", 0700) == 0 &&
                    mkdir("b", 0700) == 0 && make("a/one") && make("a/two") && make("b/three") &&
                    symlink("../a/one", "b/link") == 0,
                "a folder to play in"))
        return tap_done();
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        tap_ok(in_child(checks[i].check), "%s", checks[i].name);
    static const char *const files[] = {"b/link", "b/three", "a/one", "a/two", "a/new"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlink(files[i]);
    (void)!(rmdir("a") == 0 && rmdir("b") == 0 && rmdir(path) == 0);
    return tap_done();
}
