/* Readiness of a descriptor, from the event loop.
 * A watch is an external value. It is freed when both sides let go: the loop (after uv_close) and
 * the collector. */
#include "arguments.h"
#include "functions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <uv.h>

struct watch {
    uv_poll_t poll;
    napi_env env;
    napi_ref callback;
    napi_async_context context;
    napi_async_cleanup_hook_handle cleanup;
    unsigned int holders;
    int wanted;
    bool closing;
};

static void release(struct watch *watch) {
    if (--watch->holders == 0)
        free(watch);
}

static void on_closed(uv_handle_t *handle) {
    struct watch *watch = handle->data;
    napi_handle_scope scope;

    if (napi_open_handle_scope(watch->env, &scope) == napi_ok) {
        napi_delete_reference(watch->env, watch->callback);
        napi_async_destroy(watch->env, watch->context);
        napi_close_handle_scope(watch->env, scope);
    }
    napi_remove_async_cleanup_hook(watch->cleanup);
    release(watch);
}

static void begin_close(struct watch *watch) {
    if (watch->closing)
        return;
    watch->closing = true;
    uv_close((uv_handle_t *)&watch->poll, on_closed);
}

static void on_environment_end(napi_async_cleanup_hook_handle handle, void *data) {
    (void)handle;
    begin_close(data);
}

static void on_collected(napi_env env, void *data, void *hint) {
    (void)env;
    (void)hint;
    release(data);
}

static void on_event(uv_poll_t *handle, int status, int events) {
    struct watch *watch = handle->data;
    napi_env env = watch->env;
    napi_handle_scope scope;
    napi_value callback;
    napi_value receiver;
    napi_value arguments[2];

    /* The loop stops the handle on an error; the owner's next read or write says which error it is.
     */
    if (status < 0)
        events = watch->wanted;
    if (napi_open_handle_scope(env, &scope) != napi_ok)
        return;
    if (napi_get_reference_value(env, watch->callback, &callback) == napi_ok &&
        napi_get_global(env, &receiver) == napi_ok &&
        napi_get_boolean(env, (events & UV_READABLE) != 0, &arguments[0]) == napi_ok &&
        napi_get_boolean(env, (events & UV_WRITABLE) != 0, &arguments[1]) == napi_ok &&
        napi_make_callback(env, watch->context, receiver, callback, 2, arguments, NULL) ==
            napi_pending_exception) {
        napi_value exception;

        if (napi_get_and_clear_last_exception(env, &exception) == napi_ok)
            napi_fatal_exception(env, exception);
    }
    napi_close_handle_scope(env, scope);
}

static int apply(struct watch *watch, bool readable, bool writable) {
    watch->wanted = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
    return watch->wanted == 0 ? uv_poll_stop(&watch->poll)
                              : uv_poll_start(&watch->poll, watch->wanted, on_event);
}

/* libuv makes the description non-blocking, which would change it for others who share it; polling
 * does not need it. */
static int init_poll(uv_loop_t *loop, uv_poll_t *poll, int fd) {
    int flags = fcntl(fd, F_GETFL);
    int result;

    if (flags < 0)
        return -errno;
    result = uv_poll_init(loop, poll, fd);
    if (result == 0 && (flags & O_NONBLOCK) == 0)
        fcntl(fd, F_SETFL, flags);
    return result;
}

static int start(struct watch *watch, int fd, napi_value callback, bool readable, bool writable) {
    uv_loop_t *loop;
    napi_value name;
    int result;

    if (napi_get_uv_event_loop(watch->env, &loop) != napi_ok ||
        napi_create_string_utf8(watch->env, "jaild:watch", NAPI_AUTO_LENGTH, &name) != napi_ok)
        return -ENOMEM;
    result = init_poll(loop, &watch->poll, fd);
    if (result < 0)
        return result;
    watch->poll.data = watch;
    watch->holders++;
    if (napi_create_reference(watch->env, callback, 1, &watch->callback) != napi_ok ||
        napi_async_init(watch->env, NULL, name, &watch->context) != napi_ok ||
        napi_add_async_cleanup_hook(watch->env, on_environment_end, watch, &watch->cleanup) !=
            napi_ok)
        result = -ENOMEM;
    else
        result = apply(watch, readable, writable);
    if (result < 0)
        begin_close(watch);
    return result;
}

napi_value watch_open(napi_env env, napi_callback_info info) {
    napi_value arguments[4];
    napi_value external;
    napi_valuetype type;
    struct watch *watch;
    bool readable;
    bool writable;
    int fd;
    int result;

    if (!get_arguments(env, info, 4, arguments) || !get_fd(env, arguments[0], &fd) ||
        !get_boolean(env, arguments[1], &readable) || !get_boolean(env, arguments[2], &writable))
        return NULL;
    if (napi_typeof(env, arguments[3], &type) != napi_ok || type != napi_function) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a function is wanted");
        return NULL;
    }
    watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return throw_errno(env, ENOMEM, "poll");
    watch->env = env;
    watch->holders = 1;
    if (napi_create_external(env, watch, on_collected, NULL, &external) != napi_ok) {
        free(watch);
        return throw_errno(env, ENOMEM, "poll");
    }
    result = start(watch, fd, arguments[3], readable, writable);
    return result < 0 ? throw_errno(env, -result, "poll") : external;
}

static bool get_watch(napi_env env, napi_value value, struct watch **ret_watch) {
    void *data = NULL;

    if (napi_get_value_external(env, value, &data) != napi_ok) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a watch is wanted");
        return false;
    }
    *ret_watch = data;
    return true;
}

napi_value watch_update(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    struct watch *watch;
    bool readable;
    bool writable;
    int result;

    if (!get_arguments(env, info, 3, arguments) || !get_watch(env, arguments[0], &watch) ||
        !get_boolean(env, arguments[1], &readable) || !get_boolean(env, arguments[2], &writable))
        return NULL;
    if (watch->closing)
        return throw_errno(env, EBADF, "poll");
    result = apply(watch, readable, writable);
    return result < 0 ? throw_errno(env, -result, "poll") : make_undefined(env);
}

napi_value watch_close(napi_env env, napi_callback_info info) {
    napi_value argument;
    struct watch *watch;

    if (!get_arguments(env, info, 1, &argument) || !get_watch(env, argument, &watch))
        return NULL;
    begin_close(watch);
    return make_undefined(env);
}
