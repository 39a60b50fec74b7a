/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/web_cookie.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "clients/bridge/client.h"
#include "clients/bridge/random_text.h"
#include "util/buf.h"
#include "util/log.h"

void
web_cookie_make(struct web_cookie *k)
{
    random_text(k->value, sizeof k->value - 1);
}

enum web_cookie_right
web_cookie_check(const struct web_cookie *k, const struct http_conn *h,
                 const struct client *client)
{
    if (k->value[0] == '\0' || k->state == WEB_COOKIE_NEW ||
        client_has_cookie(h, WEB_COOKIE_NAME, k->value))
        return WEB_COOKIE_YES;
    if (k->state == WEB_COOKIE_SENT && strcmp(k->to, client->address) == 0)
        return WEB_COOKIE_LATER;
    return WEB_COOKIE_NO;
}

bool
web_cookie_is_shown(const struct web_cookie *k, const char *id,
                    const struct http_conn *h)
{
    char name[sizeof WEB_COOKIE_LOGIN + 20];

    if (k->value[0] == '\0' || k->state == WEB_COOKIE_NEW)
        return true; /* nobody has it */
    snprintf(name, sizeof name, WEB_COOKIE_LOGIN "%.*s", (int)strcspn(id, "-"),
             id);
    return client_has_cookie(h, WEB_COOKIE_NAME, k->value) ||
           client_has_cookie(h, name, k->value);
}

void
web_cookie_arrived(struct web_cookie *k)
{
    if (k->state == WEB_COOKIE_SENT)
        k->state = WEB_COOKIE_BOUND;
}

bool
web_cookie_is_open(const struct web_cookie *k)
{
    return k->value[0] != '\0' && k->state != WEB_COOKIE_BOUND;
}

void
web_cookie_hash(const uint64_t *number, const char *body, size_t len,
                uint8_t hash[WEB_COOKIE_HASH])
{
    const unsigned char is_numbered = number != NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(ctx, &is_numbered, 1) != 1 ||
        EVP_DigestUpdate(ctx, number, is_numbered ? sizeof *number : 0) != 1 ||
        EVP_DigestUpdate(ctx, body, len) != 1 ||
        EVP_DigestFinal_ex(ctx, hash, NULL) != 1)
        log_fatal("no SHA-256 from OpenSSL");
    EVP_MD_CTX_free(ctx);
}

void
web_cookie_sent(struct web_cookie *k, const char *address,
                const uint8_t hash[WEB_COOKIE_HASH])
{
    k->state = WEB_COOKIE_SENT;
    snprintf(k->to, sizeof k->to, "%s", address);
    memcpy(k->hash, hash, sizeof k->hash);
}

char *
web_cookie_header(const struct web_cookie *k, const char *id,
                  const char *attributes, bool secure)
{
    static const char usual[] = "/XIMSSLogin";
    const char *end = secure ? ";Secure" : "", *path = k->login_path;
    int n = (int)strcspn(id, "-");
    struct buf out = {0};

    buf_appendf(&out,
                "Set-Cookie: " WEB_COOKIE_NAME "=%s;%s"
                "Path=/Session/%s;HttpOnly;SameSite=Strict%s\r\n",
                k->value, attributes, id, end);
    for (const char *p = usual; p != NULL;
         p = p == usual && *path != '\0' && strcmp(path, usual) != 0 ? path
                                                                     : NULL)
        buf_appendf(&out,
                    "Set-Cookie: " WEB_COOKIE_LOGIN "%.*s=%s;%s"
                    "Path=%s;HttpOnly;SameSite=Strict%s\r\n",
                    n, id, k->value, attributes, p, end);
    return buf_take(&out);
}

char *
web_device_header(const char *token, const char *seconds, bool secure)
{
    struct buf out = {0};

    buf_appendf(&out,
                "Set-Cookie: " WEB_DEVICE_NAME "=%s;Max-Age=%s;"
                "Path=/XIMSSLogin;HttpOnly;SameSite=Strict%s\r\n",
                token, *token != '\0' ? seconds : "0", secure ? ";Secure" : "");
    return buf_take(&out);
}
