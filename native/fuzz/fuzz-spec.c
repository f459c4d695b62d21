/* A jail spec of any bytes: refused, or every text of it lies in its arena and is terminated. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "spec-values.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct jail_spec spec;
    struct failure failure = failure_in("spec");
    int r = spec_parse(&spec, data, size, &failure);
    assert(r == 0 || (r < 0 && failure.error > 0));
    if (r == 0) {
        assert(spec.base >= JAIL_IDS && spec.base % JAIL_IDS == 0);
        assert(spec.n_layers >= 1 && spec_path_ok(spec.dir) && spec_path_ok(spec.run_dir));
        for (size_t i = 0; i < spec.n_layers; i++)
            assert(spec_path_ok(spec.layers[i]));
        for (size_t i = 0; i < spec.n_volumes; i++)
            assert(spec_path_ok(spec.volumes[i].source) && spec_path_ok(spec.volumes[i].target));
        for (size_t i = 0; i < spec.n_cgroup_limits; i++)
            assert(strchr(spec.cgroup_limits[i].file, '/') == NULL);
    }
    spec_free(&spec);
    return 0;
}
