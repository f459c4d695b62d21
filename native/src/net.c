#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io.h"
#include "netlink.h"

#define INSIDE "eth0"

static void put_text(struct netlink_request *request, uint16_t type, const char *text) {
    netlink_put(request, type, text, strlen(text) + 1);
}

static void put_number(struct netlink_request *request, uint16_t type, uint32_t number) {
    netlink_put(request, type, &number, sizeof number);
}

/* One queue each: more only cost memory and time. */
static int create_pair(int socket, const char *outside, int namespace) {
    struct netlink_request request;
    const struct ifinfomsg none = {.ifi_family = AF_UNSPEC};
    netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &none, sizeof none);
    put_text(&request, IFLA_IFNAME, outside);
    put_number(&request, IFLA_NUM_TX_QUEUES, 1);
    put_number(&request, IFLA_NUM_RX_QUEUES, 1);
    size_t info = netlink_nest(&request, IFLA_LINKINFO);
    put_text(&request, IFLA_INFO_KIND, "veth");
    size_t data = netlink_nest(&request, IFLA_INFO_DATA);
    size_t peer = netlink_nest(&request, VETH_INFO_PEER);
    netlink_put_struct(&request, &none, sizeof none);
    put_text(&request, IFLA_IFNAME, INSIDE);
    put_number(&request, IFLA_NUM_TX_QUEUES, 1);
    put_number(&request, IFLA_NUM_RX_QUEUES, 1);
    put_number(&request, IFLA_NET_NS_FD, (uint32_t) namespace);
    netlink_end_nest(&request, peer);
    netlink_end_nest(&request, data);
    netlink_end_nest(&request, info);
    return netlink_do(socket, &request);
}

static int delete_link(int socket, const char *name) {
    struct netlink_request request;
    const struct ifinfomsg none = {.ifi_family = AF_UNSPEC};
    netlink_begin(&request, RTM_DELLINK, 0, &none, sizeof none);
    put_text(&request, IFLA_IFNAME, name);
    return netlink_do(socket, &request);
}

static int find_index(int socket, const char *name, int *ret_index) {
    struct ifreq interface = {0};
    snprintf(interface.ifr_name, sizeof interface.ifr_name, "%s", name);
    if (ioctl(socket, SIOCGIFINDEX, &interface) < 0)
        return -errno;
    *ret_index = interface.ifr_ifindex;
    return 0;
}

static int set_up_link(int socket, int index) {
    struct netlink_request request;
    const struct ifinfomsg up = {
        .ifi_family = AF_UNSPEC,
        .ifi_index = index,
        .ifi_flags = IFF_UP,
        .ifi_change = IFF_UP,
    };
    netlink_begin(&request, RTM_NEWLINK, 0, &up, sizeof up);
    return netlink_do(socket, &request);
}

static int add_address(int socket, int index, struct in_addr address) {
    struct netlink_request request;
    const struct ifaddrmsg body = {
        .ifa_family = AF_INET,
        .ifa_prefixlen = 32,
        .ifa_index = (unsigned)index,
    };
    netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    netlink_put(&request, IFA_LOCAL, &address, sizeof address);
    netlink_put(&request, IFA_ADDRESS, &address, sizeof address);
    return netlink_do(socket, &request);
}

/* To one host (`to`) directly, or with to = 0 the default route by `gateway`. */
static int add_route(int socket, int index, struct in_addr to, struct in_addr gateway,
                     struct in_addr source) {
    struct netlink_request request;
    const struct rtmsg body = {
        .rtm_family = AF_INET,
        .rtm_dst_len = to.s_addr == 0 ? 0 : 32,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_STATIC,
        .rtm_scope = to.s_addr == 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
        .rtm_type = RTN_UNICAST,
    };
    netlink_begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    if (to.s_addr == 0)
        netlink_put(&request, RTA_GATEWAY, &gateway, sizeof gateway);
    else
        netlink_put(&request, RTA_DST, &to, sizeof to);
    put_number(&request, RTA_OIF, (uint32_t)index);
    netlink_put(&request, RTA_PREFSRC, &source, sizeof source);
    return netlink_do(socket, &request);
}

static int configure_inside(int socket, const struct jail_spec *spec) {
    const struct in_addr anywhere = {0};
    int index = 0;
    int r = find_index(socket, "lo", &index);
    if (r == 0)
        r = set_up_link(socket, index);
    if (r < 0 || spec->network != NETWORK_NAT)
        return r;
    r = find_index(socket, INSIDE, &index);
    if (r == 0)
        r = add_address(socket, index, spec->net_address);
    if (r == 0)
        r = set_up_link(socket, index);
    if (r == 0)
        r = add_route(socket, index, spec->net_gateway, spec->net_gateway, spec->net_address);
    if (r == 0)
        r = add_route(socket, index, anywhere, spec->net_gateway, spec->net_address);
    return r;
}

/* Before the link goes up, so that nothing is accepted by looser rules even for a moment. */
static int set_switches(int proc, const char *interface) {
    static const struct {
        const char *family;
        const char *name;
        const char *value;
    } switches[] = {
        {"ipv4", "rp_filter", "1"},           {"ipv4", "forwarding", "1"},
        {"ipv4", "accept_redirects", "0"},    {"ipv4", "send_redirects", "0"},
        {"ipv4", "accept_source_route", "0"}, {"ipv6", "disable_ipv6", "1"},
    };
    char path[96];
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        snprintf(path, sizeof path, "sys/net/%s/conf/%s/%s", switches[i].family, interface,
                 switches[i].name);
        int r = io_write_file(proc, path, switches[i].value);
        if (r == -ENOENT && strcmp(switches[i].family, "ipv6") == 0)
            continue; /* a host without IPv6 */
        if (r < 0)
            return r;
    }
    return 0;
}

static int configure_outside(int socket, const struct jail_spec *spec, int proc) {
    int index = 0;
    int r = find_index(socket, spec->net_interface, &index);
    if (r == 0)
        r = set_switches(proc, spec->net_interface);
    if (r == 0)
        r = add_address(socket, index, spec->net_gateway);
    if (r == 0)
        r = set_up_link(socket, index);
    if (r == 0)
        r = add_route(socket, index, spec->net_address, spec->net_gateway, spec->net_gateway);
    return r;
}

/* A socket inside the jail's network; the caller's own namespace is restored. */
static int open_inside(int init_pidfd, int proc, int own, int *ret_socket, int *ret_namespace) {
    if (setns(init_pidfd, CLONE_NEWNET) < 0)
        return -errno;
    int socket = netlink_open();
    int namespace = openat(proc, "thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (namespace < 0)
    namespace = -errno;
    if (setns(own, CLONE_NEWNET) < 0)
        abort(); /* cannot happen; never go on in the jail's network */
    *ret_socket = socket;
    *ret_namespace = namespace;
    return socket < 0 ? socket : namespace < 0 ? namespace : 0;
}

int net_set_up(const struct jail_spec *spec, int init_pidfd, int proc,
               struct failure *ret_failure) {
    CLEANUP_CLOSE int inside = -EBADF;
    CLEANUP_CLOSE int outside = -EBADF;
    CLEANUP_CLOSE int namespace = -EBADF;
    if (spec->network == NETWORK_HOST)
        return 0;
    CLEANUP_CLOSE int own = openat(proc, "self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own < 0)
        return failure_set(ret_failure, "network-namespace", "", errno, "%s", strerror(errno));
    int r = open_inside(init_pidfd, proc, own, &inside, &namespace);
    if (r < 0)
        return failure_set(ret_failure, "network-namespace", "", -r, "%s", strerror(-r));
    if (spec->network == NETWORK_NAT) {
        outside = netlink_open();
        r = outside < 0 ? outside : create_pair(outside, spec->net_interface, namespace);
        if (r == -EEXIST) { /* left by a keeper that was killed; the lock says it is ours */
            delete_link(outside, spec->net_interface);
            r = create_pair(outside, spec->net_interface, namespace);
        }
        if (r < 0)
            return failure_set(ret_failure, "create-link", spec->net_interface, -r, "%s",
                               strerror(-r));
    }
    r = configure_inside(inside, spec);
    if (r < 0) {
        failure_set(ret_failure, "configure-inside", INSIDE, -r, "%s", strerror(-r));
    } else if (spec->network == NETWORK_NAT) {
        r = configure_outside(outside, spec, proc);
        if (r < 0)
            failure_set(ret_failure, "configure-outside", spec->net_interface, -r, "%s",
                        strerror(-r));
    }
    if (r < 0 && spec->network == NETWORK_NAT)
        delete_link(outside, spec->net_interface);
    return r;
}

void net_remove(const char *interface) {
    CLEANUP_CLOSE int socket = netlink_open();
    if (socket >= 0)
        delete_link(socket, interface);
}
