#include "passwd.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "fields.h"

/* Cuts the next line off `rest`. */
static bool next_line(struct span *rest, struct span *ret_line) {
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->data, '\n', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
    size_t used = end == NULL ? len : len + 1;
    *ret_line = (struct span){.data = rest->data, .len = len};
    *rest = (struct span){.data = rest->data + used, .len = rest->len - used};
    return true;
}

/* Cuts `span` at the first `separator`; what follows stays in `rest`. False when none is left. */
static bool next_part(struct span *rest, char separator, struct span *ret_part) {
    if (rest->data == NULL)
        return false;
    const char *end = rest->len == 0 ? NULL : memchr(rest->data, separator, rest->len);
    if (end == NULL) {
        *ret_part = *rest;
        *rest = (struct span){.data = NULL, .len = 0};
        return true;
    }
    size_t len = (size_t)(end - rest->data);
    *ret_part = (struct span){.data = rest->data, .len = len};
    *rest = (struct span){.data = end + 1, .len = rest->len - len - 1};
    return true;
}

static bool split_line(struct span line, struct span *ret_parts, size_t n) {
    struct span rest = line;
    for (size_t i = 0; i < n; i++)
        if (!next_part(&rest, ':', &ret_parts[i]))
            return false;
    return rest.data == NULL;
}

static int parse_id(struct span text, unsigned *ret_id) {
    uint64_t id;
    if (span_number(text, &id) < 0 || id > PASSWD_ID_MAX)
        return -EINVAL;
    *ret_id = (unsigned)id;
    return 0;
}

static int parse_path(struct span text, const char *fallback, char *ret_path) {
    struct span path = text.len == 0 ? (struct span){fallback, strlen(fallback)} : text;
    return span_text(path, ret_path, PASSWD_PATH_MAX) < 0 ? -EINVAL : 0;
}

bool passwd_name_ok(const char *name) {
    size_t len = strnlen(name, PASSWD_NAME_MAX);
    if (len == 0 || len == PASSWD_NAME_MAX || name[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c <= ' ' || c == 0x7f || strchr(":/,", c) != NULL)
            return false;
    }
    return true;
}

int passwd_parse_user(const char *text, size_t len, const char *name,
                      struct passwd_user *ret_user) {
    struct span rest = {.data = text, .len = len};
    struct span line;
    while (next_line(&rest, &line)) {
        struct span key_rest = line;
        struct span key;
        struct span parts[7];
        if (!next_part(&key_rest, ':', &key) || !span_is(key, name))
            continue;
        memset(ret_user, 0, sizeof *ret_user);
        if (!split_line(line, parts, 7) || parse_id(parts[2], &ret_user->uid) < 0 ||
            parse_id(parts[3], &ret_user->gid) < 0 ||
            span_text(key, ret_user->name, sizeof ret_user->name) < 0 ||
            parse_path(parts[5], "/", ret_user->home) < 0 ||
            parse_path(parts[6], "/bin/sh", ret_user->shell) < 0)
            return -EINVAL;
        ret_user->groups[0] = ret_user->gid;
        ret_user->n_groups = 1;
        ret_user->tty_gid = ret_user->gid;
        return 0;
    }
    return -ENOENT;
}

static bool has_member(struct span members, const char *name) {
    struct span member;
    while (next_part(&members, ',', &member))
        if (span_is(member, name))
            return true;
    return false;
}

static void add_group(struct passwd_user *user, gid_t gid) {
    for (size_t i = 0; i < user->n_groups; i++)
        if (user->groups[i] == gid)
            return;
    if (user->n_groups < PASSWD_GROUPS_MAX)
        user->groups[user->n_groups++] = gid;
}

void passwd_parse_groups(const char *text, size_t len, struct passwd_user *user) {
    struct span rest = {.data = text, .len = len};
    struct span line;
    bool tty_found = false;
    while (next_line(&rest, &line)) {
        struct span parts[4];
        gid_t gid;
        if (!split_line(line, parts, 4) || parse_id(parts[2], &gid) < 0)
            continue;
        if (!tty_found && span_is(parts[0], "tty")) {
            user->tty_gid = gid;
            tty_found = true;
        }
        if (has_member(parts[3], user->name))
            add_group(user, gid);
    }
}
