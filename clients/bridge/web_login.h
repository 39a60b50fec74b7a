/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_WEB_LOGIN_H
#define CLIENTS_BRIDGE_WEB_LOGIN_H

struct call;

/* /XIMSSLogin/ in all its forms (protocol.md B.3, B.4): by parameters in the
 * query or a form, by Basic, by CRAM-MD5, by another session; and the XML
 * requests before a log-in. */
void web_login(struct call *c);

#endif
