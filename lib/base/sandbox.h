/*
 * The sandbox: a process gives up what it does not need, so that whoever takes it over by a line
 * of input gets nothing else with it. Landlock (Linux 5.13 and later) where the kernel has it, as
 * far as it has it; privileges are no longer gained by executing anything in any case.
 *
 *     struct lm_sandbox sandbox;
 *     lm_sandbox_start(&sandbox);
 *     lm_sandbox_allow(&sandbox, "orders.ndjson", LM_SANDBOX_READ);
 *     confined = lm_sandbox_enter(&sandbox);
 *
 * From then on no file is opened, made, removed or executed but what was allowed, no TCP port is
 * bound or connected to (Linux 6.7), and no process outside is signalled or reached by an abstract
 * socket (6.12). Descriptors that are open stay as they are. It holds for the calling thread and
 * for threads and processes that it makes later; it cannot be undone, and entering again allows
 * only what both allow.
 */
#ifndef LM_BASE_SANDBOX_H
#define LM_BASE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/attributes.h"

enum lm_sandbox_access {
    LM_SANDBOX_READ,       /* read this file */
    LM_SANDBOX_READ_LATER, /* the same; where it is not there yet, any file in its folder */
    LM_SANDBOX_READ_IN,    /* read what is in this folder, at any depth */
    LM_SANDBOX_WRITE,      /* read, make, replace and remove files in the folder this file is in */
};

struct lm_sandbox {
    int ruleset; /* a descriptor; -1 without Landlock */
    uint64_t handled;
};

/* The version of the kernel's Landlock, from 1; 0 where it has none. */
int lm_sandbox_abi(void) LM_MUST_CHECK;

/* Begins: nothing is allowed yet. */
void lm_sandbox_start(struct lm_sandbox *sandbox) LM_NONNULL;
/* Allows access to PATH. What PATH is now counts: should the file be replaced by another later, the
 * new one is not allowed. A path that leads nowhere is passed over. */
void lm_sandbox_allow(struct lm_sandbox *sandbox, const char *path,
                      enum lm_sandbox_access access) LM_NONNULL;
/* Enters, and ends what lm_sandbox_start began. False where the kernel does not play along: the
 * process then goes on as it was. */
bool lm_sandbox_enter(struct lm_sandbox *sandbox) LM_NONNULL;

#endif
