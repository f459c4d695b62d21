#include "fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

#define FIELDS_RULES_MAX 64

static uint32_t load_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

bool fields_name_ok(struct span name) {
    if (name.len < 1 || name.len > FIELDS_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool letter = c >= 'a' && c <= 'z';
        bool later = (c >= '0' && c <= '9') || c == '.' || c == '-';
        if (!letter && (i == 0 || !later))
            return false;
    }
    return true;
}

/* Reads the field at *cursor; 0, or -EBADMSG when it would leave the buffer. */
static int read_field(const struct fields_view *view, size_t *cursor, struct field *ret_field) {
    size_t left = view->len - *cursor;
    const uint8_t *at = view->data + *cursor;
    if (left < 5)
        return -EBADMSG;
    size_t name_len = at[0];
    size_t value_len = load_u32(at + 1);
    left -= 5;
    if (name_len > left || value_len > left - name_len)
        return -EBADMSG;
    *ret_field = (struct field){
        .name = {.data = (const char *)at + 5, .len = name_len},
        .value = {.data = (const char *)at + 5 + name_len, .len = value_len},
    };
    *cursor += 5 + name_len + value_len;
    return 0;
}

int fields_open(struct fields_view *ret_view, const void *data, size_t len,
                struct failure *ret_failure) {
    const uint8_t *bytes = data;
    *ret_view = (struct fields_view){.data = bytes, .len = 0};
    if (len < FIELDS_HEADER_LEN || bytes[0] != 'J' || bytes[1] != 'F')
        return failure_set(ret_failure, "decode", "", EBADMSG, "not a fields message");
    if (bytes[2] > FIELDS_VERSION)
        return failure_set(ret_failure, "decode", "", EPROTONOSUPPORT,
                           "version %u is newer than %u", bytes[2], FIELDS_VERSION);
    if (bytes[2] != FIELDS_VERSION || bytes[3] != 0)
        return failure_set(ret_failure, "decode", "", EBADMSG, "malformed header");

    struct fields_view view = {.data = bytes, .len = len};
    size_t count = 0;
    for (size_t cursor = FIELDS_HEADER_LEN; cursor < len; count++) {
        struct field field;
        if (count == FIELDS_COUNT_MAX)
            return failure_set(ret_failure, "decode", "", E2BIG, "more than %d fields",
                               FIELDS_COUNT_MAX);
        if (read_field(&view, &cursor, &field) < 0)
            return failure_set(ret_failure, "decode", "", EBADMSG, "field %zu is cut off", count);
        if (!fields_name_ok(field.name))
            return failure_set(ret_failure, "decode", "", EBADMSG, "field %zu has a bad name",
                               count);
    }
    *ret_view = view;
    return 0;
}

bool fields_next(const struct fields_view *view, size_t *cursor, struct field *ret_field) {
    if (*cursor < FIELDS_HEADER_LEN)
        *cursor = FIELDS_HEADER_LEN;
    return *cursor < view->len && read_field(view, cursor, ret_field) == 0;
}

static const char *kind_problem(struct span value, enum field_kind kind) {
    uint64_t number;
    struct span parts[3];
    switch (kind) {
    case FIELD_TEXT:
        return memchr(value.data, 0, value.len) != NULL ? "holds a NUL" : NULL;
    case FIELD_BYTES:
        return NULL;
    case FIELD_NUMBER:
        return span_number(value, &number) < 0 ? "is not a number" : NULL;
    case FIELD_FLAG:
        return span_is(value, "0") || span_is(value, "1") ? NULL : "is neither 0 nor 1";
    case FIELD_TUPLE2:
        return span_split(value, parts, 2) < 0 ? "does not have two parts" : NULL;
    case FIELD_TUPLE3:
        return span_split(value, parts, 3) < 0 ? "does not have three parts" : NULL;
    }
    return "is of no known kind";
}

int fields_check(const struct fields_view *view, const struct field_rule *rules, size_t n_rules,
                 struct failure *ret_failure) {
    bool seen[FIELDS_RULES_MAX] = {false};
    struct field field;
    if (n_rules > FIELDS_RULES_MAX)
        return failure_set(ret_failure, "check", "", EINVAL, "%zu rules", n_rules);
    for (size_t cursor = 0; fields_next(view, &cursor, &field);) {
        int name_len = (int)field.name.len;
        size_t i = 0;
        while (i < n_rules && !span_is(field.name, rules[i].name))
            i++;
        if (i == n_rules)
            return failure_set(ret_failure, "check", "", EBADMSG, "unknown field %.*s", name_len,
                               field.name.data);
        if (seen[i] && !(rules[i].flags & FIELD_REPEATS))
            return failure_set(ret_failure, "check", "", EBADMSG, "field %s is repeated",
                               rules[i].name);
        if (rules[i].max_len != 0 && field.value.len > rules[i].max_len)
            return failure_set(ret_failure, "check", "", EMSGSIZE, "field %s is longer than %zu",
                               rules[i].name, rules[i].max_len);
        const char *problem = kind_problem(field.value, rules[i].kind);
        if (problem != NULL)
            return failure_set(ret_failure, "check", "", EBADMSG, "field %s %s", rules[i].name,
                               problem);
        seen[i] = true;
    }
    for (size_t i = 0; i < n_rules; i++)
        if ((rules[i].flags & FIELD_REQUIRED) && !seen[i])
            return failure_set(ret_failure, "check", "", EBADMSG, "field %s is missing",
                               rules[i].name);
    return 0;
}

bool fields_find_next(const struct fields_view *view, const char *name, size_t *cursor,
                      struct field *ret_field) {
    struct field field;
    while (fields_next(view, cursor, &field)) {
        if (!span_is(field.name, name))
            continue;
        *ret_field = field;
        return true;
    }
    return false;
}

bool fields_find(const struct fields_view *view, const char *name, struct field *ret_field) {
    size_t cursor = 0;
    return fields_find_next(view, name, &cursor, ret_field);
}

bool fields_is(const struct fields_view *view, const char *name, const char *text) {
    struct field field;
    return fields_find(view, name, &field) && span_is(field.value, text);
}

int fields_text(const struct fields_view *view, const char *name, char *ret_text, size_t size) {
    struct field field;
    if (!fields_find(view, name, &field))
        return -ENOENT;
    return span_text(field.value, ret_text, size);
}

char *fields_text_dup(const struct fields_view *view, const char *name) {
    struct field field;
    return fields_find(view, name, &field) ? span_dup(field.value) : NULL;
}

int fields_number(const struct fields_view *view, const char *name, uint64_t fallback, uint64_t min,
                  uint64_t max, uint64_t *ret_number) {
    struct field field;
    uint64_t number = fallback;
    if (fields_find(view, name, &field)) {
        if (span_number(field.value, &number) < 0)
            return -EBADMSG;
        if (number < min || number > max)
            return -ERANGE;
    }
    *ret_number = number;
    return 0;
}

bool fields_flag(const struct fields_view *view, const char *name) {
    return fields_is(view, name, "1");
}
