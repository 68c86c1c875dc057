#include "lib/base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's interface, spelled here because the system's headers may be older than the kernel.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

#define PATH_SIZE_MAX 4096

#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH      1

#define ACCESS_EXECUTE     (UINT64_C(1) << 0)
#define ACCESS_WRITE_FILE  (UINT64_C(1) << 1)
#define ACCESS_READ_FILE   (UINT64_C(1) << 2)
#define ACCESS_READ_DIR    (UINT64_C(1) << 3)
#define ACCESS_REMOVE_FILE (UINT64_C(1) << 5)
#define ACCESS_MAKE_REG    (UINT64_C(1) << 8)
#define ACCESS_TRUNCATE    (UINT64_C(1) << 14)
#define ACCESS_IOCTL_DEV   (UINT64_C(1) << 15)
/* What a rule about a file may name; the others are about folders. */
#define ACCESS_TO_FILES                                                                            \
    (ACCESS_EXECUTE | ACCESS_WRITE_FILE | ACCESS_READ_FILE | ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)
#define ACCESS_WRITING                                                                             \
    (ACCESS_READ_FILE | ACCESS_READ_DIR | ACCESS_WRITE_FILE | ACCESS_TRUNCATE | ACCESS_MAKE_REG |  \
     ACCESS_REMOVE_FILE)

#define NETWORK_ALL UINT64_C(3) /* to bind and to connect TCP */
#define SCOPED_ALL  UINT64_C(3) /* abstract sockets, signals */

/* What a version of the interface came with. Rights that a kernel does not know are not asked for.
 */
static const struct {
    int abi;
    uint64_t files;
    uint64_t network;
    uint64_t scoped;
} steps[] = {
    {1, (UINT64_C(1) << 13) - 1, 0, 0}, /* reading, writing, executing, making, removing */
    {2, UINT64_C(1) << 13, 0, 0},       /* moving between folders */
    {3, ACCESS_TRUNCATE, 0, 0},         {4, 0, NETWORK_ALL, 0},
    {5, ACCESS_IOCTL_DEV, 0, 0},        {6, 0, 0, SCOPED_ALL},
};

struct ruleset_attributes {
    uint64_t files;
    uint64_t network;
    uint64_t scoped;
};

struct path_attributes {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

int lm_sandbox_abi(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    return abi > 0 ? (int)abi : 0;
}

void lm_sandbox_start(struct lm_sandbox *sandbox) {
    struct ruleset_attributes attributes = {0};
    int abi = lm_sandbox_abi();
    for (size_t i = 0; i < sizeof steps / sizeof *steps && steps[i].abi <= abi; i++) {
        attributes.files |= steps[i].files;
        attributes.network |= steps[i].network;
        attributes.scoped |= steps[i].scoped;
    }
    *sandbox = (struct lm_sandbox){.ruleset = -1, .handled = attributes.files};
    if (abi > 0)
        sandbox->ruleset =
            (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0U);
}

static void give_up(struct lm_sandbox *sandbox) {
    if (sandbox->ruleset >= 0)
        (void)close(sandbox->ruleset);
    sandbox->ruleset = -1;
}

/* Allows access to what PATH leads to: all of IN_FOLDER to a folder, TO_FILE to anything else.
 * False where PATH leads nowhere. Where the system fails, it is rather no sandbox than one in which
 * a file that the program needs seems not to be there. */
static bool allow(struct lm_sandbox *sandbox, const char *path, uint64_t to_file,
                  uint64_t in_folder) {
    struct path_attributes rule = {0};
    struct stat status;
    rule.parent = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO)
            give_up(sandbox);
        return false;
    }
    if (fstat(rule.parent, &status) == 0)
        rule.allowed = S_ISDIR(status.st_mode) ? in_folder : to_file & ACCESS_TO_FILES;
    rule.allowed &= sandbox->handled;
    if (rule.allowed &&
        syscall(SYS_landlock_add_rule, sandbox->ruleset, RULE_PATH_BENEATH, &rule, 0U) != 0 &&
        errno == ENOMEM)
        give_up(sandbox);
    (void)close(rule.parent);
    return true;
}

/* The same for the folder that PATH is in. */
static void allow_folder(struct lm_sandbox *sandbox, const char *path, uint64_t allowed) {
    char folder[PATH_SIZE_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) + 1 : 1;
    if (size >= sizeof folder)
        return;
    memcpy(folder, slash ? path : ".", size);
    folder[size] = '\0';
    (void)allow(sandbox, folder, 0, allowed);
}

void lm_sandbox_allow(struct lm_sandbox *sandbox, const char *path, enum lm_sandbox_access access) {
    if (sandbox->ruleset < 0)
        return;
    switch (access) {
    case LM_SANDBOX_READ:
    case LM_SANDBOX_READ_LATER:
        /* A folder in a file's place may be opened, so that a program can say what is wrong. */
        if (!allow(sandbox, path, ACCESS_READ_FILE, ACCESS_READ_DIR) &&
            access == LM_SANDBOX_READ_LATER)
            allow_folder(sandbox, path, ACCESS_READ_FILE | ACCESS_READ_DIR);
        break;
    case LM_SANDBOX_READ_IN:
        (void)allow(sandbox, path, ACCESS_READ_FILE, ACCESS_READ_FILE | ACCESS_READ_DIR);
        break;
    case LM_SANDBOX_WRITE:
        /* The file itself, too: by a symbolic link it may be in another folder. */
        (void)allow(sandbox, path, ACCESS_WRITING, 0);
        allow_folder(sandbox, path, ACCESS_WRITING);
        break;
    }
}

bool lm_sandbox_enter(struct lm_sandbox *sandbox) {
    bool entered = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && sandbox->ruleset >= 0 &&
                   syscall(SYS_landlock_restrict_self, sandbox->ruleset, 0U) == 0;
    give_up(sandbox);
    return entered;
}
