/* The fields codec: round trips, every way a message can be wrong, bounds. */
#include <errno.h>
#include <stdint.h>

#include "check.h"
#include "fail.h"
#include "fields.h"

static void round_trip(void) {
    uint8_t buffer[512];
    struct fields_writer writer;
    struct fields_view view;
    struct failure failure = failure_in("test");
    struct field field;
    struct span parts[3] = {{"ro", 2}, {"/a b", 4}, {"", 0}};
    struct span read[3];
    char text[16];
    uint64_t number;

    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "op", "enter");
    fields_put_number(&writer, "id", UINT64_MAX);
    fields_put(&writer, "command", "a\0b", 3);
    fields_put_tuple(&writer, "volume", parts, 3);
    fields_put_text(&writer, "env", "A=1");
    fields_put_text(&writer, "env", "");
    CHECK(fields_finish(&writer) == 0);

    CHECK(fields_open(&view, buffer, writer.len, &failure) == 0);
    CHECK(fields_is(&view, "op", "enter") && !fields_is(&view, "op", "ente"));
    CHECK(fields_text(&view, "op", text, sizeof text) == 0);
    CHECK_TEXT(text, "enter");
    CHECK(fields_text(&view, "op", text, 5) == -ENAMETOOLONG);
    CHECK(fields_text(&view, "command", text, sizeof text) == -EBADMSG);
    CHECK(fields_text(&view, "nothing", text, sizeof text) == -ENOENT);
    CHECK(fields_number(&view, "id", 0, 0, UINT64_MAX, &number) == 0 && number == UINT64_MAX);
    CHECK(fields_number(&view, "id", 0, 0, 9, &number) == -ERANGE);
    CHECK(fields_number(&view, "op", 0, 0, 9, &number) == -EBADMSG);
    CHECK(fields_number(&view, "none", 7, 0, 9, &number) == 0 && number == 7);
    CHECK(fields_find(&view, "volume", &field) && span_split(field.value, read, 3) == 0);
    CHECK(span_is(read[0], "ro") && span_is(read[1], "/a b") && span_is(read[2], ""));

    size_t cursor = 0;
    CHECK(fields_find_next(&view, "env", &cursor, &field) && span_is(field.value, "A=1"));
    CHECK(fields_find_next(&view, "env", &cursor, &field) && field.value.len == 0);
    CHECK(!fields_find_next(&view, "env", &cursor, &field));
}

/* Every cut of a good message is refused, or is a shorter good one. */
static void cuts(void) {
    uint8_t buffer[128];
    struct fields_writer writer;
    struct fields_view view;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    size_t first_end = writer.len;
    fields_put_text(&writer, "op", "x");
    for (size_t len = 0; len < writer.len; len++) {
        int r = fields_open(&view, buffer, len, NULL);
        CHECK((r == 0) == (len == first_end));
        CHECK(r == 0 || view.len == 0);
    }
}

static int open_bytes(const char *bytes, size_t len, struct failure *ret_failure) {
    struct fields_view view;
    *ret_failure = failure_in("test");
    return fields_open(&view, bytes, len, ret_failure);
}

static void bad_messages(void) {
    struct failure failure;
#define OPEN(bytes) open_bytes(bytes, sizeof(bytes) - 1, &failure)
    CHECK(OPEN("") == -EBADMSG);
    CHECK(OPEN("JX\1\0") == -EBADMSG);
    CHECK(OPEN("JF\0\0") == -EBADMSG);
    CHECK(OPEN("JF\1\1") == -EBADMSG);
    CHECK(OPEN("JF\2\0") == -EPROTONOSUPPORT);
    CHECK_TEXT(failure.message, "version 2 is newer than 1");
    CHECK(OPEN("JF\1\0") == 0);
    CHECK(OPEN("JF\1\0\0\0\0\0\0") == -EBADMSG);    /* empty name */
    CHECK(OPEN("JF\1\0\1\0\0\0\0A") == -EBADMSG);   /* upper case */
    CHECK(OPEN("JF\1\0\1\0\0\0\0001") == -EBADMSG); /* begins with a digit */
    CHECK(OPEN("JF\1\0\1\0\0\0\0a") == 0);
    CHECK(OPEN("JF\1\0\1\1\0\0\0a") == -EBADMSG);         /* value is missing */
    CHECK(OPEN("JF\1\0\1\377\377\377\377a") == -EBADMSG); /* 4 GiB of value */
    CHECK(OPEN("JF\1\0\377\0\0\0\0a") == -EBADMSG);       /* name longer than all */
    CHECK(OPEN("JF\1\0\41\0\0\0\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") == -EBADMSG); /* 33 */
    CHECK(OPEN("JF\1\0\40\0\0\0\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") == 0);         /* 32 */
#undef OPEN
}

static void too_many_fields(void) {
    struct fields_writer writer;
    struct fields_view view;
    fields_writer_growing(&writer, FIELDS_SPEC_MAX);
    for (int i = 0; i < FIELDS_COUNT_MAX; i++)
        fields_put_text(&writer, "a", "");
    CHECK(fields_finish(&writer) == 0);
    CHECK(fields_open(&view, writer.data, writer.len, NULL) == 0);
    uint8_t *more = malloc(writer.len + 6);
    CHECK(more != NULL);
    memcpy(more, writer.data, writer.len);
    memcpy(more + writer.len, "\1\0\0\0\0a", 6);
    CHECK(fields_open(&view, more, writer.len + 6, NULL) == -E2BIG);
    free(more);
    fields_put_text(&writer, "a", "");
    CHECK(fields_finish(&writer) == -EMSGSIZE);
    fields_writer_free(&writer);
    fields_writer_free(&writer);
}

static const struct field_rule rules[] = {
    {"op", FIELD_TEXT, FIELD_REQUIRED, 8},   {"n", FIELD_NUMBER, FIELD_OPTIONAL, 0},
    {"flag", FIELD_FLAG, FIELD_OPTIONAL, 0}, {"env", FIELD_TEXT, FIELD_REPEATS, 0},
    {"two", FIELD_TUPLE2, FIELD_REPEATS, 0},
};

static int check_pair(const char *name, const void *value, size_t len, const char *message) {
    uint8_t buffer[256];
    struct fields_writer writer;
    struct fields_view view;
    struct failure failure = failure_in("test");
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "op", "x");
    fields_put(&writer, name, value, len);
    CHECK(fields_open(&view, buffer, writer.len, &failure) == 0);
    int r = fields_check(&view, rules, sizeof rules / sizeof *rules, &failure);
    if (message != NULL)
        CHECK_TEXT(failure.message, message);
    return r;
}

static void rule_table(void) {
    CHECK(check_pair("n", "0", 1, NULL) == 0);
    CHECK(check_pair("n", "00", 2, "field n is not a number") == -EBADMSG);
    CHECK(check_pair("n", "-1", 2, NULL) == -EBADMSG);
    CHECK(check_pair("n", "", 0, NULL) == -EBADMSG);
    CHECK(check_pair("n", "18446744073709551615", 20, NULL) == 0);
    CHECK(check_pair("n", "18446744073709551616", 20, NULL) == -EBADMSG);
    CHECK(check_pair("flag", "2", 1, "field flag is neither 0 nor 1") == -EBADMSG);
    CHECK(check_pair("env", "a\0b", 3, "field env holds a NUL") == -EBADMSG);
    CHECK(check_pair("two", "a", 1, "field two does not have two parts") == -EBADMSG);
    CHECK(check_pair("two", "a\0b\0c", 5, NULL) == 0);
    CHECK(check_pair("op", "y", 1, "field op is repeated") == -EBADMSG);
    CHECK(check_pair("other", "y", 1, "unknown field other") == -EBADMSG);

    struct fields_view view;
    struct failure failure = failure_in("test");
    CHECK(fields_open(&view, "JF\1\0\2\11\0\0\0op123456789", 20, NULL) == 0);
    CHECK(fields_check(&view, rules, 5, &failure) == -EMSGSIZE);
    failure = failure_in("test");
    CHECK(fields_open(&view, "JF\1\0", 4, NULL) == 0);
    CHECK(fields_check(&view, rules, 5, &failure) == -EBADMSG);
    CHECK_TEXT(failure.message, "field op is missing");
}

static void writer_limits(void) {
    uint8_t buffer[16];
    struct fields_writer writer;
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put(&writer, "a", "123456", 6);
    CHECK(fields_finish(&writer) == 0 && writer.len == 16);
    fields_put_text(&writer, "a", "");
    CHECK(fields_finish(&writer) == -EMSGSIZE && writer.len == 16);
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    fields_put_text(&writer, "A", "");
    CHECK(fields_finish(&writer) == -EINVAL);
}

static void failures_travel(void) {
    uint8_t buffer[2048];
    struct fields_writer writer;
    struct fields_view view;
    struct failure failure = failure_in("boot");
    struct failure read;
    CHECK(failure_set(&failure, "mount-proc", "/proc", EPERM, "no %d", 7) == -EPERM);
    CHECK(failure_set(&failure, "clean-up", "/x", ENOENT, "later") == -ENOENT);
    CHECK_TEXT(failure.step, "mount-proc"); /* the first one wins */
    CHECK(failure_set(NULL, "x", "", 0, "nobody listens") == -EIO);
    fields_writer_fixed(&writer, buffer, sizeof buffer);
    failure_encode(&writer, &failure);
    CHECK(fields_open(&view, buffer, writer.len, NULL) == 0);
    CHECK(failure_decode(&view, &read) == 0);
    CHECK_TEXT(read.stage, "boot");
    CHECK_TEXT(read.path, "/proc");
    CHECK_TEXT(read.message, "no 7");
    CHECK(read.error == EPERM);
    char long_path[600];
    memset(long_path, 'p', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    failure = failure_in("a-stage-name-that-is-too-long-to-fit");
    CHECK(failure_set(&failure, "s", long_path, EIO, "%s", long_path) == -EIO);
    CHECK(strlen(failure.path) == sizeof failure.path - 1);
    CHECK(strlen(failure.stage) == sizeof failure.stage - 1);
}

int main(void) {
    round_trip();
    cuts();
    bad_messages();
    too_many_fields();
    rule_table();
    writer_limits();
    failures_travel();
    return checks_end("fields");
}
