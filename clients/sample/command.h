/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_SAMPLE_COMMAND_H
#define CLIENTS_SAMPLE_COMMAND_H

struct ximss_alert;

/* Commands that are run for alerts, at most 16 at once. */

/* Runs a command (words apart by blanks; the first one is sought in PATH) with
 * the alert's text on its standard input, and ALERT_ID, ALERT_SCOPE,
 * ALERT_SEVERITY, ALERT_TIME, ALERT_UNTIL (ISO 8601, in this machine's zone; ""
 * if it has no end), ALERT_BYTES (the text's length) and ALERT_TEXT (as much of
 * the text as there is room for, at most 64 KiB) in its environment.  Waits only
 * if too many are running.  0, or an errno: it could not be run. */
int command_run(const char *command, const struct ximss_alert *a);

/* Collects those that have ended; returns how many still run. */
unsigned command_reap(void);

/* Waits for all. */
void command_wait(void);

#endif
