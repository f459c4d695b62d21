/* What a jail that has really run leaves behind: counted, reset and removed. Needs root. */
#include "files-lab.h"
#include "jail-lab.h"

static struct lab lab;

/* Everything that the overlay marks: a file and a directory of the template gone, one replaced (so
 * opaque), one changed; and modes that shut their owner out. */
static int make_a_mess(void *unused) {
    (void)unused;
    CHECK(unlink("/etc/gone") == 0);
    CHECK(unlink("/opt/app/file") == 0 && rmdir("/opt/app") == 0 && mkdir("/opt/app", 0700) == 0);
    CHECK(unlink("/srv/x") == 0 && rmdir("/srv") == 0);
    lab_write("/etc/changed", "mine");
    CHECK(mkdir("/home", 0755) == 0 && mkdir("/home/alice", 0700) == 0);
    lab_write("/home/alice/notes", "notes");
    CHECK(chown("/home/alice/notes", 1000, 1000) == 0 && chown("/home/alice", 1000, 1000) == 0);
    CHECK(mkdir("/locked", 0700) == 0);
    lab_write("/locked/file", "x");
    CHECK(chmod("/locked/file", 0) == 0 && chmod("/locked", 0) == 0);
    CHECK(mkfifo("/fifo", 0) == 0 && symlink("/etc/shadow", "/link") == 0);
    CHECK(link("/etc/changed", "/etc/again") == 0);
    return 0;
}

static int sees_the_template_again(void *unused) {
    (void)unused;
    CHECK(lab_exists("/etc/gone") && lab_exists("/opt/app/file") && lab_exists("/srv/x"));
    CHECK_TEXT(lab_read("/etc/changed"), "template");
    CHECK_TEXT(lab_read("/home/alice/notes"), "notes"); /* kept */
    CHECK(!lab_exists("/locked") && !lab_exists("/fifo") && !lab_exists("/etc/again"));
    struct stat status;
    CHECK(stat("/home/alice", &status) == 0 && status.st_uid == 1000);
    return 0;
}

static void fill_template(void) {
    static const char *const dirs[] = {"opt", "opt/app", "srv"};
    static const char *const files[] = {"etc/gone", "etc/changed", "opt/app/file", "srv/x"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        CHECK(mkdir(lab_text("%s/tree/%s", lab.dir, dirs[i]), 0755) == 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        lab_write(lab_text("%s/tree/%s", lab.dir, files[i]), "template");
}

static void run_once(int (*probe)(void *)) {
    lab_start(&lab);
    CHECK(lab_inside(&lab, probe, NULL) == 0);
    lab_end(&lab, SIGKILL);
}

static int ask(const char *verb) {
    return files_run_plain(verb, lab_text("%s/jail", lab.dir), LAB_BASE);
}

static void reset_keeping_home(void) {
    struct fields_writer writer;
    fields_writer_growing(&writer, FIELDS_SPEC_MAX);
    fields_put_text(&writer, "dir", lab_text("%s/jail", lab.dir));
    fields_put_number(&writer, "base", LAB_BASE);
    fields_put_text(&writer, "keep", "home/alice");
    fields_put_text(&writer, "keep", "opt/none");
    CHECK(files_run_verb("reset", &writer) == 0);
}

int main(void) {
    lab_open(&lab);
    fill_template();
    CHECK(filter_prepare(&lab.failure) == 0);
    lab_begin(&lab, "standard", "none");
    run_once(make_a_mess);
    CHECK(ask("count") == 0 && atoi(reply_text("inodes")) >= 12);
    reset_keeping_home();
    run_once(sees_the_template_again);
    CHECK(ask("delete") == 0);
    CHECK(!lab_exists(lab_text("%s/jail/upper", lab.dir)));
    CHECK(!lab_exists(lab_text("%s/jail/work", lab.dir)));
    lab_close(&lab);
    return checks_end("test-files-jail");
}
