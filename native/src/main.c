/* jail-keeper: everything of jaild that runs as the host's root and touches jails. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "filter.h"
#include "host.h"
#include "process.h"
#include "tree.h"

#define EXIT_USAGE 2

static int version_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    puts("jail-keeper " KEEPER_VERSION);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand */
} commands[] = {
    {"host", host_main},     {"files", files_main},     {"tree", tree_main},
    {"filter", filter_main}, {"version", version_main},
};

int main(int argc, char **argv) {
    process_title_init(argc, argv);
    if (argc >= 2 && strcmp(argv[1], "host") == 0) {
        signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error to report, not a death */
        host_reexecute(argv);
    }
    for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "usage: jail-keeper host|files|tree|filter|version ...\n");
    return EXIT_USAGE;
}
