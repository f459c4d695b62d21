/* The jail spec: the complete description of one jail, handed to the keeper in a memfd.
 *
 * It is written by the broker, so it is trusted to name the right paths, but every value is checked
 * again here: the keeper is root and must not act on something that it does not understand. The
 * reference of the fields is the table in spec.c. */
#ifndef JAILD_SPEC_H
#define JAILD_SPEC_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "fail.h"
#include "fields.h"
#include "runtime.h"

#define SPEC_LAYERS_MAX 32
#define SPEC_VOLUMES_MAX 64
#define SPEC_ETC_FILES_MAX 32
#define SPEC_CGROUP_LIMITS_MAX 64
#define SPEC_INIT_ARGS_MAX 64
#define SPEC_PATH_MAX 1024

/* How many ids a jail has; its base is a multiple of it. */
#define JAIL_IDS 65536u

enum jail_network { NETWORK_NONE, NETWORK_NAT, NETWORK_HOST };

enum jail_device {
    DEVICE_FUSE = 1,
    DEVICE_NET_TUN = 2,
};

struct spec_volume {
    bool writable;
    const char *source; /* on the host */
    const char *target; /* in the jail: hostile, resolved below its root */
};

struct spec_etc_file {
    const char *path;
    struct span content;
};

struct spec_cgroup_limit {
    const char *file; /* "memory.max" */
    const char *value;
};

struct spec_rlimit {
    int resource; /* RLIMIT_x */
    struct rlimit value;
};

/* All texts are terminated and live in `arena`; paths are absolute, without "." or ".." parts. */
struct jail_spec {
    char *arena;
    const char *jail;
    const char *run_dir;
    const char *dir;
    const char *hostname;
    const char *layers[SPEC_LAYERS_MAX]; /* top first */
    size_t n_layers;
    uint32_t base;
    enum jail_profile profile;

    struct spec_volume volumes[SPEC_VOLUMES_MAX];
    size_t n_volumes;
    struct spec_etc_file etc_files[SPEC_ETC_FILES_MAX];
    size_t n_etc_files;
    uint64_t tmp_bytes;
    uint64_t run_bytes;
    uint64_t shm_bytes;
    unsigned pts_max;
    unsigned devices; /* set of enum jail_device */

    enum jail_network network;
    const char *net_interface; /* NULL unless NETWORK_NAT */
    struct in_addr net_address;
    struct in_addr net_gateway;

    const char *cgroup; /* NULL = none */
    struct spec_cgroup_limit cgroup_limits[SPEC_CGROUP_LIMITS_MAX];
    size_t n_cgroup_limits;
    uint64_t pids_max;
    struct spec_rlimit rlimits[RLIM_NLIMITS];
    size_t n_rlimits;

    int stop_signal;                               /* 0 = not given */
    uint64_t linger_ms;                            /* 0 = stays */
    const char *init_argv[SPEC_INIT_ARGS_MAX + 1]; /* NULL-terminated; empty = own reaper */
};

/* Reads and checks a spec. `data` may be freed afterwards. The caller ends it with spec_free(),
 * also after a failure (stage "spec", step "decode", "check" or the field's name). */
int spec_parse(struct jail_spec *ret_spec, const void *data, size_t len,
               struct failure *ret_failure);

/* The same from a memfd of at most FIELDS_SPEC_MAX bytes, which stays open. */
int spec_load(struct jail_spec *ret_spec, int fd, struct failure *ret_failure);

void spec_free(struct jail_spec *spec);
#define CLEANUP_SPEC __attribute__((cleanup(spec_free)))

#endif
