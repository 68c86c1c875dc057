/*
 * What the disk knows of a file's name.
 */
#ifndef LM_BASE_FOLDER_H
#define LM_BASE_FOLDER_H

#include "lib/base/error.h"

/* Waits until the folder that PATH lies in is on the disk: a file that was made or renamed there
 * keeps its name only then. LM_IO. */
int lm_folder_sync(const char *path, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
