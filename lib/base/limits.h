/*
 * The sizes and ranges that more than one module needs.
 */
#ifndef LM_BASE_LIMITS_H
#define LM_BASE_LIMITS_H

/* A record's line, without its line feed. */
#define LM_RECORD_SIZE_MAX 65536
/* An entry's line: the record in it and the log's own members. */
#define LM_ENTRY_SIZE_MAX 66560
/* A checkpoint, or another signed note. */
#define LM_NOTE_SIZE_MAX 131072
/* An exhibit's line: an entry, the checkpoint that it is under, as a text in which any byte may
 * need a backslash, a path of 64 hashes, and its other members (the log's name, a digest, a
 * signature). So whatever stands in a log can be exhibited, however long somebody has made it. */
#define LM_EXHIBIT_SIZE_MAX (LM_ENTRY_SIZE_MAX + 2 * LM_NOTE_SIZE_MAX + 64 * 46 + 2048)
/* I-JSON (RFC 7493): integers that every reader holds exactly, 2^53 - 1. */
#define LM_INTEGER_MAX 9007199254740991LL
/* An id: 1 to 64 of A-Z a-z 0-9 . _ : - */
#define LM_ID_SIZE_MAX 64
/* Nesting of objects and arrays in one record. One that another holds is counted by itself, so that
 * what can be signed can be logged, exhibited and claimed as well: */
#define LM_DEPTH_MAX 32
/* records that hold one another in one line, as in a reject of an exhibit of an entry of a claim.
 */
#define LM_HELD_MAX 4

#endif
