/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_LIB_XIMSS_PRIVATE_H
#define CLIENTS_LIB_XIMSS_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/lib/dial.h"
#include "clients/lib/request.h"
#include "clients/lib/wire.h"
#include "clients/lib/ximss.h"
#include "util/arena.h"
#include "util/errbuf.h"
#include "ximss/proto/xml_parse.h"

/* The body of the object, for the files of this library.  ximss.c holds what
 * is set and asked; link.c the life of the connection; exchange.c its
 * messages; login.c the log-in; request.c the table of requests; alert.c alerts in and out; loop.c the ready
 * loop. */

struct sasl;

/* The finer view of enum ximss_state.  Written by link_set_phase alone. */
enum phase {
    PHASE_OFF,
    PHASE_CONNECTING,
    PHASE_HANDSHAKE,
    PHASE_STARTTLS, /* asked for TLS, no answer yet */
    PHASE_FEATURES, /* asked what is offered */
    PHASE_LOGIN,
    PHASE_READY,
    PHASE_BYE,
    PHASE_WAITING,
    PHASE_FAILED
};

struct settings {  /* strings: owned, may be NULL */
    bool bad_host; /* two ports, or none that one could be */
    char *host, *socket, *user, *password, *domain, *tls_name, *ca_file,
        *client_address, *ticket, *cram_challenge, *cram_answer, *session,
        *session_keys, *new_key, *session_note, *device, *device_name;
    enum ximss_session_mode session_mode;
    unsigned port, options;
    enum ximss_tls tls;
    enum ximss_method method;
    enum ximss_reconnect reconnect;
    size_t limit;
};

struct callbacks {
    ximss_state_cb *state;
    ximss_alert_cb *alert, *report;
    ximss_removed_cb *removed;
    ximss_bye_cb *bye;
    ximss_message_cb *message;
    ximss_watch_fd_cb *watch_fd;
    void *state_arg, *alert_arg, *report_arg, *removed_arg, *bye_arg,
        *message_arg, *watch_fd_arg;
};

#define XIMSS_REMEMBERED 256 /* alerts known as having come before */

struct ximss {
    struct settings set;
    struct callbacks on;

    enum phase phase;
    struct dial dial;
    struct wire wire;
    bool is_local; /* the peer is this machine */

    /* the log-in under way */
    struct sasl *sasl;  /* NULL: none */
    bool ticket_used;   /* it is by ticket */
    bool ticket_shared; /* the ticket is another object's */
    bool has_session;   /* the `session` data has come */
    unsigned offered;   /* bits: enum ximss_method */
    char **session;     /* names and values of the last `session`; owned */
    size_t n_session;   /* strings in it */

    struct request_table requests;
    unsigned long long last_id;

    /* times are clock_mono's; 0: not set */
    int64_t deadline;   /* of the phase, or of the answer to a keep-alive */
    int64_t keep_alive; /* when to send one */
    int64_t ready_since;
    unsigned attempts; /* reconnects since the last good session */
    bool was_ready;    /* a log-in has succeeded since ximss_start */

    enum ximss_status failure;
    int error_num;
    char *refusal; /* owned; NULL: none */
    struct errbuf err;

    struct xml_parser *parser;
    struct arena *arena; /* of the message that is being handled; else NULL */

    uint64_t remembered[XIMSS_REMEMBERED]; /* hashes of alerts, a ring */
    unsigned n_remembered;

    unsigned depth; /* of calls from outside that may call back */
    bool doomed;    /* ximss_free was called inside */
    int told_fd;    /* by on_watch_fd */
    unsigned told_wants;
};

#endif
