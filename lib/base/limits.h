/*
 * The sizes and ranges that more than one module needs.
 */
#ifndef LM_BASE_LIMITS_H
#define LM_BASE_LIMITS_H

/* A record's line, without its line feed. */
#define LM_RECORD_SIZE_MAX 65536
/* An entry's line: the record in it and the log's own members. */
#define LM_ENTRY_SIZE_MAX 66560
/* I-JSON (RFC 7493): integers that every reader holds exactly, 2^53 - 1. */
#define LM_INTEGER_MAX 9007199254740991LL
/* An id: 1 to 64 of A-Z a-z 0-9 . _ : - */
#define LM_ID_SIZE_MAX 64
/* Nesting of objects and arrays in one line. */
#define LM_DEPTH_MAX 32

#endif
