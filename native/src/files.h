/* `jail-keeper files VERB`: work on a jail's own files, which are hostile. */
#ifndef JAILD_FILES_H
#define JAILD_FILES_H

/* Reads one request (fields, at most FIELDS_SPEC_MAX) from stdin, writes one reply to stdout;
 * argv[0] is "files", argv[1] the verb. The caller holds the jail's lock: the jail must not run.
 * Returns the exit status: 0 for ok=1, 1 for ok=0, 2 when the words or the request make no sense.
 */
int files_main(int argc, char **argv);

#endif
