/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_MAILDIR_FIXTURE_H
#define TESTS_UNIT_MAILDIR_FIXTURE_H

/* A directory of the test's own, for Maildirs.  Paths are below it; a failure
 * ends the test. */
void maildir_fixture_setup(void);
void maildir_fixture_teardown(void);

/* The path of something in it; good until the fourth call from here. */
const char *maildir_fixture_path(const char *name);

void maildir_fixture_dir(const char *name); /* with its parents */
/* Writes a file of so much text, in place. */
void maildir_fixture_file(const char *name, const char *text);
void maildir_fixture_link(const char *name, const char *target);
/* Writes it beside, and renames it into its place, as Dovecot does. */
void maildir_fixture_replace(const char *name, const char *text);
void maildir_fixture_append(const char *name, const char *text);
void maildir_fixture_remove(const char *name); /* a file, or a whole tree */

#endif
