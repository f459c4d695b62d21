/*
 * A small client of the broker's admin socket, so that the time to start or enter a jail does not
 * contain the 50 ms that Node needs to start.
 *
 *   door-client SOCKET start JAIL          waits until the jail runs
 *   door-client SOCKET stop JAIL           waits until it has ended
 *   door-client SOCKET enter JAIL PROGRAM  runs PROGRAM inside and waits until it has ended
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int connect_to(const char *path) {
    int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (door < 0 || strlen(path) >= sizeof(address.sun_path)) {
        fail("socket");
    }
    strcpy(address.sun_path, path);
    if (connect(door, (struct sockaddr *)&address, sizeof(address)) != 0) {
        fail(path);
    }
    return door;
}

/* A frame: 32-bit length, then JSON. */
static void send_frame(int door, const char *json) {
    uint32_t length = htonl((uint32_t)strlen(json));
    if (write(door, &length, 4) != 4 || write(door, json, strlen(json)) != (ssize_t)strlen(json)) {
        fail("write");
    }
}

/* Reads one frame; a descriptor that came with it is left in *ret_fd. */
static void read_frame(int door, char *buffer, size_t size, int *ret_fd) {
    size_t have = 0;
    *ret_fd = -1;
    while (have < 4 || have < 4 + ntohl(*(uint32_t *)buffer)) {
        char control[CMSG_SPACE(sizeof(int) * 8)];
        struct iovec part = {buffer + have, size - 1 - have};
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof(control)};
        ssize_t got = recvmsg(door, &message, MSG_CMSG_CLOEXEC);
        if (got <= 0) {
            fail("the broker closed the door");
        }
        have += (size_t)got;
        struct cmsghdr *passed = CMSG_FIRSTHDR(&message);
        if (passed != NULL && passed->cmsg_type == SCM_RIGHTS) {
            memcpy(ret_fd, CMSG_DATA(passed), sizeof(int));
        }
    }
    buffer[have] = '\0';
    if (strstr(buffer + 4, "\"ok\":true") == NULL) {
        fprintf(stderr, "%s\n", buffer + 4);
        exit(1);
    }
}

/* The session socket tells "exited" with a code, or something else that counts as a failure here.
 */
static int wait_for_end(int session) {
    char message[65536];
    for (;;) {
        ssize_t got = recv(session, message, sizeof(message), 0);
        if (got <= 0) {
            fail("the session ended without a word");
        }
        if (memmem(message, (size_t)got, "exited", 6) != NULL) {
            return 0;
        }
        if (memmem(message, (size_t)got, "started", 7) == NULL) {
            fprintf(stderr, "%.*s\n", (int)got, message);
            return 1;
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fputs("usage: door-client SOCKET start|stop|enter JAIL [PROGRAM]\n", stderr);
        return 2;
    }
    char request[1024];
    static char reply[262144];
    int session = -1;
    int door = connect_to(argv[1]);
    if (strcmp(argv[2], "enter") == 0 && argc == 5) {
        snprintf(request, sizeof(request),
                 "{\"v\":1,\"id\":1,\"request\":\"admin-open-session\",\"jail\":\"%s\",\"user\":\"root\","
                 "\"argv\":[\"%s\"],\"environment\":[]}",
                 argv[3], argv[4]);
    } else {
        snprintf(request, sizeof(request), "{\"v\":1,\"id\":1,\"request\":\"%s\",\"jail\":\"%s\"}",
                 argv[2], argv[3]);
    }
    send_frame(door, request);
    read_frame(door, reply, sizeof(reply), &session);
    return session < 0 ? 0 : wait_for_end(session);
}
