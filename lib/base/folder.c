#include "lib/base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int lm_folder_sync(const char *path, struct lm_error *error) {
    const char *slash = strrchr(path, '/');
    size_t size = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
    char *folder = size ? strndup(path, size) : strdup(".");
    if (!folder)
        return lm_fail_memory(error);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd >= 0 ? 0 : lm_fail_errno(error, LM_IO, folder);
    if (fd >= 0) {
        /* Some file systems cannot, and have no need. */
        if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
            result = lm_fail_errno(error, LM_IO, folder);
        (void)close(fd);
    }
    free(folder);
    return result;
}
