/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenSSL follows the chain and calls back for each thing that it dislikes; here
 * is decided what of that is wrong.
 *
 * From a certificate alone nobody can tell whether a root signed it, which
 * clients have, or somebody between, whose certificate must be sent.  Only one
 * that names the issuer of its issuer says it.  So one without a chain is refused
 * where nothing speaks for it: most who forgot the chain find out now, and
 * an administrator with an authority of their own names its root. */
#include "config.h"

#include "util/tls_chain.h"

#include <stdbool.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "util/clock.h"

#define MISSING                                                              \
    "the certificate of who signed it is not in the file, nor known to the " \
    "system: append it, or set tls-roots"

struct judgement {
    const char *wrong; /* NULL: nothing */
    char whose[80];
    int depth; /* 0 is the server's own */
    bool has_roots;
};

/* --- who signed --- */

enum issuer {
    ISSUER_ROOT, /* self-signed */
    ISSUER_BETWEEN,
    ISSUER_UNKNOWN
};

/* By the name of the issuer's issuer, where it is there. */
static enum issuer
issuer_of(X509 *cert)
{
    AUTHORITY_KEYID *id =
        X509_get_ext_d2i(cert, NID_authority_key_identifier, NULL, NULL);
    enum issuer found = ISSUER_UNKNOWN;

    for (int i = 0; id != NULL && i < sk_GENERAL_NAME_num(id->issuer); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(id->issuer, i);

        if (name->type == GEN_DIRNAME)
            found = X509_NAME_cmp(name->d.directoryName,
                                  X509_get_issuer_name(cert)) == 0
                        ? ISSUER_ROOT
                        : ISSUER_BETWEEN;
    }
    AUTHORITY_KEYID_free(id);
    return found;
}

static bool
is_missing(const struct judgement *j, X509 *cert, int depth)
{
    switch (cert != NULL ? issuer_of(cert) : ISSUER_UNKNOWN) {
    case ISSUER_ROOT:
        return j->has_roots;
    case ISSUER_BETWEEN:
        return true;
    case ISSUER_UNKNOWN:
        break;
    }
    return j->has_roots || depth == 0;
}

/* --- what is wrong --- */

/* NULL: not our matter, for example an unknown self-signed certificate. */
static const char *
wrong_with(const struct judgement *j, int error, X509 *cert, int depth)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "it has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "it is not valid yet (or this machine's clock is wrong)";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        return is_missing(j, cert, depth) ? MISSING : NULL;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return j->has_roots ? "this root in it is not one of tls-roots, nor "
                              "known to the system"
                            : NULL;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return "its signature does not fit who signed it";
    default:
        return NULL;
    }
}

/* The first that matters is kept, and OpenSSL goes on with the others. */
static int
on_verify(int ok, X509_STORE_CTX *vc)
{
    struct judgement *j = X509_STORE_CTX_get_app_data(vc);
    X509 *cert = X509_STORE_CTX_get_current_cert(vc);
    int depth = X509_STORE_CTX_get_error_depth(vc);
    const char *wrong;

    if (ok || j->wrong != NULL)
        return 1;
    wrong = wrong_with(j, X509_STORE_CTX_get_error(vc), cert, depth);
    if (wrong == NULL)
        return 1;
    j->wrong = wrong;
    j->depth = depth;
    if (cert != NULL)
        X509_NAME_oneline(X509_get_subject_name(cert), j->whose,
                          sizeof j->whose);
    return 1;
}

/* The system's, and ours. */
static X509_STORE *
known_roots(STACK_OF(X509) * roots)
{
    X509_STORE *store = X509_STORE_new();

    if (store == NULL || X509_STORE_set_default_paths(store) != 1) {
        X509_STORE_free(store);
        return NULL;
    }
    for (int i = 0; i < sk_X509_num(roots); i++)
        X509_STORE_add_cert(store, sk_X509_value(roots, i));
    return store;
}

static void
judge(X509 *cert, STACK_OF(X509) * chain, STACK_OF(X509) * roots,
      struct judgement *j)
{
    X509_STORE *store = known_roots(roots);
    X509_STORE_CTX *vc = X509_STORE_CTX_new();

    if (store != NULL && vc != NULL &&
        X509_STORE_CTX_init(vc, store, cert, chain) == 1) {
        X509_STORE_CTX_set_app_data(vc, j);
        X509_STORE_CTX_set_verify_cb(vc, on_verify);
        X509_STORE_CTX_set_time(vc, 0, clock_now() / CLOCK_SECOND);
        X509_verify_cert(vc);
    }
    ERR_clear_error();
    X509_STORE_CTX_free(vc);
    X509_STORE_free(store);
}

int
tls_chain_check(X509 *cert, STACK_OF(X509) * chain, STACK_OF(X509) * roots,
                const char *file, struct errbuf *err)
{
    struct judgement j = {.has_roots = roots != NULL};

    judge(cert, chain, roots, &j);
    if (j.wrong == NULL)
        return 0;
    return err_set(err, "the certificate %.60s%s%.70s: %s",
                   j.depth > 0 ? j.whose : "", j.depth > 0 ? " in " : "", file,
                   j.wrong);
}
