/* Arguments and results of the addon's functions. Every getter throws a JavaScript error and
 * returns false when the value is not of the wanted kind, so that a caller only has to return NULL.
 */
#ifndef JAILD_ADDON_ARGUMENTS_H
#define JAILD_ADDON_ARGUMENTS_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At most this many descriptors travel in one message; the kernel's own bound is 253. */
#define MAX_PASSED_FDS 64

bool get_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *ret_values);
bool get_integer(napi_env env, napi_value value, int64_t min, int64_t max, int64_t *ret_number);
bool get_fd(napi_env env, napi_value value, int *ret_fd);
bool get_boolean(napi_env env, napi_value value, bool *ret_flag);
/* Text without NUL of fewer than `size` bytes, terminated in `ret_text`. */
bool get_text(napi_env env, napi_value value, char *ret_text, size_t size);
/* The bytes of a Buffer: borrowed, valid until the function returns to JavaScript. */
bool get_bytes(napi_env env, napi_value value, const uint8_t **ret_data, size_t *ret_length);

/* Throws an Error with code, errno (negative, as Node has it) and syscall; returns NULL. */
napi_value throw_errno(napi_env env, int error, const char *syscall_name);

napi_value make_integer(napi_env env, int64_t number);
napi_value make_null(napi_env env);
napi_value make_undefined(napi_env env);
/* A Buffer of its own memory with a copy of the bytes. */
napi_value make_buffer(napi_env env, const void *data, size_t length);

#endif
