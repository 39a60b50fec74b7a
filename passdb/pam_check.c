/* SPDX-License-Identifier: BSD-2-Clause */
/* The only file that knows PAM.  Modules ask by a conversation: what is not shown
 * when it is typed is the password, what is shown is the name, and what they
 * tell nobody reads. */
#include "config.h"

#include "passdb/pam_check.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TTY "ximssd" /* as sshd and others do: some modules want one */

/* NULL: nothing is answered. */
static const char *
answer_to(int style, const struct pam_wire_message *ask)
{
    if (style == PAM_PROMPT_ECHO_OFF)
        return ask->u.ask.password;
    if (style == PAM_PROMPT_ECHO_ON)
        return ask->u.ask.user;
    return NULL;
}

/* The module frees what it gets. */
static void
free_answers(struct pam_response *r, int n)
{
    for (int i = 0; i < n; i++)
        if (r[i].resp != NULL) {
            explicit_bzero(r[i].resp, strlen(r[i].resp));
            free(r[i].resp);
        }
    free(r);
}

static int
converse(int n, const struct pam_message **asked, struct pam_response **r_r,
         void *arg)
{
    struct pam_response *r;
    const char *text;

    if (n <= 0 || n > PAM_MAX_NUM_MSG)
        return PAM_CONV_ERR;
    r = calloc((size_t)n, sizeof *r);
    if (r == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < n; i++) {
        text = answer_to(asked[i]->msg_style, arg);
        if (text != NULL && (r[i].resp = strdup(text)) == NULL) {
            free_answers(r, i);
            return PAM_BUF_ERR;
        }
    }
    *r_r = r;
    return PAM_SUCCESS;
}

/* Whoever fails waits for the server's throttle, and keeps no process busy. */
static void
no_delay(int status, unsigned us, void *arg)
{
    (void)status;
    (void)us;
    (void)arg;
}

static enum pam_wire_answer
meaning_of(int status)
{
    switch (status) {
    case PAM_SUCCESS:
        return PAM_WIRE_OK;
    case PAM_AUTH_ERR:
    case PAM_MAXTRIES:
        return PAM_WIRE_WRONG;
    case PAM_USER_UNKNOWN:
        return PAM_WIRE_UNKNOWN;
    case PAM_ACCT_EXPIRED:
    case PAM_AUTHTOK_EXPIRED:
    case PAM_CRED_EXPIRED:
    case PAM_NEW_AUTHTOK_REQD:
    case PAM_PERM_DENIED:
        return PAM_WIRE_DISABLED;
    default:
        return PAM_WIRE_AWAY;
    }
}

static int
start(const struct pam_check_config *c, const char *user,
      const struct pam_conv *conv, pam_handle_t **h_r)
{
    if (c->directory == NULL)
        return pam_start(c->service, user, conv, h_r);
#ifdef HAVE_PAM_START_CONFDIR
    return pam_start_confdir(c->service, user, conv, c->directory, h_r);
#else
    return PAM_ABORT;
#endif
}

/* PAM_RUSER stays unset: nobody knows the user at the other end. */
static int
describe(pam_handle_t *h, const struct pam_wire_message *ask)
{
    union {
        void (*fn)(int, unsigned, void *);
        const void *item;
    } delay = {.fn = no_delay};
    int r = pam_set_item(h, PAM_TTY, TTY);

    if (r == PAM_SUCCESS && ask->u.ask.address[0] != '\0')
        r = pam_set_item(h, PAM_RHOST, ask->u.ask.address);
    if (r == PAM_SUCCESS)
        r = pam_set_item(h, PAM_FAIL_DELAY, delay.item);
    return r;
}

static void
set_result(struct pam_check_result *r, pam_handle_t *h, const char *step,
           int status)
{
    r->answer = meaning_of(status);
    if (status != PAM_SUCCESS)
        snprintf(r->why, sizeof r->why, "%s: %s", step,
                 pam_strerror(h, status));
}

/* A password that is right is not enough: an account may have expired. */
static int
ask_modules(pam_handle_t *h, const struct pam_wire_message *ask,
            struct pam_check_result *result)
{
    const int flags = PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK;
    const char *step = "pam_set_item";
    int r = describe(h, ask);

    if (r == PAM_SUCCESS) {
        step = "pam_authenticate";
        r = pam_authenticate(h, flags);
    }
    if (r == PAM_SUCCESS) {
        step = "pam_acct_mgmt";
        r = pam_acct_mgmt(h, flags);
    }
    set_result(result, h, step, r);
    return r;
}

void
pam_check_run(const struct pam_check_config *c,
              const struct pam_wire_message *ask, int to)
{
    union {
        const struct pam_wire_message *ask;
        void *data;
    } mine = {.ask = ask};
    const struct pam_conv conv = {converse, mine.data};
    struct pam_check_result result = {.answer = PAM_WIRE_AWAY};
    pam_handle_t *h = NULL;
    int r = start(c, ask->u.ask.user, &conv, &h);

    if (r == PAM_SUCCESS)
        r = ask_modules(h, ask, &result);
    else
        set_result(&result, NULL, "pam_start", r);
    if (write(to, &result, sizeof result) != (ssize_t)sizeof result)
        _exit(1);
    if (h != NULL)
        pam_end(h, r);
    _exit(0);
}
