/* A jail's network in a namespace of the test's own: what reaches it, what it may send. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "jail-lab.h"
#include "net.h"

#define INTERFACE "jdnative0"
#define ADDRESS "10.255.0.2"
#define GATEWAY "10.255.0.1"
#define FOREIGN "10.255.0.77"
#define PORT 7777

static struct lab lab;

static struct sockaddr_in address_of(const char *text, uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    CHECK(inet_pton(AF_INET, text, &address.sin_addr) == 1);
    return address;
}

static int inside_is_configured(void *unused) {
    (void)unused;
    CHECK(if_nametoindex("lo") == 1 && if_nametoindex("eth0") > 1 &&
          if_nametoindex(INTERFACE) == 0);
    struct ifreq interface = {.ifr_name = "eth0"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(ioctl(fd, SIOCGIFFLAGS, &interface) == 0 && (interface.ifr_flags & IFF_UP));
    CHECK(ioctl(fd, SIOCGIFADDR, &interface) == 0);
    const struct sockaddr_in wanted = address_of(ADDRESS, 0);
    CHECK(memcmp(&((struct sockaddr_in *)&interface.ifr_addr)->sin_addr, &wanted.sin_addr, 4) == 0);
    strcpy(interface.ifr_name, "lo");
    CHECK(ioctl(fd, SIOCGIFFLAGS, &interface) == 0 && (interface.ifr_flags & IFF_UP));
    CHECK(lab_exists("/sys/class/net/eth0") && !lab_exists("/sys/class/net/" INTERFACE));
    /* A port below 1024, as another user. */
    CHECK(setresuid(1000, 1000, 1000) == 0);
    struct sockaddr_in web = address_of("0.0.0.0", 80);
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(tcp, (struct sockaddr *)&web, sizeof web) == 0);
    CHECK(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP) >= 0); /* ping */
    return 0;
}

static int sends(void *unused) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in gateway = address_of(GATEWAY, PORT);
    (void)unused;
    CHECK(sendto(fd, "true", 4, 0, (struct sockaddr *)&gateway, sizeof gateway) == 4);
    return 0;
}

static int sends_with_foreign_source(void *unused) {
    struct {
        struct iphdr ip;
        struct udphdr udp;
        char text[5];
    } packet = {
        .ip = {.ihl = 5, .version = 4, .ttl = 64, .protocol = IPPROTO_UDP},
        .udp = {.source = htons(1), .dest = htons(PORT), .len = htons(8 + 5)},
        .text = "false",
    };
    struct sockaddr_in gateway = address_of(GATEWAY, PORT);
    struct sockaddr_in foreign = address_of(FOREIGN, 0);
    (void)unused;
    packet.ip.saddr = foreign.sin_addr.s_addr;
    packet.ip.daddr = gateway.sin_addr.s_addr;
    packet.ip.tot_len = htons(sizeof packet.ip + sizeof packet.udp + 5);
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    CHECK(fd >= 0);
    CHECK(sendto(fd, &packet, sizeof packet.ip + sizeof packet.udp + 5, 0,
                 (struct sockaddr *)&gateway, sizeof gateway) > 0);
    return 0;
}

/* What arrives within `ms`: the sender's address, or "" for nothing. */
static const char *receive(int fd, int ms) {
    static char text[INET_ADDRSTRLEN];
    char data[16];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    text[0] = '\0';
    if (poll(&poller, 1, ms) == 1) {
        CHECK(recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&from, &len) > 0);
        inet_ntop(AF_INET, &from.sin_addr, text, sizeof text);
    }
    return text;
}

static void start_nat(void) {
    lab_begin(&lab, "standard", "nat");
    lab_put(&lab, "net-interface", INTERFACE);
    lab_put(&lab, "net-address", ADDRESS);
    lab_put(&lab, "net-gateway", GATEWAY);
    lab_start(&lab);
}

static void nat(void) {
    start_nat();
    CHECK(lab_inside(&lab, inside_is_configured, NULL) == 0);
    CHECK_TEXT(lab_read("/proc/sys/net/ipv4/conf/" INTERFACE "/rp_filter"), "1\n");
    CHECK_TEXT(lab_read("/proc/sys/net/ipv4/conf/" INTERFACE "/forwarding"), "1\n");
    CHECK_TEXT(lab_read("/proc/sys/net/ipv4/ip_forward"), "0\n");
    const char *ipv6 = lab_read("/proc/sys/net/ipv6/conf/" INTERFACE "/disable_ipv6");
    CHECK(strcmp(ipv6, "1\n") == 0 || !lab_exists("/proc/sys/net/ipv6"));

    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in here = address_of(GATEWAY, PORT);
    CHECK(bind(fd, (struct sockaddr *)&here, sizeof here) == 0);
    CHECK(lab_inside(&lab, sends_with_foreign_source, NULL) == 0);
    CHECK(lab_inside(&lab, sends, NULL) == 0);
    CHECK_TEXT(receive(fd, 5000), ADDRESS); /* the false one came first, and was dropped */
    CHECK_TEXT(receive(fd, 0), "");
    close(fd);

    /* A keeper that was killed leaves its link: the next boot takes its place. */
    struct jail_runtime old = lab.runtime;
    start_nat();
    CHECK(lab_inside(&lab, inside_is_configured, NULL) == 0);
    CHECK(kill(old.init_pid, SIGKILL) == 0 && waitpid(old.init_pid, NULL, 0) == old.init_pid);
    jail_runtime_close(&old);
    net_remove(INTERFACE);
    net_remove(INTERFACE); /* harmless */
    CHECK(if_nametoindex(INTERFACE) == 0);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
}

static int has_only_loopback(void *unused) {
    struct sockaddr_in gateway = address_of(GATEWAY, PORT);
    (void)unused;
    CHECK(if_nametoindex("lo") == 1 && if_nametoindex("eth0") == 0);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(connect(fd, (struct sockaddr *)&gateway, sizeof gateway) < 0 && errno == ENETUNREACH);
    return 0;
}

static int shares_the_hosts(void *unused) {
    (void)unused;
    struct ifreq interface = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(ioctl(fd, SIOCGIFFLAGS, &interface) == 0);
    interface.ifr_flags |= IFF_PROMISC;
    CHECK(ioctl(fd, SIOCSIFFLAGS, &interface) < 0 && errno == EPERM);
    CHECK(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM);
    CHECK(socket(AF_INET, SOCK_RAW, IPPROTO_RAW) < 0 && errno == EPERM);
    CHECK(open("/proc/sys/net/ipv4/ip_forward", O_WRONLY) < 0);
    CHECK(lab_exists("/sys/class/net/lo"));
    return 0;
}

int main(int argc, char **argv) {
    process_title_init(argc, argv);
    lab_open(&lab);
    CHECK(unshare(CLONE_NEWNET) == 0);
    nat();
    lab_begin(&lab, "standard", "none");
    lab_start(&lab);
    CHECK(lab_inside(&lab, has_only_loopback, NULL) == 0);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
    lab_begin(&lab, "standard", "host");
    lab_start(&lab);
    CHECK(lab_inside(&lab, shares_the_hosts, NULL) == 0);
    CHECK(lab_end(&lab, SIGKILL) == SIGKILL);
    lab_close(&lab);
    return checks_end("boot-network");
}
