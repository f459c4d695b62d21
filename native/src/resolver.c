#include "resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io.h"
#include "targets.h"

#define FILE_MAX ((size_t)1024 * 1024)

/* An unreadable file counts as an empty one. */
static char *read_inside(int root_fd, const char *path, size_t *ret_len) {
    char *text = NULL;
    CLEANUP_CLOSE int fd = open_resolved(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY,
                                         RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    *ret_len = 0;
    if (fd < 0 || io_read_regular(fd, FILE_MAX, &text, ret_len) < 0)
        return NULL;
    return text;
}

static bool ends_with(const char *text, const char *end) {
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

/* "localhost" and what is below it never goes to a name server (RFC 6761). */
static bool find_localhost(const char *name, struct address_list *list) {
    if (strcasecmp(name, "localhost") != 0 && !ends_with(name, ".localhost"))
        return false;
    struct address v4 = address_v4((struct in_addr){.s_addr = htonl(INADDR_LOOPBACK)});
    struct address v6 = address_v6(&in6addr_loopback);
    address_add(list, &v4);
    address_add(list, &v6);
    return true;
}

static bool find_in_hosts(int root_fd, const char *name, struct address_list *list) {
    size_t len;
    CLEANUP_FREE char *text = read_inside(root_fd, "etc/hosts", &len);
    if (text != NULL)
        resolver_parse_hosts(text, len, name, list);
    return list->n > 0;
}

static int look_up_below(const struct resolver_settings *settings, const char *name,
                         const char *domain, struct address_list *ret_list) {
    char full[2 * RESOLVER_NAME_MAX];
    snprintf(full, sizeof full, "%s.%s", name, domain);
    return dns_look_up(&settings->client, full, ret_list);
}

static int look_up_in_search(const struct resolver_settings *settings, const char *name,
                             struct address_list *ret_list) {
    int result = -ENOENT;
    for (size_t i = 0; i < settings->n_search; i++) {
        int r = look_up_below(settings, name, settings->search[i], ret_list);
        if (r == 0)
            return 0;
        if (r != -EINVAL && r != -ENOENT)
            result = r;
    }
    return result;
}

/* A name that ends in a dot is complete; another one is tried as it is before or after the domains
 * of the search list, depending on the dots in it. */
static int look_up(const struct resolver_settings *settings, const char *name, bool complete,
                   struct address_list *ret_list) {
    unsigned dots = 0;
    for (const char *at = name; *at != '\0'; at++)
        dots += *at == '.';
    bool first = complete || dots >= settings->dots;
    int r = first ? dns_look_up(&settings->client, name, ret_list) : -ENOENT;
    if (r != -ENOENT || complete)
        return r;
    r = look_up_in_search(settings, name, ret_list);
    return r == 0 || first ? r : dns_look_up(&settings->client, name, ret_list);
}

static const char *explain(int error) {
    if (error == ENOENT)
        return "no such name";
    return error == EAGAIN ? "no name server answered" : strerror(error);
}

int resolver_find(int root_fd, const char *host, uint64_t deadline_ms,
                  struct address_list *ret_list, struct failure *ret_failure) {
    struct address address;
    char name[RESOLVER_NAME_MAX];
    size_t len = strlen(host);
    ret_list->n = 0;
    int r = address_parse(host, &address);
    if (r == 1)
        address_add(ret_list, &address);
    if (r < 0 || (r == 0 && len >= sizeof name))
        return failure_set(ret_failure, "check", host, EINVAL, "is no host name and no address");
    if (r == 1)
        return 0;
    snprintf(name, sizeof name, "%s", host);
    bool complete = name[len - 1] == '.';
    if (complete)
        name[len - 1] = '\0';
    if (find_localhost(name, ret_list) || find_in_hosts(root_fd, name, ret_list))
        return 0;
    CLEANUP_FREE struct resolver_settings *settings = calloc(1, sizeof *settings);
    CLEANUP_FREE char *text = read_inside(root_fd, "etc/resolv.conf", &len);
    if (settings == NULL)
        return failure_set(ret_failure, "resolve", host, ENOMEM, "no memory");
    resolver_parse_settings(text == NULL ? "" : text, len, settings);
    settings->client.deadline_ms = deadline_ms;
    r = look_up(settings, name, complete, ret_list);
    if (r == -EINVAL)
        return failure_set(ret_failure, "check", host, EINVAL, "is no host name");
    return r < 0 ? failure_set(ret_failure, "resolve", host, -r, "%s", explain(-r)) : 0;
}
