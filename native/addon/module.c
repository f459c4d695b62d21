/* The table of what JavaScript sees. */
#include "functions.h"

static const struct {
    const char *name;
    napi_callback function;
} functions[] = {
    {"socketPair", socket_pair},
    {"connectUnix", connect_unix},
    {"listenUnix", listen_unix},
    {"listenTcp", listen_tcp},
    {"accept", accept_connection},
    {"peerCredentials", peer_credentials},
    {"setReceiveLowWater", set_receive_low_water},
    {"notify", notify_service},
    {"send", send_message},
    {"recv", receive_message},
    {"read", read_bytes},
    {"write", write_bytes},
    {"peek", peek_bytes},
    {"close", close_fd},
    {"watchOpen", watch_open},
    {"watchUpdate", watch_update},
    {"watchClose", watch_close},
    {"flock", lock_file},
    {"memfd", memory_file},
    {"crypt", crypt_secret},
    {"cryptGensalt", crypt_salt},
    {"recvBlocking", receive_blocking},
    {"setNonDumpable", set_non_dumpable},
    {"tightenSeccomp", tighten_seccomp},
    {"openPty", open_pty},
    {"setWindowSize", set_window_size},
};

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) {
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        napi_value function;

        if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function,
                                 NULL, &function) != napi_ok ||
            napi_set_named_property(env, exports, functions[i].name, function) != napi_ok)
            return NULL;
    }
    return exports;
}
