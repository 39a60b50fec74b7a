/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_STREAM_H
#define CLIENTS_BRIDGE_STREAM_H

struct http_conn;
struct web_session;

/* Event streams (text/event-stream) of a web session. */

#define STREAMS_MOST 16 /* of one session: the oldest ends */
/* Bytes that wait for a stream's socket; with fewer, more is taken. */
#define STREAM_PULL_BELOW 16384

/* Answers a request with a stream.  last_id: what Last-Event-ID said, NULL if
 * it was not sent. */
void stream_begin(struct web_session *s, struct http_conn *h,
                  const char *last_id);

/* There are new messages. */
void stream_wake_all(struct web_session *s);
/* An event without id, for streams only. */
void stream_tell_all(struct web_session *s, const char *name, const char *xml);
void stream_end_all(struct web_session *s);

#endif
