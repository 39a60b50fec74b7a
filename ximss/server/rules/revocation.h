/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_REVOCATION_H
#define XIMSS_SERVER_RULES_REVOCATION_H

/* Revocations: a lasting session, a device or a CLI token is ended by somebody
 * who must be sure that nobody is, or comes, in by it any more.
 *
 * The writer thread removes it from the store and counts that here, and only
 * then do the workers look for sessions that came by it.  A log-in that had
 * found it in the store may not be a session yet when its worker looks.  So
 * before it becomes one, it compares the count with what it was before the
 * store was read, and if they differ, it asks the store again. */

/* Revocations since the start.  Any thread. */
unsigned revocation_count(void);

/* One more, before the workers are told.  Several at once may be noted as one.
 * The writer thread. */
void revocation_note(void);

#endif
