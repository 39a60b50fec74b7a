/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/configuration.h"

#include <arpa/inet.h>
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/base/config_table.h"

Suite *configuration_suite(void);

static char *
source_path(const char *name)
{
    const char *dir = getenv("srcdir");

    return xasprintf("%s/%s", dir != NULL ? dir : ".", name);
}

static char *
file_text(const char *path)
{
    struct buf b = {0};
    FILE *f = fopen(path, "r");
    int c;

    ck_assert_msg(f != NULL, "%s cannot be read", path);
    while ((c = fgetc(f)) != EOF)
        buf_append_char(&b, (char)c);
    fclose(f);
    buf_cstr(&b);
    return buf_take(&b);
}

static char *
printed(const struct config *c)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    if (c != NULL)
        config_print(f, c);
    else
        config_table_print_sample(&config_table, f);
    fclose(f);
    return text;
}

/* As a line of its own. */
static bool
has_line(const char *text, const char *line, size_t len)
{
    for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
        if (*p == '\n')
            p++;
        if (strncmp(p, line, len) == 0 && p[len] == '\n')
            return true;
    }
    return false;
}

/* The samples in tests/data/config: "#! ERROR" in the first line of a bad one
 * is what is said behind "FILE:"; each "#= LINE" of a good one is a line of the
 * effective values. */
static void
sample_bad(const char *path, const char *text)
{
    struct errbuf err = {""};
    struct config *c = config_load(path, &err);
    size_t len = strcspn(text, "\n");
    const char *between = text[3] >= '0' && text[3] <= '9' ? "" : " ";
    char *expected =
        xasprintf("%s:%s%.*s", path, between, (int)len - 3, text + 3);

    ck_assert_msg(c == NULL, "%s was accepted", path);
    ck_assert_str_eq(err.text, expected);
    free(expected);
}

static void
sample_good(const char *path, const char *text)
{
    struct errbuf err = {""};
    struct config *c = config_load(path, &err);
    char *values;

    ck_assert_msg(c != NULL, "%s", err.text);
    values = printed(c);
    for (const char *p = text; (p = strstr(p, "#= ")) != NULL;) {
        size_t len = strcspn(p += 3, "\n");

        ck_assert_msg(has_line(values, p, len), "%s: no line \"%.*s\"", path,
                      (int)len, p);
    }
    free(values);
    config_free(&c);
}

START_TEST(reads_the_samples)
{
    char *pattern = source_path("tests/data/config/*.conf");
    glob_t found;
    size_t bad = 0;

    ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *text = file_text(found.gl_pathv[i]);

        if (!WITH_PAM && strstr(found.gl_pathv[i], "/good-pam") != NULL)
            text[0] = '\0'; /* refused, without PAM */
        if (strncmp(text, "#! ", 3) == 0) {
            sample_bad(found.gl_pathv[i], text);
            bad++;
        } else {
            sample_good(found.gl_pathv[i], text);
        }
        free(text);
    }
    ck_assert_uint_ge(bad, 30);
    ck_assert_uint_ge(found.gl_pathc - bad, 5);
    globfree(&found);
    free(pattern);
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
    struct errbuf err = {""};

    ck_assert_ptr_null(config_load("/nonexistent/x.conf", &err));
    ck_assert_str_eq(err.text, "/nonexistent/x.conf: No such file or "
                               "directory");
    ck_assert_ptr_null(config_load("/", &err));
    ck_assert_str_eq(err.text, "/: Is a directory");
    ck_assert_ptr_null(config_load("/dev/zero", &err));
    ck_assert_str_eq(err.text, "/dev/zero: this is not a configuration file");
}
END_TEST

START_TEST(has_sane_defaults)
{
    struct errbuf err = {""};
    struct config *c = config_load(NULL, &err);

    ck_assert_msg(c != NULL, "%s", err.text);
    ck_assert_str_eq(c->store, LOCALSTATEDIR "/lib/ximssd");
    ck_assert_str_eq(c->control_socket,
                     LOCALSTATEDIR "/lib/ximssd/control.sock");
    ck_assert_uint_eq(c->listen.count, 1);
    ck_assert_ptr_null(c->listen.items[0].host);
    ck_assert_uint_eq(c->listen.items[0].port, 11024);
    ck_assert_uint_eq(c->listen_tls.count, 0);
    ck_assert_int_eq(c->log_level, LOG_INFO_);
    ck_assert_int_eq(c->tls_min_version, CONFIG_TLS_1_2);
    ck_assert_uint_eq(c->message_bytes, 1 << 20);
    ck_assert_uint_eq(c->message_bytes_before_login, 16 << 10);
    ck_assert_uint_eq(c->alert_bytes, 4096);
    ck_assert_int_eq(c->login_timeout, 60 * CLOCK_SECOND);
    ck_assert_int_eq(c->idle_timeout, 600 * CLOCK_SECOND);
    ck_assert_int_eq(c->settle_time, 5 * CLOCK_SECOND);
    ck_assert_int_eq(c->lifetime_server, 0);
    ck_assert(!c->clear_passwords_without_tls);
    config_free(&c);
    ck_assert_ptr_null(c);
    config_free(&c);
}
END_TEST

START_TEST(reads_back_what_it_prints)
{
    char *path = source_path("tests/data/config/good-all.conf");
    char name[] = "config-test.XXXXXX";
    struct errbuf err = {""};
    struct config *c = config_load(path, &err), *again;
    char *first, *second;
    FILE *f;
    int fd = mkstemp(name);

    ck_assert_int_ge(fd, 0);
    ck_assert_msg(c != NULL, "%s", err.text);
    f = fdopen(fd, "w");
    config_print(f, c);
    fclose(f);
    again = config_load(name, &err);
    remove(name);
    ck_assert_msg(again != NULL, "%s", err.text);
    first = printed(c);
    second = printed(again);
    ck_assert_str_eq(first, second);
    free(first);
    free(second);
    free(path);
    config_free(&c);
    config_free(&again);
}
END_TEST

START_TEST(command_line_goes_first)
{
    static const struct config_override o[] = {
        {"store", "/srv/other"},
        {"listen", "127.0.0.1:0"},
        {"listen", "[::1]:0"},
        {"workers", "7"},
    };
    char *path = source_path("tests/data/config/good-all.conf");
    struct errbuf err = {""};
    struct config *c = config_load_with(path, o, 4, &err);

    ck_assert_msg(c != NULL, "%s", err.text);
    ck_assert_str_eq(c->store, "/srv/other");
    ck_assert_str_eq(c->control_socket, "/srv/other/control.sock");
    ck_assert_uint_eq(c->listen.count, 2);
    ck_assert_str_eq(c->listen.items[0].host, "127.0.0.1");
    ck_assert_str_eq(c->listen.items[1].host, "::1");
    ck_assert_uint_eq(c->workers, 7);
    ck_assert_int_eq(c->log_level, LOG_WARN_);
    config_free(&c);
    free(path);
}
END_TEST

START_TEST(command_line_errors_say_so)
{
    struct config_override o = {"workers", "many"};
    struct errbuf err = {""};

    ck_assert_ptr_null(config_load_with(NULL, &o, 1, &err));
    ck_assert_str_eq(err.text, "command line: workers: \"many\" is not "
                               "allowed; it takes a number from 0 to 256");
    o.key = "wrokers";
    ck_assert_ptr_null(config_load_with(NULL, &o, 1, &err));
    ck_assert_str_eq(err.text, "command line: wrokers: there is no such key");
}
END_TEST

START_TEST(knows_what_a_reload_cannot_change)
{
    static const struct config_override o[] = {
        {"workers", "7"},
        {"log-level", "debug"},
        {"listen", "127.0.0.1:1"},
        {"idle-timeout", "3m"},
    };
    struct config *running = config_load(NULL, NULL);
    struct config *loaded = config_load_with(NULL, o, 4, NULL);
    struct buf keys = {0};

    ck_assert(!config_changed_needs_restart(running, running, &keys));
    ck_assert_str_eq(buf_cstr(&keys), "");
    ck_assert(config_changed_needs_restart(running, loaded, &keys));
    ck_assert_str_eq(buf_cstr(&keys), "workers, listen");
    config_keep_running(loaded, running);
    buf_clear(&keys);
    ck_assert(!config_changed_needs_restart(running, loaded, &keys));
    ck_assert_uint_eq(loaded->workers, 0);
    ck_assert_uint_eq(loaded->listen.count, 1);
    ck_assert_ptr_null(loaded->listen.items[0].host);
    ck_assert_int_eq(loaded->log_level, LOG_DEBUG_);
    ck_assert_int_eq(loaded->idle_timeout, 180 * CLOCK_SECOND);
    config_free(&running);
    config_free(&loaded);
    buf_clear(&keys);
}
END_TEST

static const struct {
    const char *net;
    const char *address;
    bool trusted;
} nets[] = {
    {"192.0.2.7", "192.0.2.7", true},
    {"192.0.2.7", "192.0.2.6", false},
    {"10.0.0.0/8", "10.255.0.1", true},
    {"10.0.0.0/8", "11.0.0.1", false},
    {"10.0.0.0/9", "10.127.0.1", true},
    {"10.0.0.0/9", "10.128.0.1", false},
    {"0.0.0.0/0", "203.0.113.9", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"::/0", "2001:db8::1", true},
    {"2001:db8::/33", "2001:db8:7fff::1", true},
    {"2001:db8::/33", "2001:db8:8000::1", false},
    {"192.0.2.0/24", "::ffff:192.0.2.9", true},
    {"::1", "::1", true},
    {"::1", "127.0.0.1", false},
};

START_TEST(trusts_the_addresses_named)
{
    const struct config_override o = {"trusted-addresses", nets[_i].net};
    struct config *c = config_load_with(NULL, &o, 1, NULL);
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const void *address = &v4;

    if (inet_pton(AF_INET, nets[_i].address, &v4.sin_addr) != 1) {
        ck_assert_int_eq(inet_pton(AF_INET6, nets[_i].address, &v6.sin6_addr),
                         1);
        address = &v6;
    }
    ck_assert_ptr_nonnull(c);
    ck_assert_msg(config_is_trusted(c, address) == nets[_i].trusted,
                  "row %d: %s in %s", _i, nets[_i].address, nets[_i].net);
    config_free(&c);
}
END_TEST

START_TEST(trusts_nobody_by_default)
{
    struct config *c = config_load(NULL, NULL);
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr local = {.sa_family = AF_UNIX};

    ck_assert(!config_is_trusted(c, (const struct sockaddr *)&v4));
    ck_assert(!config_is_trusted(c, &local));
    config_free(&c);
}
END_TEST

/* Replaces each `from` in the text, which is freed. */
static char *
replace_all(char *text, const char *from, const char *to)
{
    struct buf b = {0};
    const char *p = text, *hit;

    for (; (hit = strstr(p, from)) != NULL; p = hit + strlen(from)) {
        buf_append(&b, p, (size_t)(hit - p));
        buf_append_str(&b, to);
    }
    buf_append_str(&b, p);
    free(text);
    buf_cstr(&b);
    return buf_take(&b);
}

static char *
sample_text(void)
{
    char *text = printed(NULL);

    return strcmp(LOCALSTATEDIR, "/var") == 0
               ? text
               : replace_all(text, "\"" LOCALSTATEDIR "/", "\"/var/");
}

START_TEST(the_sample_is_what_the_table_says)
{
    char *path = source_path("dist/ximssd.conf");
    char *is = file_text(path), *should = sample_text();

    if (strcmp(is, should) != 0) {
        FILE *f = fopen("ximssd.conf.new", "w");

        ck_assert_ptr_nonnull(f);
        fputs(should, f);
        fclose(f);
        ck_abort_msg("%s is not what the table of keys says; ximssd.conf.new "
                     "is: copy it there",
                     path);
    }
    free(path);
    free(is);
    free(should);
}
END_TEST

/* Each "#key = default" of the sample is an item of ximssd.conf(5), with the
 * same default. */
START_TEST(the_manual_has_every_key)
{
    char *path = source_path("doc/man/ximssd.conf.5");
    char *manual = file_text(path), *sample = sample_text(), *next;
    size_t n = 0;

    sample =
        replace_all(replace_all(sample, "\"", "\\(dq"), " = ", " No = Li ");
    for (char *line = sample; line != NULL; line = next) {
        char *item;

        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (line[0] != '#' || line[1] == ' ')
            continue;
        item = xasprintf(".It Cm %s", line + 1);
        ck_assert_msg(has_line(manual, item, strlen(item)),
                      "%s has no line \"%s\"", path, item);
        free(item);
        n++;
    }
    ck_assert_uint_eq(n, config_table.n_rows);
    free(path);
    free(manual);
    free(sample);
}
END_TEST

Suite *
configuration_suite(void)
{
    Suite *s = suite_create("configuration");
    TCase *t = tcase_create("configuration");

    tcase_add_test(t, reads_the_samples);
    tcase_add_test(t, refuses_what_is_no_file);
    tcase_add_test(t, has_sane_defaults);
    tcase_add_test(t, reads_back_what_it_prints);
    tcase_add_test(t, command_line_goes_first);
    tcase_add_test(t, command_line_errors_say_so);
    tcase_add_test(t, knows_what_a_reload_cannot_change);
    tcase_add_loop_test(t, trusts_the_addresses_named, 0,
                        sizeof nets / sizeof nets[0]);
    tcase_add_test(t, trusts_nobody_by_default);
    tcase_add_test(t, the_sample_is_what_the_table_says);
    tcase_add_test(t, the_manual_has_every_key);
    suite_add_tcase(s, t);
    return s;
}
