/* The addon's functions, one group per file. module.c makes them visible to JavaScript;
 * src/base/addon.ts says what each is for. */
#ifndef JAILD_ADDON_FUNCTIONS_H
#define JAILD_ADDON_FUNCTIONS_H

#include <node_api.h>

/* sockets.c */
napi_value socket_pair(napi_env env, napi_callback_info info);
napi_value connect_unix(napi_env env, napi_callback_info info);
napi_value listen_unix(napi_env env, napi_callback_info info);
napi_value peer_credentials(napi_env env, napi_callback_info info);
napi_value set_receive_low_water(napi_env env, napi_callback_info info);
napi_value notify_service(napi_env env, napi_callback_info info);

/* accept.c */
napi_value accept_connection(napi_env env, napi_callback_info info);

/* listen-tcp.c */
napi_value listen_tcp(napi_env env, napi_callback_info info);

/* descriptors.c */
napi_value send_message(napi_env env, napi_callback_info info);
napi_value receive_message(napi_env env, napi_callback_info info);

/* bytes.c */
napi_value read_bytes(napi_env env, napi_callback_info info);
napi_value write_bytes(napi_env env, napi_callback_info info);
napi_value peek_bytes(napi_env env, napi_callback_info info);
napi_value close_fd(napi_env env, napi_callback_info info);

/* watch.c */
napi_value watch_open(napi_env env, napi_callback_info info);
napi_value watch_update(napi_env env, napi_callback_info info);
napi_value watch_close(napi_env env, napi_callback_info info);

/* files.c */
napi_value lock_file(napi_env env, napi_callback_info info);
napi_value memory_file(napi_env env, napi_callback_info info);

/* crypt.c */
napi_value crypt_secret(napi_env env, napi_callback_info info);
napi_value crypt_salt(napi_env env, napi_callback_info info);

/* blocking.c */
napi_value receive_blocking(napi_env env, napi_callback_info info);

/* seccomp.c */
napi_value set_non_dumpable(napi_env env, napi_callback_info info);
napi_value tighten_seccomp(napi_env env, napi_callback_info info);

/* pty.c */
napi_value open_pty(napi_env env, napi_callback_info info);
napi_value set_window_size(napi_env env, napi_callback_info info);

#endif
