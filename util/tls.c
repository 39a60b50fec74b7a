/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/tls.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static int
fail(struct errbuf *err, const char *doing, const char *file)
{
    /* The first of them is the cause; the others say who passed it on. */
    unsigned long e = ERR_get_error();
    const char *text = ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e))
                                           : ERR_reason_error_string(e);

    ERR_clear_error();
    return err_set(err, "%s %s: %s", doing, file,
                   text != NULL ? text : "unknown error");
}

static int
load(SSL_CTX *ctx, const char *certificate, const char *key, struct errbuf *err)
{
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
        return fail(err, "reading the certificate", certificate);
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return fail(err, "reading the private key", key);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return fail(err, "matching the certificate with the private key", key);
    return 0;
}

struct ssl_ctx_st *
tls_server_context(const char *certificate, const char *key,
                   const char *min_version, struct errbuf *err)
{
    SSL_CTX *ctx;

    ERR_clear_error();
    ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL) {
        fail(err, "making a TLS context for", certificate);
        return NULL;
    }
    SSL_CTX_set_min_proto_version(
        ctx, strcmp(min_version, "1.3") == 0 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* Resumption by tickets only: nothing is kept here for a session. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
        fail(err, "choosing the ciphers for", certificate);
        SSL_CTX_free(ctx);
        return NULL;
    }
    if (load(ctx, certificate, key, err) < 0) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

struct ssl_ctx_st *
tls_context_ref(struct ssl_ctx_st *ctx)
{
    if (ctx != NULL)
        SSL_CTX_up_ref(ctx);
    return ctx;
}

void
tls_context_unref(struct ssl_ctx_st **ctx)
{
    SSL_CTX_free(*ctx);
    *ctx = NULL;
}
