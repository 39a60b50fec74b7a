/* SPDX-License-Identifier: BSD-2-Clause */
/* One thread, poll(2).  A place is taken from the start of a warden to its end,
 * which is after its answer: it may have to end what the check left.  Asks that
 * come meanwhile wait; there are never more than places, for the server waits
 * for answers.
 *
 * What waits holds passwords.  It is in memory that a fork does not inherit. */
#include "config.h"

#include "passdb/pam_master.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "passdb/pam_warden.h"
#include "util/clock.h"

/* How long the checks that are ended have for that, when the server is gone. */
#define END_US (2 * CLOCK_SECOND)

struct waiting {
    uint32_t id;
    size_t len;
    uint8_t packet[PAM_WIRE_MOST];
};

/* Not inherited. */
struct secrets {
    uint8_t packet[PAM_WIRE_MOST + 1]; /* what has come last */
    struct pam_wire_text text;
    struct waiting waiting[PAM_WIRE_PROCESSES];
};

struct place {
    struct pam_warden warden;
    uint32_t id;
    bool answered;
};

struct master {
    const struct pam_master_config *c;
    int socket;
    struct secrets *secrets;
    unsigned n_waiting;
    struct place places[PAM_WIRE_PROCESSES]; /* c->processes of them */
    unsigned n_running;
};

static int
complain(const char *doing)
{
    fprintf(stderr, "ximss-pam: %s: %s\n", doing, strerror(errno));
    return -1;
}

/* --- to the server --- */

static void
say(struct master *m, const struct pam_wire_message *what)
{
    uint8_t packet[PAM_WIRE_MOST];
    size_t len = pam_wire_write(what, packet);

    /* Whether it is gone is seen when reading. */
    while (send(m->socket, packet, len, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

static void
answer(struct master *m, uint32_t id, enum pam_wire_answer answer,
       const char *why)
{
    struct pam_wire_message a = {.type = PAM_WIRE_ANSWER, .id = id};

    a.u.answer.answer = answer;
    a.u.answer.why = why;
    say(m, &a);
}

/* --- places --- */

static struct place *
free_place(struct master *m)
{
    for (unsigned i = 0; i < m->c->processes; i++)
        if (m->places[i].warden.pid == 0)
            return &m->places[i];
    return NULL;
}

static void
start_check(struct master *m, uint32_t id, const uint8_t *packet, size_t len)
{
    struct place *p = free_place(m);

    if (pam_warden_start(&p->warden, &m->c->check, m->c->timeout, packet, len) <
        0) {
        answer(m, id, PAM_WIRE_AWAY, strerror(errno));
        return;
    }
    p->id = id;
    p->answered = false;
    m->n_running++;
}

static void
remove_waiting(struct master *m, unsigned i)
{
    struct waiting *w = m->secrets->waiting;

    m->n_waiting--;
    memmove(&w[i], &w[i + 1], (m->n_waiting - i) * sizeof *w);
    explicit_bzero(&w[m->n_waiting], sizeof *w);
}

static void
start_waiting(struct master *m)
{
    const struct waiting *first = &m->secrets->waiting[0];

    while (m->n_waiting > 0 && m->n_running < m->c->processes) {
        start_check(m, first->id, first->packet, first->len);
        remove_waiting(m, 0);
    }
}

/* Its warden said something, or has ended. */
static void
hear(struct master *m, struct place *p)
{
    struct pam_check_result r;
    ssize_t n = recv(p->warden.line, &r, sizeof r, 0);

    if (n == (ssize_t)sizeof r && !p->answered) {
        answer(m, p->id, r.answer, r.why);
        p->answered = true;
    }
    if (n > 0 || (n < 0 && errno == EINTR))
        return;
    if (!p->answered)
        answer(m, p->id, PAM_WIRE_AWAY, "the check ended without a result");
    pam_warden_clear(&p->warden);
    m->n_running--;
}

/* --- from the server --- */

static void
take_ask(struct master *m, uint32_t id, size_t len)
{
    struct secrets *s = m->secrets;
    struct waiting *w;

    if (m->n_waiting == m->c->processes) {
        answer(m, id, PAM_WIRE_BUSY, "more are asked for than was agreed");
        return;
    }
    w = &s->waiting[m->n_waiting++];
    w->id = id;
    w->len = len;
    memcpy(w->packet, s->packet, len);
}

/* The answer tells the server that the place is free: at once, or at its end. */
static void
take_cancel(struct master *m, uint32_t id)
{
    for (unsigned i = 0; i < m->c->processes; i++)
        if (m->places[i].warden.pid != 0 && m->places[i].id == id)
            pam_warden_stop(&m->places[i].warden);
    for (unsigned i = 0; i < m->n_waiting; i++)
        if (m->secrets->waiting[i].id == id) {
            remove_waiting(m, i);
            answer(m, id, PAM_WIRE_AWAY, "cancelled");
            return;
        }
}

static void
take_message(struct master *m, size_t len)
{
    struct secrets *s = m->secrets;
    struct pam_wire_message msg;

    if (pam_wire_read(s->packet, len, &msg, &s->text) < 0)
        fprintf(stderr, "ximss-pam: the server sent what is no message\n");
    else if (msg.type == PAM_WIRE_ASK)
        take_ask(m, msg.id, len);
    else if (msg.type == PAM_WIRE_CANCEL)
        take_cancel(m, msg.id);
    explicit_bzero(s->packet, sizeof s->packet);
    explicit_bzero(&s->text, sizeof s->text);
}

/* 1: go on; 0: the server is gone; -1: failed. */
static int
listen_once(struct master *m)
{
    struct secrets *s = m->secrets;
    ssize_t n = recv(m->socket, s->packet, sizeof s->packet, 0);

    if (n > 0)
        take_message(m, (size_t)n);
    else if (n == 0 || errno == ECONNRESET)
        return 0;
    else if (errno != EINTR && errno != EAGAIN)
        return complain("reading from the server");
    return 1;
}

/* --- the loop --- */

static int
turn(struct master *m, int wait_ms, bool listens)
{
    struct pollfd p[PAM_WIRE_PROCESSES + 1];
    unsigned n = m->c->processes;

    for (unsigned i = 0; i < n; i++)
        p[i] = (struct pollfd){
            .fd = m->places[i].warden.pid != 0 ? m->places[i].warden.line : -1,
            .events = POLLIN};
    p[n] = (struct pollfd){.fd = listens ? m->socket : -1, .events = POLLIN};
    if (poll(p, n + 1, wait_ms) < 0)
        return errno == EINTR ? 1 : complain("poll");
    for (unsigned i = 0; i < n; i++)
        if (p[i].revents != 0)
            hear(m, &m->places[i]);
    return p[n].revents != 0 ? listen_once(m) : 1;
}

static void
end_checks(struct master *m)
{
    int64_t deadline = clock_mono() + END_US, left;

    for (unsigned i = 0; i < m->c->processes; i++)
        if (m->places[i].warden.pid != 0)
            pam_warden_stop(&m->places[i].warden);
    while (m->n_running > 0 && (left = deadline - clock_mono()) > 0 &&
           turn(m, (int)(left / 1000) + 1, false) > 0)
        ;
}

static int
make_secrets(struct master *m)
{
    size_t size = sizeof *m->secrets;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return complain("mmap");
    m->secrets = p;
    if (madvise(p, size, MADV_WIPEONFORK) < 0 ||
        madvise(p, size, MADV_DONTDUMP) < 0)
        return complain("madvise");
    return 0;
}

int
pam_master_run(const struct pam_master_config *c, int socket)
{
    struct master m = {.c = c, .socket = socket};
    struct pam_wire_message hello = {.type = PAM_WIRE_HELLO};
    int r;

    if (make_secrets(&m) < 0)
        return -1;
    hello.u.version = PAM_WIRE_VERSION;
    say(&m, &hello);
    do {
        r = turn(&m, -1, true);
        start_waiting(&m);
    } while (r > 0);
    end_checks(&m);
    return r;
}
