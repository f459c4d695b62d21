/* Any bytes as /etc/passwd and /etc/group: whoever is found has ids in range and bounded texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "passwd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct passwd_user user;
    if (passwd_parse_user((const char *)data, size, "root", &user) < 0)
        return 0;
    passwd_parse_groups((const char *)data, size, &user);
    if (user.uid > PASSWD_ID_MAX || user.gid > PASSWD_ID_MAX || user.n_groups < 1 ||
        user.n_groups > PASSWD_GROUPS_MAX || strcmp(user.name, "root") != 0)
        abort();
    for (size_t i = 0; i < user.n_groups; i++)
        if (user.groups[i] > PASSWD_ID_MAX)
            abort();
    return 0;
}
