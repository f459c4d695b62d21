/* The encoding half of the fields codec. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

static const uint8_t header[FIELDS_HEADER_LEN] = {'J', 'F', FIELDS_VERSION, 0};

static uint8_t *reserve(struct fields_writer *writer, size_t len) {
    if (writer->error != 0)
        return NULL;
    if (len > writer->limit - writer->len) {
        writer->error = -EMSGSIZE;
        return NULL;
    }
    if (writer->len + len > writer->capacity) {
        size_t capacity = writer->capacity < 512 ? 512 : writer->capacity * 2;
        if (capacity < writer->len + len)
            capacity = writer->len + len;
        uint8_t *data = realloc(writer->data, capacity);
        if (data == NULL) {
            writer->error = -ENOMEM;
            return NULL;
        }
        writer->data = data;
        writer->capacity = capacity;
    }
    uint8_t *at = writer->data + writer->len;
    writer->len += len;
    return at;
}

static void begin(struct fields_writer *writer) {
    uint8_t *at = reserve(writer, sizeof header);
    if (at != NULL)
        memcpy(at, header, sizeof header);
}

void fields_writer_fixed(struct fields_writer *ret_writer, void *buffer, size_t size) {
    *ret_writer = (struct fields_writer){.data = buffer, .capacity = size, .limit = size};
    begin(ret_writer);
}

void fields_writer_growing(struct fields_writer *ret_writer, size_t limit) {
    *ret_writer = (struct fields_writer){.limit = limit, .growing = true};
    begin(ret_writer);
}

void fields_writer_free(struct fields_writer *writer) {
    if (writer->growing)
        free(writer->data);
    *writer = (struct fields_writer){.error = -EBADF};
}

/* Reserves a field and writes all of it but the value; NULL when it does not fit. */
static uint8_t *begin_field(struct fields_writer *writer, const char *name, size_t value_len) {
    struct span span = {.data = name, .len = strlen(name)};
    if (writer->error == 0 && !fields_name_ok(span))
        writer->error = -EINVAL;
    if (writer->error == 0 && (writer->count == FIELDS_COUNT_MAX || value_len > UINT32_MAX))
        writer->error = -EMSGSIZE;
    uint8_t *at = reserve(writer, 5 + span.len + value_len);
    if (at == NULL)
        return NULL;
    writer->count++;
    at[0] = (uint8_t)span.len;
    for (size_t i = 0; i < 4; i++)
        at[1 + i] = (uint8_t)(value_len >> (8 * i));
    memcpy(at + 5, name, span.len);
    return at + 5 + span.len;
}

void fields_put(struct fields_writer *writer, const char *name, const void *value, size_t len) {
    uint8_t *at = begin_field(writer, name, len);
    if (at != NULL && len > 0)
        memcpy(at, value, len);
}

void fields_put_text(struct fields_writer *writer, const char *name, const char *value) {
    fields_put(writer, name, value, strlen(value));
}

void fields_put_number(struct fields_writer *writer, const char *name, uint64_t value) {
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRIu64, value);
    fields_put(writer, name, text, (size_t)len);
}

void fields_put_tuple(struct fields_writer *writer, const char *name, const struct span *parts,
                      size_t n_parts) {
    size_t len = n_parts - 1;
    for (size_t i = 0; i < n_parts; i++)
        len += parts[i].len;
    uint8_t *at = begin_field(writer, name, len);
    if (at == NULL)
        return;
    for (size_t i = 0; i < n_parts; i++) {
        if (i > 0)
            *at++ = 0;
        if (parts[i].len > 0)
            memcpy(at, parts[i].data, parts[i].len);
        at += parts[i].len;
    }
}

int fields_finish(const struct fields_writer *writer) { return writer->error; }
