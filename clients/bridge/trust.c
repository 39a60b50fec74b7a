/* SPDX-License-Identifier: BSD-2-Clause */
/* ximssd may start later than the bridge, and may change its mind when its
 * configuration is read again; so it is asked until it answers, and along with
 * each listFeatures. */
#include "config.h"

#include "clients/bridge/trust.h"

#include <string.h>

#include <event2/event.h>

#include "clients/bridge/ask.h"
#include "clients/bridge/bridge.h"
#include "util/clock.h"
#include "util/log.h"
#include "ximss/proto/xml_parse.h"

#define RETRY   2           /* seconds */
#define SOMEONE "192.0.2.1" /* an address for documents; nobody has it */

static const struct xml_attr attrs[] = {{"id", "client"}};
const struct xml_elem trust_request = {
    .name = "readClient", .attrs = attrs, .n_attrs = 1, .text = ""};

void
trust_learn(struct bridge *b, const struct xml_elem *answer)
{
    const char *believed = xml_attr(answer, "believed");
    enum trust_state state =
        believed != NULL && strcmp(believed, "yes") == 0 ? TRUST_YES : TRUST_NO;

    if (state == b->trust.state)
        return;
    b->trust.state = state;
    if (state == TRUST_YES)
        log_info("ximssd trusts this bridge: its limits and log lines refer "
                 "to the browsers' addresses, CRAM-MD5 is offered if a "
                 "domain has it, and XIMSS connections are passed on");
    else
        log_warn("ximssd does not trust this bridge: its limits and log "
                 "lines refer only to this machine's address, CRAM-MD5 is "
                 "not offered, and XIMSS connections are not passed on; on one "
                 "machine, set bridge-socket of ximssd and server-socket here "
                 "to one path; else add the address to trusted-addresses of "
                 "ximssd");
}

static void
on_answer(void *arg, const struct xml_elem *m, int worked)
{
    static const struct timeval retry = {RETRY, 0};
    struct bridge *b = arg;

    if (m != NULL) {
        if (strcmp(m->name, "client") == 0)
            trust_learn(b, m);
        return;
    }
    b->trust.ask = NULL;
    if (!worked)
        evtimer_add(&b->trust.timer, &retry);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct xml_elem request = trust_request;
    struct xml_elem root = {.name = "XIMSS", .text = "", .first = &request};
    struct bridge *b = arg;

    (void)fd;
    (void)what;
    if (b->trust.state == TRUST_UNKNOWN) /* else somebody else has asked */
        b->trust.ask = ask_start(b, &root, SOMEONE, on_answer, b);
}

void
trust_begin(struct bridge *b)
{
    evtimer_assign(&b->trust.timer, b->base, on_timer, b);
    on_timer(-1, 0, b);
}

void
trust_end(struct bridge *b)
{
    if (b->trust.timer.ev_base == NULL) /* it did not get so far */
        return;
    if (b->trust.ask != NULL)
        ask_cancel(b->trust.ask);
    event_del(&b->trust.timer);
}
