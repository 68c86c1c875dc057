/*
 * What a program leaves behind: preloaded, this appends every block of memory that is freed, as it
 * is then, to the file that LM_FREED_OUT names, and at the end of the program everything that it
 * could still write to: heap, stacks, variables. A test then looks for secrets in that file.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void __libc_free(void *block);

static int out = -1;
static int maps = -1;

static void put(const void *bytes, size_t size) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t done = write(out, at, size);
        if (done <= 0)
            return; /* a page that cannot be read */
        at += done;
        size -= (size_t)done;
    }
}

void free(void *block) {
    if (block && out >= 0)
        put(block, malloc_usable_size(block));
    __libc_free(block);
}

/* Always to another place, so that what is left behind is seen. */
void *realloc(void *block, size_t size) {
    size_t had = block ? malloc_usable_size(block) : 0;
    void *moved = __libc_malloc(size);
    if (moved && block) {
        (void)memcpy(moved, block, had < size ? had : size);
        free(block);
    }
    return moved;
}

/* Both before a sandbox closes the way. */
__attribute__((constructor)) static void open_files(void) {
    const char *path = getenv("LM_FREED_OUT");
    if (!path)
        return;
    maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

__attribute__((destructor)) static void put_memory(void) {
    static char text[1 << 20];
    size_t size = 0;
    ssize_t got;
    if (out < 0 || maps < 0)
        return;
    while (size < sizeof text - 1 && (got = read(maps, text + size, sizeof text - 1 - size)) > 0)
        size += (size_t)got;
    text[size] = '\0';
    put("\nTHE END: ", 10);
    for (char *line = text; line && *line; line = strchr(line, '\n')) {
        unsigned long start;
        unsigned long end;
        char rights[5];
        line += *line == '\n';
        if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) == 3 && strncmp(rights, "rw", 2) == 0)
            put((const void *)start, end - start);
    }
    out = -1;
}
