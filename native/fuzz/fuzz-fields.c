/* Any bytes as a fields message: opening, walking, checking and a rebuilt copy must agree. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "enter.h"
#include "fail.h"
#include "fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rebuild(const struct fields_view *view) {
    struct fields_writer writer;
    struct field field;
    char name[FIELDS_NAME_MAX + 1];
    fields_writer_growing(&writer, view->len);
    for (size_t cursor = 0; fields_next(view, &cursor, &field);)
        if (span_text(field.name, name, sizeof name) == 0)
            fields_put(&writer, name, field.value.data, field.value.len);
    if (fields_finish(&writer) != 0 || writer.len != view->len ||
        memcmp(writer.data, view->data, view->len) != 0)
        abort();
    fields_writer_free(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fields_view view;
    struct failure failure = failure_in("fuzz");
    struct enter_request request;
    if (fields_open(&view, data, size, &failure) < 0)
        return failure.error == 0 ? (abort(), 0) : 0;
    rebuild(&view);
    enter_parse(&view, &request, &failure);
    failure = failure_in("fuzz");
    failure_decode(&view, &failure);
    return 0;
}
