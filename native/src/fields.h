/* The one binary format of the keeper's sockets, the jail spec and the files stage.
 *
 *   message = "JF" | u8 version (1) | u8 0 | field*
 *   field   = u8 name length (1..32) | u32le value length | name | value
 *
 * Names are [a-z][a-z0-9.-]*. Values are bytes; text holds no NUL; a tuple is split by NUL bytes.
 * Whoever decodes names every field that it knows in a table of rules: an unknown field, a repeat
 * of one that may not repeat, a missing required one or a value of the wrong kind is an error.
 * Everything decoded is untrusted until fields_check() has said 0. */
#ifndef JAILD_FIELDS_H
#define JAILD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIELDS_VERSION 1
#define FIELDS_HEADER_LEN 4
#define FIELDS_NAME_MAX 32
#define FIELDS_COUNT_MAX 4096
#define FIELDS_MESSAGE_MAX ((size_t)64 * 1024) /* one SOCK_SEQPACKET message */
#define FIELDS_SPEC_MAX ((size_t)256 * 1024)   /* a jail spec, a request to the files stage */

struct failure;

/* Bytes inside somebody else's buffer; not terminated. */
struct span {
    const char *data;
    size_t len;
};

/* A whole message inside the caller's buffer, which must outlive it. */
struct fields_view {
    const uint8_t *data;
    size_t len;
};

struct field {
    struct span name;
    struct span value;
};

/* [a-z][a-z0-9.-]*, 1 to 32 bytes. */
bool fields_name_ok(struct span name);

/* ---- decoding ---- */

/* Checks header, version, every length, every name and the number of fields; afterwards the
 * iterator cannot leave the buffer. Step "decode". */
int fields_open(struct fields_view *ret_view, const void *data, size_t len,
                struct failure *ret_failure);

/* Walks the fields in order. `cursor` begins at 0. False at the end. */
bool fields_next(const struct fields_view *view, size_t *cursor, struct field *ret_field);

enum field_kind {
    FIELD_TEXT,   /* bytes without NUL */
    FIELD_BYTES,  /* any bytes */
    FIELD_NUMBER, /* decimal, no sign, no leading zero, fits in uint64_t */
    FIELD_FLAG,   /* "0" or "1" */
    FIELD_TUPLE2, /* exactly so many parts, split by NUL; the last part takes the rest */
    FIELD_TUPLE3,
};

enum field_flags {
    FIELD_OPTIONAL = 0,
    FIELD_REQUIRED = 1,
    FIELD_REPEATS = 2,
};

struct field_rule {
    const char *name;
    enum field_kind kind;
    unsigned flags;
    size_t max_len; /* of the value; 0 = only the message's own bound */
};

/* Every field must be in the table (at most 64 rules) and fit it. Step "check"; the message names
 * the field, the path is empty. */
int fields_check(const struct fields_view *view, const struct field_rule *rules, size_t n_rules,
                 struct failure *ret_failure);

/* The first field of that name. */
bool fields_find(const struct fields_view *view, const char *name, struct field *ret_field);

/* The next field of that name from `cursor` on (begin at 0). */
bool fields_find_next(const struct fields_view *view, const char *name, size_t *cursor,
                      struct field *ret_field);

/* True when the named text field is there and equals `text`. */
bool fields_is(const struct fields_view *view, const char *name, const char *text);

/* Copies a text value and terminates it. -ENOENT when absent, -ENAMETOOLONG when it does not fit,
 * -EBADMSG when it holds a NUL. */
int fields_text(const struct fields_view *view, const char *name, char *ret_text, size_t size);

/* A malloc'ed terminated copy, NULL when absent or without memory. */
char *fields_text_dup(const struct fields_view *view, const char *name);

/* Decimal value within [min, max]; `fallback` when absent. -ERANGE outside, -EBADMSG on junk. */
int fields_number(const struct fields_view *view, const char *name, uint64_t fallback, uint64_t min,
                  uint64_t max, uint64_t *ret_number);

/* The flag's value, false when absent. */
bool fields_flag(const struct fields_view *view, const char *name);

/* Splits a value into exactly `n` parts at the first n-1 NULs; the last part keeps the rest. */
int span_split(struct span value, struct span *ret_parts, size_t n);

/* Strict decimal: digits only, no leading zero but "0" itself, fits in uint64_t. */
int span_number(struct span text, uint64_t *ret_number);

bool span_is(struct span span, const char *text);

/* Copies and terminates; -ENAMETOOLONG, or -EBADMSG when the span holds a NUL. */
int span_text(struct span span, char *ret_text, size_t size);

/* malloc'ed terminated copy, NULL without memory. */
char *span_dup(struct span span);

/* ---- encoding ---- */

/* The first error sticks: a chain of puts needs only one check, fields_finish(). */
struct fields_writer {
    uint8_t *data;
    size_t len;
    size_t capacity;
    size_t limit; /* growing: never beyond; fixed: the buffer's size */
    size_t count;
    bool growing;
    int error;
};

/* Builds into the caller's buffer. */
void fields_writer_fixed(struct fields_writer *ret_writer, void *buffer, size_t size);

/* Builds into memory of its own; ended by fields_writer_free() (harmless on a fixed one). */
void fields_writer_growing(struct fields_writer *ret_writer, size_t limit);
void fields_writer_free(struct fields_writer *writer);

void fields_put(struct fields_writer *writer, const char *name, const void *value, size_t len);
void fields_put_text(struct fields_writer *writer, const char *name, const char *value);
void fields_put_number(struct fields_writer *writer, const char *name, uint64_t value);
void fields_put_tuple(struct fields_writer *writer, const char *name, const struct span *parts,
                      size_t n_parts);

/* 0, or what went wrong first: -EMSGSIZE, -ENOMEM, -EINVAL (bad name). */
int fields_finish(const struct fields_writer *writer);

#define CLEANUP_WRITER __attribute__((cleanup(fields_writer_free)))

#endif
