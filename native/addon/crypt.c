/* Password hashes of crypt(5), computed on libuv's pool: one can take half a second. */
#include "arguments.h"
#include "functions.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct job {
    napi_async_work work;
    napi_deferred deferred;
    struct crypt_data scratch;
    char *secret;
    size_t secret_length;
    char setting[CRYPT_OUTPUT_SIZE];
    char hash[CRYPT_OUTPUT_SIZE];
};

static void job_free(struct job *job) {
    explicit_bzero(job->secret, job->secret_length);
    free(job->secret);
    explicit_bzero(job, sizeof *job);
    free(job);
}

static void compute(napi_env env, void *data) {
    struct job *job = data;
    const char *hash;

    (void)env;
    /* crypt takes text: a secret that holds a NUL would match its beginning. */
    if (memchr(job->secret, '\0', job->secret_length) != NULL)
        return;
    hash = crypt_r(job->secret, job->setting, &job->scratch);
    /* A failure token begins with '*', which no hash does. */
    if (hash != NULL && hash[0] != '*' && strlen(hash) < sizeof job->hash)
        memcpy(job->hash, hash, strlen(hash) + 1);
}

static void finish(napi_env env, napi_status status, void *data) {
    struct job *job = data;
    napi_value result = NULL;

    if (status == napi_ok && job->hash[0] != '\0')
        napi_create_string_utf8(env, job->hash, NAPI_AUTO_LENGTH, &result);
    napi_resolve_deferred(env, job->deferred, result == NULL ? make_null(env) : result);
    napi_delete_async_work(env, job->work);
    job_free(job);
}

static struct job *job_make(const uint8_t *secret, size_t length) {
    struct job *job = calloc(1, sizeof *job);

    if (job == NULL)
        return NULL;
    job->secret = calloc(1, length + 1);
    if (job->secret == NULL) {
        free(job);
        return NULL;
    }
    if (length > 0)
        memcpy(job->secret, secret, length);
    job->secret_length = length;
    return job;
}

napi_value crypt_secret(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    napi_value promise;
    napi_value name;
    const uint8_t *secret;
    size_t length;
    struct job *job;
    char setting[CRYPT_OUTPUT_SIZE];

    if (!get_arguments(env, info, 2, arguments) ||
        !get_bytes(env, arguments[0], &secret, &length) ||
        !get_text(env, arguments[1], setting, sizeof setting))
        return NULL;
    job = job_make(secret, length);
    if (job == NULL)
        return throw_errno(env, ENOMEM, "crypt");
    memcpy(job->setting, setting, sizeof setting);
    if (napi_create_string_utf8(env, "jaild:crypt", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_async_work(env, NULL, name, compute, finish, job, &job->work) != napi_ok) {
        job_free(job);
        return throw_errno(env, ENOMEM, "crypt");
    }
    if (napi_create_promise(env, &job->deferred, &promise) != napi_ok ||
        napi_queue_async_work(env, job->work) != napi_ok) {
        napi_delete_async_work(env, job->work);
        job_free(job);
        return throw_errno(env, ENOMEM, "crypt");
    }
    return promise;
}

napi_value crypt_salt(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    napi_value result;
    char prefix[16];
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    int64_t cost;

    if (!get_arguments(env, info, 2, arguments) ||
        !get_text(env, arguments[0], prefix, sizeof prefix) ||
        !get_integer(env, arguments[1], 0, UINT32_MAX, &cost))
        return NULL;
    /* Without bytes of ours the library takes them from the kernel. */
    if (crypt_gensalt_rn(prefix, (unsigned long)cost, NULL, 0, setting, sizeof setting) == NULL)
        return throw_errno(env, errno, "crypt_gensalt");
    return napi_create_string_utf8(env, setting, NAPI_AUTO_LENGTH, &result) == napi_ok ? result
                                                                                       : NULL;
}
