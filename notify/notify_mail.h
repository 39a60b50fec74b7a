/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTIFY_MAIL_H
#define NOTIFY_NOTIFY_MAIL_H

#include "notify/notify.h"
#include "notify/notify_child.h"

/* Notices by mail, which the machine's sendmail takes over. */

/* An address that can stand in a message as it is: NAME@DOMAIN in ASCII, the name
 * as RFC 5322 has it without quotes.  0 or -1. */
int notify_mail_check_address(const char *address,
                              struct errbuf *err) WARN_UNUSED;

/* Whether it can be sent: the addresses, the subject (UTF-8 without controls) and
 * the body (UTF-8).  0 or -1. */
int notify_mail_check(const struct notify_config *c,
                      const struct notify_notice *x,
                      struct errbuf *err) WARN_UNUSED;

/* Gives it to sendmail, after that check. */
int notify_mail_start(struct notify_child *child, const struct notify_config *c,
                      const struct notify_notice *x,
                      struct errbuf *err) WARN_UNUSED;

#endif
