/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/token.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define NONCE_BYTES 12
#define TAG_BYTES   16
#define MD5_BYTES   16

static void
random_bytes(void *out, size_t len)
{
    if (RAND_bytes(out, (int)len) != 1)
        log_fatal("no random bytes from OpenSSL");
}

/* --- the key --- */

void
token_key_init(struct token_key *k, const char *store, const char *path)
{
    *k = (struct token_key){0};
    k->path = *path != '\0' ? xstrdup(path) : xasprintf("%s/token.key", store);
}

void
token_key_clear(struct token_key *k)
{
    free(k->path);
    OPENSSL_cleanse(k, sizeof *k);
}

/* Its name is on the disk before anything is encrypted with it. */
static int
sync_directory(const char *path)
{
    char *copy = xstrdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd >= 0 ? fsync(fd) : -1;

    if (fd >= 0)
        close(fd);
    free(copy);
    return r;
}

/* Beside its place first, so that no half of one is ever there. */
static int
key_make(struct token_key *k, struct errbuf *err)
{
    char *temporary = xasprintf("%s.new", k->path);
    int fd;
    bool ok;

    unlink(temporary);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    random_bytes(k->bytes, sizeof k->bytes);
    ok = fd >= 0 &&
         write(fd, k->bytes, sizeof k->bytes) == (ssize_t)sizeof k->bytes &&
         fsync(fd) == 0;
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    /* Not over one that another has put there. */
    ok = ok && link(temporary, k->path) == 0 && sync_directory(k->path) == 0;
    if (!ok)
        err_set(err, "making the key of tokens, %s: %s", k->path,
                strerror(errno));
    unlink(temporary);
    free(temporary);
    k->loaded = ok;
    return ok ? 0 : -1;
}

static int
check_file(int fd, const char *path, struct errbuf *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_set(err, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size != TOKEN_KEY_BYTES)
        return err_set(err, "%s is not a key of tokens", path);
    if ((st.st_mode & 077) != 0)
        return err_set(err, "others may read %s: chmod it to 0600", path);
    return 0;
}

/* 0, 1: there is none, -1. */
static int
key_load(struct token_key *k, struct errbuf *err)
{
    int fd, r;

    if (k->loaded)
        return 0;
    fd = open(k->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return 1;
    if (fd < 0)
        return err_set(err, "opening %s: %s", k->path, strerror(errno));
    r = check_file(fd, k->path, err);
    if (r == 0 && read(fd, k->bytes, sizeof k->bytes) != sizeof k->bytes)
        r = err_set(err, "reading %s failed", k->path);
    close(fd);
    k->loaded = r == 0;
    return r;
}

/* --- sealing: nonce, ciphertext, tag --- */

/* What a sealed secret belongs to: it is worth nothing in another record. */
static char *
label(const struct token_rec *k)
{
    return xasprintf("%llu %llu %s", (unsigned long long)k->account,
                     (unsigned long long)k->id, k->name);
}

/* in to out, which is as long; tag is made, or must be right. */
static bool
encipher(const struct token_key *key, const struct token_rec *k, bool seal,
         uint8_t nonce[NONCE_BYTES], const uint8_t *in, uint8_t *out, int len,
         uint8_t tag[TAG_BYTES])
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    char *of = label(k);
    int n;
    bool ok;

    if (c == NULL)
        log_fatal("out of memory");
    ok = EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key->bytes, nonce,
                           seal) == 1 &&
         EVP_CipherUpdate(c, NULL, &n, (uint8_t *)of, (int)strlen(of)) == 1 &&
         EVP_CipherUpdate(c, out, &n, in, len) == 1 &&
         (seal ||
          EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1) &&
         EVP_CipherFinal_ex(c, out + len, &n) == 1 &&
         (!seal ||
          EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) == 1);
    EVP_CIPHER_CTX_free(c);
    free(of);
    return ok;
}

/* Letters and digits alone: clients put secrets into lines as they are. */
static void
make_secret(char secret[TOKEN_SECRET_SIZE])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t byte;

    for (size_t i = 0; i < TOKEN_SECRET_SIZE - 1;) {
        random_bytes(&byte, 1);
        if ((byte & 63) < sizeof digits - 1)
            secret[i++] = digits[byte & 63];
    }
    secret[TOKEN_SECRET_SIZE - 1] = '\0';
}

int
token_seal(struct token_key *key, struct token_rec *k,
           char secret[TOKEN_SECRET_SIZE], struct errbuf *err)
{
    const size_t len = TOKEN_SECRET_SIZE - 1;
    uint8_t *p;
    int r = key_load(key, err);

    if (r > 0)
        r = key_make(key, err);
    if (r < 0)
        return -1;
    make_secret(secret);
    k->sealed_len = NONCE_BYTES + len + TAG_BYTES;
    k->sealed = xmalloc(k->sealed_len);
    p = (uint8_t *)k->sealed;
    random_bytes(p, NONCE_BYTES);
    if (!encipher(key, k, true, p, (const uint8_t *)secret, p + NONCE_BYTES,
                  (int)len, p + NONCE_BYTES + len))
        log_fatal("encrypting a token failed");
    return 0;
}

static bool
unseal(const struct token_key *key, const struct token_rec *k,
       char secret[TOKEN_SECRET_SIZE])
{
    const size_t len = TOKEN_SECRET_SIZE - 1;
    uint8_t *p = (uint8_t *)k->sealed;

    secret[len] = '\0';
    return k->sealed_len == NONCE_BYTES + len + TAG_BYTES &&
           encipher(key, k, false, p, p + NONCE_BYTES, (uint8_t *)secret,
                    (int)len, p + NONCE_BYTES + len);
}

/* --- the tokens of an account --- */

struct reading {
    struct token_set *set;
    struct token_key *key;
    int64_t now;
};

static void
complain(struct token_key *key, const char *why)
{
    if (!key->told)
        log_warn("tokens cannot be used: %s", why);
    key->told = true;
}

static void
read_one(const struct token_rec *k, void *arg)
{
    struct reading *r = arg;
    struct errbuf err;
    struct token *to;
    int loaded;

    if (k->expires != 0 && k->expires <= r->now)
        return;
    loaded = key_load(r->key, &err);
    if (loaded != 0) {
        if (loaded > 0)
            err_set(&err, "their key, %s, is gone", r->key->path);
        complain(r->key, err.text);
        return;
    }
    r->set->item =
        xrealloc(r->set->item, (r->set->n + 1) * sizeof *r->set->item);
    to = &r->set->item[r->set->n];
    *to = (struct token){.id = k->id, .expires = k->expires};
    snprintf(to->name, sizeof to->name, "%s", k->name);
    if (unseal(r->key, k, to->secret))
        r->set->n++;
    else
        complain(r->key, "one was not made with the key that is there");
}

enum store_result
token_set_read(struct token_set *set, struct token_key *key,
               struct store_txn *t, uint64_t account, int64_t now,
               struct errbuf *err)
{
    struct reading r = {set, key, now};

    token_set_clear(set);
    return token_walk(t, account, read_one, &r, err);
}

void
token_set_clear(struct token_set *set)
{
    if (set->item != NULL)
        OPENSSL_cleanse(set->item, set->n * sizeof *set->item);
    free(set->item);
    *set = (struct token_set){0};
}

const struct token *
token_find_clear(const struct token_set *set, const char *password)
{
    const struct token *found = NULL;
    char given[TOKEN_SECRET_SIZE] = "";
    bool fits = strlen(password) == sizeof given - 1;

    if (fits)
        memcpy(given, password, sizeof given);
    for (size_t i = 0; i < set->n; i++)
        if (CRYPTO_memcmp(given, set->item[i].secret, sizeof given) == 0)
            found = &set->item[i];
    OPENSSL_cleanse(given, sizeof given);
    return fits ? found : NULL;
}

static void
md5_hex(const char *challenge, const char *secret, char out[2 * MD5_BYTES + 1])
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    uint8_t hash[MD5_BYTES];

    if (c == NULL || EVP_DigestInit_ex(c, EVP_md5(), NULL) != 1 ||
        EVP_DigestUpdate(c, challenge, strlen(challenge)) != 1 ||
        EVP_DigestUpdate(c, secret, strlen(secret)) != 1 ||
        EVP_DigestFinal_ex(c, hash, NULL) != 1)
        log_fatal("MD5 is not available");
    EVP_MD_CTX_free(c);
    for (size_t i = 0; i < sizeof hash; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

const struct token *
token_find_apop(const struct token_set *set, const char *challenge,
                const char *hex)
{
    const struct token *found = NULL;
    char right[2 * MD5_BYTES + 1], given[sizeof right] = "";
    bool fits = strlen(hex) == sizeof given - 1;

    if (fits)
        memcpy(given, hex, sizeof given);
    text_lower(given);
    for (size_t i = 0; i < set->n; i++) {
        md5_hex(challenge, set->item[i].secret, right);
        if (CRYPTO_memcmp(given, right, sizeof given) == 0)
            found = &set->item[i];
    }
    return fits ? found : NULL;
}
