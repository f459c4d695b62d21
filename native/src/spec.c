#include "spec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "spec-values.h"

#define BYTES_MIN ((uint64_t)64 * 1024)
#define BYTES_MAX ((uint64_t)1 << 50)

static const struct field_rule rules[] = {
    {"jail", FIELD_TEXT, FIELD_REQUIRED, 64},
    {"run-dir", FIELD_TEXT, FIELD_REQUIRED, SPEC_PATH_MAX},
    {"base", FIELD_NUMBER, FIELD_REQUIRED, 10},
    {"layer", FIELD_TEXT, FIELD_REQUIRED | FIELD_REPEATS, SPEC_PATH_MAX},
    {"dir", FIELD_TEXT, FIELD_REQUIRED, SPEC_PATH_MAX},
    {"hostname", FIELD_TEXT, FIELD_REQUIRED, 64},
    {"profile", FIELD_TEXT, FIELD_REQUIRED, 16},
    {"volume", FIELD_TUPLE3, FIELD_REPEATS, 3 + 2 * SPEC_PATH_MAX + 2},
    {"tmp-bytes", FIELD_NUMBER, FIELD_REQUIRED, 20},
    {"run-bytes", FIELD_NUMBER, FIELD_REQUIRED, 20},
    {"shm-bytes", FIELD_NUMBER, FIELD_REQUIRED, 20},
    {"pts-max", FIELD_NUMBER, FIELD_REQUIRED, 10},
    {"device", FIELD_TEXT, FIELD_REPEATS, 16},
    {"network", FIELD_TEXT, FIELD_REQUIRED, 8},
    {"net-interface", FIELD_TEXT, FIELD_OPTIONAL, 15},
    {"net-address", FIELD_TEXT, FIELD_OPTIONAL, 15},
    {"net-gateway", FIELD_TEXT, FIELD_OPTIONAL, 15},
    {"etc-file", FIELD_TUPLE2, FIELD_REPEATS, FIELDS_MESSAGE_MAX},
    {"cgroup", FIELD_TEXT, FIELD_OPTIONAL, SPEC_PATH_MAX},
    {"cgroup-limit", FIELD_TUPLE2, FIELD_REPEATS, 1024},
    {"pids-max", FIELD_NUMBER, FIELD_REQUIRED, 10},
    {"rlimit", FIELD_TUPLE3, FIELD_REPEATS, 64},
    {"stop-signal", FIELD_TEXT, FIELD_OPTIONAL, 8},
    {"linger-ms", FIELD_NUMBER, FIELD_REQUIRED, 20},
    {"init-argv", FIELD_TEXT, FIELD_REPEATS, SPEC_PATH_MAX},
};

/* What a parse carries along: the message, the place where its texts go, the answer. */
struct parse {
    const struct fields_view *view;
    struct jail_spec *spec;
    size_t used; /* of spec->arena */
    struct failure *failure;
};

static int refuse(struct parse *parse, const char *field, const char *value, const char *why) {
    return failure_set(parse->failure, field, value, EINVAL, "field %s %s", field, why);
}

/* Copies into the arena, which is as large as the message plus one byte per possible text. */
static const char *keep(struct parse *parse, struct span value) {
    char *copy = parse->spec->arena + parse->used;
    if (value.len > 0)
        memcpy(copy, value.data, value.len);
    copy[value.len] = '\0';
    parse->used += value.len + 1;
    return copy;
}

/* NULL when the field is absent. */
static const char *take(struct parse *parse, const char *name) {
    struct field field;
    return fields_find(parse->view, name, &field) ? keep(parse, field.value) : NULL;
}

static int take_checked(struct parse *parse, const char *name, bool (*ok)(const char *),
                        const char **ret_text) {
    const char *text = take(parse, name);
    if (text == NULL)
        return refuse(parse, name, "", "is missing");
    if (!ok(text))
        return refuse(parse, name, text, "is not of the right form");
    *ret_text = text;
    return 0;
}

static int take_number(struct parse *parse, const char *name, uint64_t min, uint64_t max,
                       uint64_t *ret_number) {
    if (fields_number(parse->view, name, min, min, max, ret_number) < 0)
        return refuse(parse, name, "", "is out of range");
    return 0;
}

/* One word out of a list that ends with NULL; its index. */
static int take_word(struct parse *parse, const char *name, const char *const *words,
                     unsigned *ret_index) {
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (fields_is(parse->view, name, words[i])) {
            *ret_index = i;
            return 0;
        }
    }
    return refuse(parse, name, "", "is not one of the known words");
}

static int parse_identity(struct parse *parse) {
    static const char *const profiles[] = {"standard", "strict", "nesting", NULL};
    struct jail_spec *spec = parse->spec;
    uint64_t base = 0;
    unsigned profile = 0;
    int r = take_checked(parse, "jail", spec_jail_name_ok, &spec->jail);
    if (r == 0)
        r = take_checked(parse, "run-dir", spec_path_ok, &spec->run_dir);
    if (r == 0)
        r = take_checked(parse, "dir", spec_path_ok, &spec->dir);
    if (r == 0)
        r = take_checked(parse, "hostname", spec_hostname_ok, &spec->hostname);
    if (r == 0)
        r = take_number(parse, "base", JAIL_IDS, UINT32_MAX - 2 * JAIL_IDS, &base);
    if (r == 0 && base % JAIL_IDS != 0)
        r = refuse(parse, "base", "", "is not a multiple of 65536");
    if (r == 0)
        r = take_word(parse, "profile", profiles, &profile);
    spec->base = (uint32_t)base;
    spec->profile = (enum jail_profile)profile;
    return r;
}

static int parse_volume(struct parse *parse, struct span value, struct spec_volume *ret_volume) {
    struct span parts[3];
    if (span_split(value, parts, 3) < 0)
        return refuse(parse, "volume", "", "does not have three parts");
    const char *target = keep(parse, parts[2]);
    *ret_volume = (struct spec_volume){
        .writable = span_is(parts[0], "rw"),
        .source = keep(parse, parts[1]),
        .target = target,
    };
    if (!ret_volume->writable && !span_is(parts[0], "ro"))
        return refuse(parse, "volume", target, "is neither ro nor rw");
    if (!spec_path_ok(ret_volume->source) || !spec_path_ok(target) ||
        memchr(parts[2].data, 0, parts[2].len) != NULL)
        return refuse(parse, "volume", target, "has a path that is not of the right form");
    return 0;
}

static int parse_files(struct parse *parse) {
    struct jail_spec *spec = parse->spec;
    struct field field;
    int r = 0;
    for (size_t at = 0; r == 0 && fields_find_next(parse->view, "layer", &at, &field);) {
        if (spec->n_layers == SPEC_LAYERS_MAX)
            return refuse(parse, "layer", "", "is given too often");
        const char *layer = keep(parse, field.value);
        spec->layers[spec->n_layers++] = layer;
        if (!spec_path_ok(layer))
            r = refuse(parse, "layer", layer, "is not of the right form");
    }
    for (size_t at = 0; r == 0 && fields_find_next(parse->view, "volume", &at, &field);) {
        if (spec->n_volumes == SPEC_VOLUMES_MAX)
            return refuse(parse, "volume", "", "is given too often");
        r = parse_volume(parse, field.value, &spec->volumes[spec->n_volumes++]);
    }
    for (size_t at = 0; r == 0 && fields_find_next(parse->view, "etc-file", &at, &field);) {
        struct span parts[2];
        if (spec->n_etc_files == SPEC_ETC_FILES_MAX)
            return refuse(parse, "etc-file", "", "is given too often");
        if (span_split(field.value, parts, 2) < 0)
            return refuse(parse, "etc-file", "", "does not have two parts");
        struct spec_etc_file *file = &spec->etc_files[spec->n_etc_files++];
        file->path = keep(parse, parts[0]);
        file->content = (struct span){.data = keep(parse, parts[1]), .len = parts[1].len};
        if (!spec_path_ok(file->path))
            r = refuse(parse, "etc-file", file->path, "has a path that is not of the right form");
    }
    if (r == 0)
        r = take_number(parse, "tmp-bytes", BYTES_MIN, BYTES_MAX, &spec->tmp_bytes);
    if (r == 0)
        r = take_number(parse, "run-bytes", BYTES_MIN, BYTES_MAX, &spec->run_bytes);
    if (r == 0)
        r = take_number(parse, "shm-bytes", BYTES_MIN, BYTES_MAX, &spec->shm_bytes);
    return r;
}

static int parse_devices(struct parse *parse) {
    struct field field;
    uint64_t pts_max = 0;
    for (size_t at = 0; fields_find_next(parse->view, "device", &at, &field);) {
        if (span_is(field.value, "fuse"))
            parse->spec->devices |= DEVICE_FUSE;
        else if (span_is(field.value, "net/tun"))
            parse->spec->devices |= DEVICE_NET_TUN;
        else
            return refuse(parse, "device", keep(parse, field.value), "names no known device");
    }
    int r = take_number(parse, "pts-max", 1, 1 << 20, &pts_max);
    parse->spec->pts_max = (unsigned)pts_max;
    return r;
}

static int take_address(struct parse *parse, const char *name, struct in_addr *ret_address) {
    const char *text = take(parse, name);
    if (text == NULL)
        return refuse(parse, name, "", "is missing");
    if (inet_pton(AF_INET, text, ret_address) != 1)
        return refuse(parse, name, text, "is not an IPv4 address");
    return 0;
}

static int parse_network(struct parse *parse) {
    static const char *const networks[] = {"none", "nat", "host", NULL};
    static const char *const nat_only[] = {"net-interface", "net-address", "net-gateway"};
    struct jail_spec *spec = parse->spec;
    struct field field;
    unsigned network = 0;
    int r = take_word(parse, "network", networks, &network);
    if (r < 0)
        return r;
    spec->network = (enum jail_network)network;
    for (size_t i = 0; spec->network != NETWORK_NAT && i < 3; i++)
        if (fields_find(parse->view, nat_only[i], &field))
            return refuse(parse, nat_only[i], "", "belongs to network nat only");
    if (spec->network != NETWORK_NAT)
        return 0;
    r = take_checked(parse, "net-interface", spec_interface_ok, &spec->net_interface);
    if (r == 0)
        r = take_address(parse, "net-address", &spec->net_address);
    if (r == 0)
        r = take_address(parse, "net-gateway", &spec->net_gateway);
    if (r == 0 && spec->net_address.s_addr == spec->net_gateway.s_addr)
        r = refuse(parse, "net-address", "", "is the gateway's own");
    return r;
}

static int parse_rlimit(struct parse *parse, struct span value) {
    struct jail_spec *spec = parse->spec;
    struct span parts[3];
    struct spec_rlimit limit;
    if (span_split(value, parts, 3) < 0)
        return refuse(parse, "rlimit", "", "does not have three parts");
    limit.resource = spec_rlimit_number(parts[0]);
    if (limit.resource < 0)
        return refuse(parse, "rlimit", keep(parse, parts[0]), "names no known limit");
    if (spec_rlimit_value(parts[1], &limit.value.rlim_cur) < 0 ||
        spec_rlimit_value(parts[2], &limit.value.rlim_max) < 0 ||
        limit.value.rlim_cur > limit.value.rlim_max)
        return refuse(parse, "rlimit", keep(parse, parts[0]), "has no sound values");
    for (size_t i = 0; i < spec->n_rlimits; i++)
        if (spec->rlimits[i].resource == limit.resource)
            return refuse(parse, "rlimit", keep(parse, parts[0]), "is given twice");
    spec->rlimits[spec->n_rlimits++] = limit;
    return 0;
}

static int parse_limits(struct parse *parse) {
    struct jail_spec *spec = parse->spec;
    struct field field;
    int r = take_number(parse, "pids-max", 1, 1 << 22, &spec->pids_max);
    for (size_t at = 0; r == 0 && fields_find_next(parse->view, "rlimit", &at, &field);)
        r = parse_rlimit(parse, field.value);
    if (r == 0 && fields_find(parse->view, "cgroup", &field))
        r = take_checked(parse, "cgroup", spec_path_ok, &spec->cgroup);
    for (size_t at = 0; r == 0 && fields_find_next(parse->view, "cgroup-limit", &at, &field);) {
        struct span parts[2];
        if (spec->cgroup == NULL)
            return refuse(parse, "cgroup-limit", "", "is given without a cgroup");
        if (spec->n_cgroup_limits == SPEC_CGROUP_LIMITS_MAX)
            return refuse(parse, "cgroup-limit", "", "is given too often");
        if (span_split(field.value, parts, 2) < 0)
            return refuse(parse, "cgroup-limit", "", "does not have two parts");
        struct spec_cgroup_limit *limit = &spec->cgroup_limits[spec->n_cgroup_limits++];
        *limit = (struct spec_cgroup_limit){keep(parse, parts[0]), keep(parse, parts[1])};
        if (!spec_cgroup_file_ok(limit->file) || strlen(limit->value) != parts[1].len)
            r = refuse(parse, "cgroup-limit", limit->file, "is not a limit that may be set");
    }
    return r;
}

static int parse_life(struct parse *parse) {
    struct jail_spec *spec = parse->spec;
    struct field field;
    size_t n = 0;
    int r = take_number(parse, "linger-ms", 0, UINT64_MAX, &spec->linger_ms);
    const char *stop_signal = take(parse, "stop-signal");
    if (r == 0 && stop_signal != NULL) {
        spec->stop_signal = spec_signal_number(stop_signal);
        if (spec->stop_signal == 0)
            r = refuse(parse, "stop-signal", stop_signal, "names no known signal");
    }
    for (size_t at = 0; r == 0 && fields_find_next(parse->view, "init-argv", &at, &field);) {
        if (n == SPEC_INIT_ARGS_MAX)
            return refuse(parse, "init-argv", "", "is given too often");
        spec->init_argv[n++] = keep(parse, field.value);
    }
    if (r == 0 && n > 0 && !spec_path_ok(spec->init_argv[0]))
        r = refuse(parse, "init-argv", spec->init_argv[0], "does not begin with a path");
    return r;
}

int spec_parse(struct jail_spec *ret_spec, const void *data, size_t len,
               struct failure *ret_failure) {
    static int (*const parts[])(struct parse *) = {
        parse_identity, parse_files, parse_devices, parse_network, parse_limits, parse_life,
    };
    struct fields_view view;
    *ret_spec = (struct jail_spec){0};
    if (ret_failure != NULL && ret_failure->error == 0)
        *ret_failure = failure_in("spec");
    int r = fields_open(&view, data, len, ret_failure);
    if (r == 0)
        r = fields_check(&view, rules, sizeof rules / sizeof *rules, ret_failure);
    if (r < 0)
        return r;
    /* A text costs a terminator, and a field header is longer than two of them. */
    ret_spec->arena = malloc(len + 1);
    if (ret_spec->arena == NULL)
        return failure_set(ret_failure, "memory", "", ENOMEM, "no memory for the spec");
    struct parse parse = {.view = &view, .spec = ret_spec, .failure = ret_failure};
    for (size_t i = 0; r == 0 && i < sizeof parts / sizeof *parts; i++)
        r = parts[i](&parse);
    return r;
}

int spec_load(struct jail_spec *ret_spec, int fd, struct failure *ret_failure) {
    CLEANUP_FREE char *data = NULL;
    size_t len = 0;
    *ret_spec = (struct jail_spec){0};
    if (ret_failure != NULL && ret_failure->error == 0)
        *ret_failure = failure_in("spec");
    int r = io_read_regular(fd, FIELDS_SPEC_MAX, &data, &len);
    if (r < 0)
        return failure_set(ret_failure, "read", "", -r, "the spec cannot be read");
    return spec_parse(ret_spec, data, len, ret_failure);
}

void spec_free(struct jail_spec *spec) {
    free(spec->arena);
    *spec = (struct jail_spec){0};
}
