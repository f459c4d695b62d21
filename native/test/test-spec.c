/* The jail spec: everything in it is checked before root acts on it. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "io.h"
#include "spec-values.h"
#include "spec.h"

static uint8_t message[FIELDS_SPEC_MAX];
static struct fields_writer writer;
static struct failure failure;
static struct jail_spec spec;

static const char *const base_fields[][2] = {
    {"jail", "alice+web"},
    {"run-dir", "/run/jaild/jails/alice+web"},
    {"base", "100663296"},
    {"layer", "/var/lib/jaild/layers/sha256-00"},
    {"dir", "/var/lib/jaild/jails/alice+web"},
    {"hostname", "alice-web"},
    {"profile", "standard"},
    {"tmp-bytes", "65536"},
    {"run-bytes", "65536"},
    {"shm-bytes", "65536"},
    {"pts-max", "64"},
    {"network", "none"},
    {"pids-max", "4096"},
    {"linger-ms", "0"},
};
#define BASE_FIELDS (sizeof base_fields / sizeof *base_fields)

/* All base fields but `without` (NULL: none). */
static void begin(const char *without) {
    fields_writer_fixed(&writer, message, sizeof message);
    for (size_t i = 0; i < BASE_FIELDS; i++)
        if (without == NULL || strcmp(base_fields[i][0], without) != 0)
            fields_put_text(&writer, base_fields[i][0], base_fields[i][1]);
}

static int parse(void) {
    CHECK(fields_finish(&writer) == 0);
    spec_free(&spec);
    failure = failure_in("test");
    failure.stage[0] = '\0';
    return spec_parse(&spec, message, writer.len, &failure);
}

static void put(const char *name, const char *value) { fields_put_text(&writer, name, value); }

static void put_bytes(const char *name, const char *value, size_t len) {
    fields_put(&writer, name, value, len);
}
#define PUT_TUPLE(name, literal) put_bytes(name, literal, sizeof literal - 1)

static void whole(void) {
    begin("network");
    put("network", "nat");
    put("net-interface", "jd12abn7");
    put("net-address", "10.214.0.9");
    put("net-gateway", "10.214.0.1");
    put("layer", "/layers/below");
    PUT_TUPLE("volume", "ro\0/srv/data\0/data");
    PUT_TUPLE("volume", "rw\0/srv/b\0/b");
    put("device", "fuse");
    put("device", "net/tun");
    PUT_TUPLE("etc-file", "/etc/hosts\0# jaild\nx\0y\n");
    put("cgroup", "/sys/fs/cgroup/jaild/alice");
    PUT_TUPLE("cgroup-limit", "memory.max\0"
                              "1000000");
    PUT_TUPLE("rlimit", "nofile\0"
                        "1024\0"
                        "unlimited");
    put("stop-signal", "RTMIN+3");
    put("init-argv", "/sbin/init");
    put("init-argv", "");
    CHECK(parse() == 0);
    CHECK_TEXT(spec.jail, "alice+web");
    CHECK(spec.base == 0x06000000 && spec.profile == PROFILE_STANDARD);
    CHECK(spec.n_layers == 2 && spec.n_volumes == 2 && spec.n_etc_files == 1);
    CHECK_TEXT(spec.layers[1], "/layers/below");
    CHECK(!spec.volumes[0].writable && spec.volumes[1].writable);
    CHECK_TEXT(spec.volumes[0].source, "/srv/data");
    CHECK_TEXT(spec.volumes[1].target, "/b");
    CHECK(spec.etc_files[0].content.len == 12 &&
          memcmp(spec.etc_files[0].content.data, "# jaild\nx\0y\n", 12) == 0);
    CHECK(spec.devices == (DEVICE_FUSE | DEVICE_NET_TUN) && spec.pts_max == 64);
    CHECK(spec.network == NETWORK_NAT && spec.net_address.s_addr == htonl(0x0ad60009));
    CHECK(spec.n_cgroup_limits == 1 && spec.n_rlimits == 1);
    CHECK_TEXT(spec.cgroup_limits[0].value, "1000000");
    CHECK(spec.rlimits[0].resource == RLIMIT_NOFILE && spec.rlimits[0].value.rlim_cur == 1024 &&
          spec.rlimits[0].value.rlim_max == RLIM_INFINITY);
    CHECK(spec.stop_signal == SIGRTMIN + 3);
    CHECK_TEXT(spec.init_argv[1], "");
    CHECK(spec.init_argv[2] == NULL);
}

static void required(void) {
    begin(NULL);
    CHECK(parse() == 0 && spec.cgroup == NULL && spec.init_argv[0] == NULL);
    for (size_t i = 0; i < BASE_FIELDS; i++) {
        begin(base_fields[i][0]);
        CHECK(parse() < 0);
        CHECK_TEXT(failure.stage, "spec");
        CHECK(strstr(failure.message, base_fields[i][0]) != NULL);
    }
    begin(NULL);
    put("later-field", "x");
    CHECK(parse() < 0 && strstr(failure.message, "unknown field later-field") != NULL);
    begin(NULL);
    message[2] = 2;
    CHECK(parse() == -EPROTONOSUPPORT);
    CHECK_TEXT(failure.message, "version 2 is newer than 1");
}

static void refused(void) {
    static const char *const values[][2] = {
        {"jail", ""},
        {"jail", "Alice"},
        {"jail", "a+"},
        {"jail", "a+b+c"},
        {"jail", "../a"},
        {"jail", "-a"},
        {"jail", "a+-b"},
        {"jail", "a\nb"},
        {"run-dir", "run"},
        {"run-dir", "/"},
        {"run-dir", "/a/../b"},
        {"run-dir", "/a//b"},
        {"run-dir", "/a/"},
        {"run-dir", "/a/./b"},
        {"dir", ".."},
        {"layer", "/.."},
        {"base", "0"},
        {"base", "65535"},
        {"base", "65537"},
        {"base", "4294901760"},
        {"base", "-65536"},
        {"base", "0x60000"},
        {"base", "065536"},
        {"base", "99999999999"},
        {"hostname", ""},
        {"hostname", "-a"},
        {"hostname", "a."},
        {"hostname", "a b"},
        {"profile", "none"},
        {"profile", "STANDARD"},
        {"tmp-bytes", "0"},
        {"tmp-bytes", "65535"},
        {"shm-bytes", "1125899906842625"},
        {"pts-max", "0"},
        {"network", "bridge"},
        {"pids-max", "0"},
        {"pids-max", "4194305"},
        {"linger-ms", "soon"},
    };
    static const char *const extra[][2] = {
        {"device", "mem"},          {"device", "../fuse"},      {"stop-signal", "STOP"},
        {"stop-signal", "RTMIN+x"}, {"init-argv", "init"},      {"cgroup", "relative"},
        {"cgroup", "/a/../../b"},   {"net-address", "1.2.3.4"}, {"net-interface", "eth1"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        begin(values[i][0]);
        put(values[i][0], values[i][1]);
        CHECK(parse() < 0 && failure.error != 0);
    }
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        begin(NULL);
        put(extra[i][0], extra[i][1]);
        CHECK(parse() < 0 && failure.error != 0);
    }
}

static void refused_tuples(void) {
    static const struct {
        const char *name;
        const char *value;
        size_t len;
    } tuples[] = {
#define TUPLE(name, literal) {name, literal, sizeof literal - 1}
        TUPLE("volume", "ro\0/a"),
        TUPLE("volume", "rx\0/a\0/b"),
        TUPLE("volume", "ro\0a\0/b"),
        TUPLE("volume", "ro\0/a\0/b/../c"),
        TUPLE("volume", "ro\0/a\0/b\0/c"),
        TUPLE("etc-file", "/etc/hosts"),
        TUPLE("etc-file", "etc/hosts\0x"),
        TUPLE("etc-file", "/etc/../hosts\0x"),
        TUPLE("rlimit", "nofile\0"
                        "2\0"
                        "1"),
        TUPLE("rlimit", "files\0"
                        "1\0"
                        "1"),
        TUPLE("rlimit", "nofile\0-1\0"
                        "1"),
        TUPLE("rlimit", "nofile\0unlimited\0"
                        "1"),
        TUPLE("cgroup-limit", "memory.max\0"
                              "1"), /* without a cgroup */
    };
    for (size_t i = 0; i < sizeof tuples / sizeof *tuples; i++) {
        begin(NULL);
        put_bytes(tuples[i].name, tuples[i].value, tuples[i].len);
        CHECK(parse() < 0 && failure.error != 0);
    }
    static const char *const files[] = {"cgroup.procs",
                                        "cgroup.subtree_control",
                                        "cgroup.kill",
                                        "../memory.max",
                                        "memory.",
                                        "memory",
                                        "a/memory.max",
                                        "cgroup.freeze",
                                        ""};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        CHECK(!spec_cgroup_file_ok(files[i]));
    CHECK(spec_cgroup_file_ok("io.max") && spec_cgroup_file_ok("hugetlb.2MB.max") &&
          spec_cgroup_file_ok("cgroup.max.descendants"));
}

static void counts(void) {
    static const struct {
        const char *name;
        const char *value;
        size_t len;
        int max;
        int had;
    } repeated[] = {
        {"layer", "/a", 2, SPEC_LAYERS_MAX, 1},
        {"volume", "ro\0/a\0/b", 8, SPEC_VOLUMES_MAX, 0},
        {"etc-file", "/etc/a\0x", 8, SPEC_ETC_FILES_MAX, 0},
        {"init-argv", "/a", 2, SPEC_INIT_ARGS_MAX, 0},
    };
    for (size_t i = 0; i < sizeof repeated / sizeof *repeated; i++)
        for (int over = 0; over < 2; over++) {
            begin(NULL);
            for (int n = repeated[i].had; n < repeated[i].max + over; n++)
                put_bytes(repeated[i].name, repeated[i].value, repeated[i].len);
            CHECK((parse() == 0) == (over == 0));
        }
    begin(NULL);
    PUT_TUPLE("rlimit", "nofile\0"
                        "1\0"
                        "1");
    PUT_TUPLE("rlimit", "nofile\0"
                        "1\0"
                        "1");
    CHECK(parse() < 0);
    begin(NULL);
    put("hostname", "again");
    CHECK(parse() < 0 && strstr(failure.message, "repeated") != NULL);
}

static void from_descriptors(void) {
    begin(NULL);
    int fd = memfd_create("spec", MFD_CLOEXEC);
    CHECK(fd >= 0 && io_write_all(fd, message, writer.len) == 0);
    CHECK(spec_load(&spec, fd, &failure) == 0);
    spec_free(&spec);
    spec_free(&spec);
    CHECK(ftruncate(fd, FIELDS_SPEC_MAX + 1) == 0);
    failure = failure_in("spec");
    CHECK(spec_load(&spec, fd, &failure) == -EFBIG);
    close(fd);
    int ends[2];
    CHECK(pipe(ends) == 0);
    failure = failure_in("spec");
    CHECK(spec_load(&spec, ends[0], &failure) == -EINVAL); /* never waits for a pipe */
}

int main(void) {
    whole();
    required();
    refused();
    refused_tuples();
    counts();
    from_descriptors();
    spec_free(&spec);
    return checks_end("spec");
}
