#include "arguments.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool refuse(napi_env env, const char *text) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", text);
    return false;
}

bool get_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *ret_values) {
    size_t given = count;

    if (napi_get_cb_info(env, info, &given, ret_values, NULL, NULL) != napi_ok)
        return refuse(env, "the arguments cannot be read");
    if (given < count)
        return refuse(env, "too few arguments");
    return true;
}

bool get_integer(napi_env env, napi_value value, int64_t min, int64_t max, int64_t *ret_number) {
    double number;

    if (napi_get_value_double(env, value, &number) != napi_ok)
        return refuse(env, "a number is wanted");
    /* The negated form also catches NaN. */
    if (!(number >= (double)min && number <= (double)max) || (double)(int64_t)number != number) {
        napi_throw_range_error(env, "ERR_OUT_OF_RANGE",
                               "the number is not a whole one within its bounds");
        return false;
    }
    *ret_number = (int64_t)number;
    return true;
}

bool get_fd(napi_env env, napi_value value, int *ret_fd) {
    int64_t number;

    if (!get_integer(env, value, 0, INT_MAX, &number))
        return false;
    *ret_fd = (int)number;
    return true;
}

bool get_boolean(napi_env env, napi_value value, bool *ret_flag) {
    return napi_get_value_bool(env, value, ret_flag) == napi_ok ||
           refuse(env, "a boolean is wanted");
}

bool get_text(napi_env env, napi_value value, char *ret_text, size_t size) {
    size_t length;

    if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok)
        return refuse(env, "a string is wanted");
    if (length >= size) {
        napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "the text is too long");
        return false;
    }
    if (napi_get_value_string_utf8(env, value, ret_text, size, &length) != napi_ok)
        return refuse(env, "the text cannot be read");
    if (strlen(ret_text) != length)
        return refuse(env, "the text holds a NUL");
    return true;
}

bool get_bytes(napi_env env, napi_value value, const uint8_t **ret_data, size_t *ret_length) {
    bool is_buffer = false;
    void *data = NULL;

    if (napi_is_buffer(env, value, &is_buffer) != napi_ok || !is_buffer)
        return refuse(env, "a Buffer is wanted");
    if (napi_get_buffer_info(env, value, &data, ret_length) != napi_ok)
        return refuse(env, "the Buffer cannot be read");
    *ret_data = data;
    return true;
}

static void set_text(napi_env env, napi_value object, const char *name, const char *text) {
    napi_value value;

    if (napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) == napi_ok)
        napi_set_named_property(env, object, name, value);
}

napi_value throw_errno(napi_env env, int error, const char *syscall_name) {
    const char *name = strerrorname_np(error);
    const char *words = strerrordesc_np(error);
    char text[160];
    napi_value message;
    napi_value exception;

    if (name == NULL)
        name = "UNKNOWN";
    snprintf(text, sizeof text, "%s: %s (%s)", syscall_name,
             words == NULL ? "unknown error" : words, name);
    if (napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message) != napi_ok ||
        napi_create_error(env, NULL, message, &exception) != napi_ok)
        return NULL;
    set_text(env, exception, "code", name);
    set_text(env, exception, "syscall", syscall_name);
    napi_set_named_property(env, exception, "errno", make_integer(env, -error));
    napi_throw(env, exception);
    return NULL;
}

napi_value make_integer(napi_env env, int64_t number) {
    napi_value value = NULL;

    napi_create_int64(env, number, &value);
    return value;
}

napi_value make_null(napi_env env) {
    napi_value value = NULL;

    napi_get_null(env, &value);
    return value;
}

napi_value make_undefined(napi_env env) {
    napi_value value = NULL;

    napi_get_undefined(env, &value);
    return value;
}

napi_value make_buffer(napi_env env, const void *data, size_t length) {
    napi_value value = NULL;
    void *copy;

    if (length == 0)
        napi_create_buffer(env, 0, &copy, &value);
    else
        napi_create_buffer_copy(env, length, data, NULL, &value);
    return value;
}
