/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_INQUIRY_H
#define CLIENTS_BRIDGE_INQUIRY_H

struct call;

/* XML that is posted to /XIMSSLogin/: what somebody who has not logged in asks
 * for (protocol.md B.1). */
void inquiry_call(struct call *c);

#endif
