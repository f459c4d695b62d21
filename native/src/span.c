/* Bytes inside somebody else's buffer: comparing, splitting, copying out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

int span_split(struct span value, struct span *ret_parts, size_t n) {
    struct span rest = value;
    for (size_t i = 0; i + 1 < n; i++) {
        const char *nul = memchr(rest.data, 0, rest.len);
        if (nul == NULL)
            return -EBADMSG;
        ret_parts[i] = (struct span){.data = rest.data, .len = (size_t)(nul - rest.data)};
        rest = (struct span){.data = nul + 1, .len = rest.len - ret_parts[i].len - 1};
    }
    ret_parts[n - 1] = rest;
    return 0;
}

int span_number(struct span text, uint64_t *ret_number) {
    uint64_t number = 0;
    if (text.len == 0 || (text.len > 1 && text.data[0] == '0'))
        return -EBADMSG;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c < '0' || c > '9')
            return -EBADMSG;
        uint64_t digit = (uint64_t)(c - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return -ERANGE;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return 0;
}

bool span_is(struct span span, const char *text) {
    size_t len = strlen(text);
    return span.len == len && memcmp(span.data, text, len) == 0;
}

int span_text(struct span span, char *ret_text, size_t size) {
    if (memchr(span.data, 0, span.len) != NULL)
        return -EBADMSG;
    if (span.len >= size)
        return -ENAMETOOLONG;
    memcpy(ret_text, span.data, span.len);
    ret_text[span.len] = '\0';
    return 0;
}

char *span_dup(struct span span) {
    char *copy = malloc(span.len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, span.data, span.len);
    copy[span.len] = '\0';
    return copy;
}
