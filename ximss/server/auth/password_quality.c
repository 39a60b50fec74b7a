/* SPDX-License-Identifier: BSD-2-Clause */
/* cracklib, to which libpwquality gives the password, keeps its state in static
 * variables: so there is a lock around it. */
#include "config.h"

#include "ximss/server/auth/password_quality.h"

#ifdef HAVE_PWQUALITY

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <pwquality.h>

#include "util/log.h"
#include "util/xmalloc.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The text of its error, with a small letter at the beginning. */
static void
take_text(int code, void *aux, struct errbuf *err)
{
    char text[PWQ_MAX_ERROR_MESSAGE_LEN];
    const char *said = pwquality_strerror(text, sizeof text, code, aux);

    if (strncmp(said, "The ", 4) == 0)
        err_set(err, "the %s", said + 4);
    else
        err_set(err, "%s", said);
}

/* cracklib has no other way to say it. */
static bool
is_without_dictionary(int code, const struct errbuf *err)
{
    return code == PWQ_ERROR_CRACKLIB_CHECK &&
           strstr(err->text, "error loading dictionary") != NULL;
}

static int
ask(pwquality_settings_t *settings, const char *clear, const char *name,
    struct errbuf *err)
{
    void *aux = NULL;
    int code = pwquality_check(settings, clear, NULL, name, &aux);

    if (code >= 0)
        return 0;
    take_text(code, aux, err);
    if (!is_without_dictionary(code, err))
        return -1;
    log_warn("new passwords are not looked up in a dictionary: %s", err->text);
    pwquality_set_int_value(settings, PWQ_SETTING_DICT_CHECK, 0);
    code = pwquality_check(settings, clear, NULL, name, &aux);
    if (code >= 0)
        return 0;
    take_text(code, aux, err);
    return -1;
}

static int
check(const char *clear, const char *name, struct errbuf *err)
{
    pwquality_settings_t *settings = pwquality_default_settings();
    void *aux = NULL;
    int r;

    if (settings == NULL)
        log_fatal("out of memory");
    r = pwquality_read_config(settings, NULL, &aux);
    if (r < 0) {
        take_text(r, aux, err);
        log_warn("the settings of libpwquality: %s", err->text);
    }
    /* password-min-length is the length. */
    pwquality_set_int_value(settings, PWQ_SETTING_MIN_LENGTH, 1);
    r = ask(settings, clear, name, err);
    pwquality_free_settings(settings);
    return r;
}

int
password_quality_check(const char *clear, const char *user, struct errbuf *err)
{
    char *name = xstrndup(user, strcspn(user, "@"));
    int r;

    pthread_mutex_lock(&lock);
    r = check(clear, name, err);
    pthread_mutex_unlock(&lock);
    free(name);
    return r;
}

#else

int
password_quality_check(const char *clear, const char *user, struct errbuf *err)
{
    (void)clear;
    (void)user;
    (void)err;
    return 0;
}

#endif
