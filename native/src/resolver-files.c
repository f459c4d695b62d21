#include <errno.h>
#include <string.h>
#include <strings.h>

#include "resolver.h"

#define DNS_PORT 53
#define TIMEOUT_S 2
#define TIMEOUT_MAX_S 10
#define ATTEMPTS 2
#define ATTEMPTS_MAX 5
#define DOTS_MAX 15

/* Cuts the next line off the text, without what follows a comment sign. */
static bool next_line(struct span *text, struct span *ret_line) {
    if (text->len == 0)
        return false;
    const char *end = memchr(text->data, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->data);
    *ret_line = (struct span){.data = text->data, .len = len};
    text->data += len + (end != NULL);
    text->len -= len + (end != NULL);
    for (size_t i = 0; i < len; i++)
        if (ret_line->data[i] == '#' || ret_line->data[i] == ';') {
            ret_line->len = i;
            break;
        }
    return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* Cuts the next word off the line; false when it is empty or does not fit. */
static bool next_word(struct span *line, char ret_word[RESOLVER_NAME_MAX]) {
    while (line->len > 0 && is_blank(line->data[0])) {
        line->data++;
        line->len--;
    }
    size_t len = 0;
    while (len < line->len && !is_blank(line->data[len]))
        len++;
    struct span word = {.data = line->data, .len = len};
    line->data += len;
    line->len -= len;
    return len > 0 && span_text(word, ret_word, RESOLVER_NAME_MAX) == 0;
}

static void add_server(struct dns_client *client, const char *text) {
    struct address address;
    if (client->n_servers == DNS_SERVERS_MAX || address_parse(text, &address) != 1)
        return;
    address_resolve_unspecified(&address);
    address_set_port(&address, DNS_PORT);
    client->servers[client->n_servers++] = address;
}

static unsigned option_value(const char *text, unsigned min, unsigned max) {
    uint64_t number;
    struct span span = {.data = text, .len = strlen(text)};
    if (span_number(span, &number) < 0 || number < min)
        return min;
    return number > max ? max : (unsigned)number;
}

static void apply_option(struct resolver_settings *settings, const char *word) {
    if (strncmp(word, "ndots:", 6) == 0)
        settings->dots = option_value(word + 6, 0, DOTS_MAX);
    else if (strncmp(word, "timeout:", 8) == 0)
        settings->client.timeout_ms = option_value(word + 8, 1, TIMEOUT_MAX_S) * 1000u;
    else if (strncmp(word, "attempts:", 9) == 0)
        settings->client.attempts = option_value(word + 9, 1, ATTEMPTS_MAX);
}

static void apply_line(struct resolver_settings *settings, struct span line) {
    char word[RESOLVER_NAME_MAX];
    if (!next_word(&line, word))
        return;
    bool search = strcmp(word, "search") == 0 || strcmp(word, "domain") == 0;
    bool server = strcmp(word, "nameserver") == 0;
    bool options = strcmp(word, "options") == 0;
    if (search)
        settings->n_search = 0; /* the last such line counts */
    while (next_word(&line, word)) {
        if (server)
            add_server(&settings->client, word);
        else if (options)
            apply_option(settings, word);
        else if (search && settings->n_search < RESOLVER_SEARCH_MAX)
            memcpy(settings->search[settings->n_search++], word, sizeof word);
    }
}

void resolver_parse_settings(const char *text, size_t len, struct resolver_settings *ret_settings) {
    struct span rest = {.data = text, .len = len};
    struct span line;
    *ret_settings = (struct resolver_settings){.dots = 1};
    ret_settings->client.timeout_ms = TIMEOUT_S * 1000;
    ret_settings->client.attempts = ATTEMPTS;
    while (next_line(&rest, &line))
        apply_line(ret_settings, line);
    if (ret_settings->client.n_servers == 0)
        add_server(&ret_settings->client, "127.0.0.1");
}

void resolver_parse_hosts(const char *text, size_t len, const char *name,
                          struct address_list *list) {
    struct span rest = {.data = text, .len = len};
    struct span line;
    char word[RESOLVER_NAME_MAX];
    while (next_line(&rest, &line)) {
        struct address address;
        if (!next_word(&line, word) || address_parse(word, &address) != 1)
            continue;
        while (next_word(&line, word))
            if (strcasecmp(word, name) == 0)
                address_add(list, &address);
    }
}
