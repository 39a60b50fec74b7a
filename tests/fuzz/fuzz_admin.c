/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines with the whole engine behind them, and a real store behind
 * that: each input is cut into lines as a door does it, and they are executed
 * in a transaction that is always taken back.
 *
 * An answer keeps the rules of replies; what was refused has changed nothing; a
 * user without rights changes nothing but his own preferences, and an
 * administrator of one domain nothing of another; passwords are not in the audit log; the store is
 * afterwards what it was before. */
#include "config.h"

#include <ftw.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "storage/txn.h"
#include "tests/fuzz/fuzz.h"
#include "ximss/proto/cli_data.h"
#include "ximss/proto/frame.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/cli/admin.h"
#include "ximss/server/first_start.h"
#include "ximss/server/rules/admin_target.h"

#define MEMORY_DIR "/dev/shm"
#define NOW        INT64_C(1795354200250000) /* 2026-11-22 13:30 GMT */
#define LINES_MAX  40
#define PIECES_MAX 1000
#define SECRET     "hush-hush-7" /* the password that is looked for */

static atomic_uint_least64_t next_session = 100000;
static const struct admin_settings settings = {.alert_bytes = 200,
                                               .next_session = &next_session,
                                               .iterations = 1,
                                               .max_members = 100,
                                               .max_groups = 50,
                                               .max_forwarders = 50,
                                               .version = "ximssd 1.2.3",
                                               .test_hooks = true};
static const struct cli_limits wide = {.bytes = 1 << 24, .depth = 64};

static char dir[64];
static struct store *store;

static struct caller master = {
    .rights = RIGHT_MASTER, .name = "local:0", .from = "local socket"};
static struct caller joe = {.name = "joe@a.test", .from = "192.0.2.1 pwd"};
static struct caller stranger = {.name = "admin@b.test",
                                 .from = "192.0.2.1 pwd"};

/* What the store holds when an input comes. */
static const char made_at_start[] =
    "CreateDomain a.test {Own=\"x y\";}\n"
    "CreateDomain b.test\n"
    "CreateAccount joe@a.test {Password=" SECRET ";RealName=Joe;}\n"
    "CreateAccount admin@a.test\n"
    "CreateAccount admin@b.test\n"
    "SetAccountRights admin@a.test (CanPostAlerts,BasicSettings)\n"
    "SetAccountRights admin@b.test (CanPostAlerts,CanCreateAccounts,"
    "BasicSettings,CanCreateWebUserSessions,CanCreateAliases,"
    "CanCreateGroups,CanCreateForwarders)\n"
    "SetAccountAliases joe@a.test (sales,info)\n"
    "SetDomainAliases a.test (aa.test)\n"
    "CreateGroup staff@a.test {Members=(joe,\"x@y.test\");}\n"
    "CreateForwarder help@a.test TO joe\n"
    "SetAccountTemplate a.test {MaxAccountSize=5M;}\n"
    "UpdateAccountDefaults a.test {MaxAccountSize=10M;}\n"
    "PostServerAlert \"The server stops at noon.\"\n"
    "PostServerAlert second\n"
    "PostDomainAlert a.test ALERT \"of the domain\"\n"
    "PostAccountAlert joe@a.test ALERT \"of the account\"\n";

/* And what must still be so after whatever b.test's administrator said. */
static const char witnesses[] = "ListDomains\n"
                                "ListDomainObjects a.test 100 ACCOUNTS "
                                "ALIASES FORWARDERS\n"
                                "ListGroups a.test\n"
                                "GetGroup staff@a.test\n"
                                "GetForwarder help@a.test\n"
                                "ListAccounts main.test\n"
                                "GetDomainSettings a.test\n"
                                "GetDomainAliases a.test\n"
                                "GetAccountTemplate a.test\n"
                                "GetAccountDefaults a.test\n"
                                "GetDomainStat a.test\n"
                                "GetServerAccountDefaults\n"
                                "GetDomainDefaults\n"
                                "GetAccountSettings joe@a.test\n"
                                "GetAccountAliases joe@a.test\n"
                                "GetAccountPrefs admin@a.test\n"
                                "GetAccountRights admin@a.test\n"
                                "GetAccountRights admin@b.test\n"
                                "GetServerAlerts\n"
                                "GetDomainAlerts a.test\n"
                                "GetAccountAlerts joe@a.test\n";
static struct buf expected;

/* --- one line --- */

struct door {
    struct admin_context x;
    struct effect_list effects;
    struct admin_answer answer;
    struct buf result; /* of the line, all pieces of it */
    struct buf *all;   /* results of all lines go there, NULL: nowhere */
};

static unsigned
n_effects(const struct door *d)
{
    const struct effect *e;
    unsigned n = 0;

    STAILQ_FOREACH(e, &d->effects, link)
        n++;
    return n;
}

static void
must(enum store_result r, const struct errbuf *err)
{
    if (r != STORE_OK)
        fprintf(stderr, "result %d: %s\n", (int)r, err->text);
    FUZZ_CHECK(r == STORE_OK);
}

static void
execute(struct door *d, struct admin_plan *p, const struct admin_hashed *hashed)
{
    struct admin_live live = {0};
    struct errbuf err = {""};
    enum store_result r;

    if (admin_plan_is_live(p))
        r = admin_live_begin(&d->x, p, &live, &d->answer, &err);
    else
        r = admin_execute(&d->x, p, hashed, &d->answer, &err);
    admin_live_clear(&live);
    must(r, &err);
    if (d->answer.data.len > 0)
        buf_append(&d->result, d->answer.data.data, d->answer.data.len);
}

/* Until nothing more comes. */
static void
execute_all(struct door *d, struct admin_plan *p,
            const struct admin_hashed *hashed)
{
    unsigned pieces = 0;

    d->x.from = NULL;
    execute(d, p, hashed);
    while (d->answer.more) {
        char *from = d->answer.next;

        FUZZ_CHECK(d->answer.code == 200 && ++pieces < PIECES_MAX);
        FUZZ_CHECK(admin_plan_is_alone(p));
        d->answer.next = NULL;
        d->x.from = from;
        admin_plan_wait(p);
        execute(d, p, hashed);
        d->x.from = NULL;
        free(from);
    }
}

/* Words, digits, blanks, dots and a few signs. */
static bool
is_plain(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                "abcdefghijklmnopqrstuvwxyz"
                                                " .-@_<>")] == '\0';
}

static void
check_answer(const struct door *d)
{
    static struct arena *arena;
    struct cli_value *v;
    struct errbuf err;
    const struct buf *b = &d->result;

    FUZZ_CHECK(d->answer.code == 200 ||
               (d->answer.code >= 500 && d->answer.code < 600));
    FUZZ_CHECK(is_plain(d->answer.text));
    if (b->len == 0)
        return;
    FUZZ_CHECK(d->answer.code == 200);
    FUZZ_CHECK(memchr(b->data, '\n', b->len) == NULL &&
               memchr(b->data, '\r', b->len) == NULL &&
               memchr(b->data, '\0', b->len) == NULL);
    if (arena == NULL)
        arena = arena_new();
    FUZZ_CHECK(cli_data_parse(b->data, b->len, &wide, arena, &v, &err) == 0);
    arena_reset(arena);
}

/* --- what a line must not have done --- */

/* The password stood in the line in one place, as such. */
static bool
tells_secret(const char *line, size_t len, const char *password)
{
    const char *first = memmem(line, len, SECRET, strlen(SECRET));

    return first != NULL && password != NULL && strcmp(password, SECRET) == 0 &&
           memmem(first + 1, len - (size_t)(first + 1 - line), SECRET,
                  strlen(SECRET)) == NULL;
}

static void
check_audit(const struct buf *audit, size_t before)
{
    size_t from = audit->len >= before ? before : 0;

    FUZZ_CHECK(audit->len == from ||
               memmem(audit->data + from, audit->len - from, SECRET,
                      strlen(SECRET)) == NULL);
}

/* As a door does it: what a password needs comes first. */
static void
say_hashed(struct door *d, const char *line, size_t len)
{
    struct admin_hashed hashed = {0};
    struct credential cred = {0};
    struct errbuf err = {""};
    size_t audited = d->x.txn->audit.len;
    bool wanted = true, found;
    uint64_t guessed;
    struct admin_plan p;

    admin_plan_init(&p, line, len);
    admin_plan_look_for_password(&p);
    admin_plan_wait(&p);
    switch (p.hash) {
    case ADMIN_HASH_NONE:
        FUZZ_CHECK(p.password == NULL);
        break;
    case ADMIN_HASH_NEW:
        must(admin_hash_wanted(&d->x, &p, &wanted, &err), &err);
        FUZZ_CHECK(d->x.txn->audit.len == audited);
        if (wanted) {
            password_make(p.password, 1, true, &cred);
            hashed.made = &cred;
        }
        break;
    case ADMIN_HASH_VERIFY:
        must(admin_verify_find(&d->x, &p, &cred, &found, &guessed, &err), &err);
        hashed.checked = cred.iterations > 0;
        hashed.matches =
            hashed.checked && password_matches(&cred, p.password, NULL);
        break;
    }
    execute_all(d, &p, &hashed);
    FUZZ_CHECK(wanted || d->answer.code != 200);
    if (tells_secret(line, len, p.password))
        check_audit(&d->x.txn->audit, audited);
    admin_plan_clear(&p);
}

/* A number of accounts that is still to be written counts as written. */
static unsigned
n_changes(const struct store_txn *txn)
{
    return txn->changes + (txn->count_changed ? 1 : 0);
}

/* What everybody may change of his own. */
static bool
is_own(const char *line, size_t len)
{
    char verb[40];

    snprintf(verb, sizeof verb, "%.*s", (int)len, line);
    return strcasestr(verb, "AccountPrefs ") != NULL ||
           strcasestr(verb, "SetWebUser ") != NULL;
}

static void
say(struct door *d, const char *line, size_t len)
{
    unsigned changes = n_changes(d->x.txn), effects = n_effects(d);

    d->result.len = 0;
    say_hashed(d, line, len);
    check_answer(d);
    if (d->answer.code != 200 || (d->x.caller == &joe && !is_own(line, len)))
        FUZZ_CHECK(n_changes(d->x.txn) == changes && n_effects(d) == effects);
    if (d->all != NULL)
        buf_appendf(d->all, "%d %s %.*s\n", d->answer.code, d->answer.text,
                    (int)d->result.len, buf_cstr(&d->result));
}

/* --- many lines --- */

/* Cut as the port cuts them, also when they come a byte at a time; the last
 * may go without its end.  Returns how many bytes the line took. */
static size_t
next_line(const char *data, size_t size, const char **line_r, size_t *len_r)
{
    const char *line;
    size_t len, n = frame_next_line(data, size, 0, line_r, len_r);

    if (n == 0) {
        *line_r = data;
        *len_r = size;
        return size;
    }
    FUZZ_CHECK(n <= size && data[n - 1] == '\n' && *line_r == data);
    FUZZ_CHECK(memchr(data, '\n', *len_r) == NULL && n - *len_r <= 2);
    FUZZ_CHECK(frame_next_line(data, n - 1, 0, &line, &len) == 0);
    FUZZ_CHECK(frame_next_line(data, size, n - 1, &line, &len) == n &&
               line == *line_r && len == *len_r);
    return n;
}

static void
say_lines(struct store_txn *txn, const struct caller *who, const char *data,
          size_t size, struct buf *all)
{
    struct door d = {.x = {.txn = txn,
                           .caller = who,
                           .now = NOW,
                           .effects = &d.effects,
                           .settings = &settings},
                     .all = all};
    const char *line;
    size_t len, n;

    STAILQ_INIT(&d.effects);
    for (unsigned i = 0; size > 0 && i < LINES_MAX; i++) {
        n = next_line(data, size, &line, &len);
        say(&d, line, len);
        data += n;
        size -= n;
    }
    effect_list_clear(&d.effects);
    admin_answer_clear(&d.answer);
    buf_clear(&d.result);
}

static void
check_witnesses(struct store_txn *txn)
{
    struct buf got = {0};

    say_lines(txn, &master, witnesses, strlen(witnesses), &got);
    if (got.len != expected.len ||
        memcmp(got.data, expected.data, got.len) != 0)
        fprintf(stderr, "expected\n%s\ngot\n%s\n", buf_cstr(&expected),
                buf_cstr(&got));
    FUZZ_CHECK(got.len == expected.len &&
               memcmp(got.data, expected.data, got.len) == 0);
    buf_clear(&got);
}

struct input {
    const char *data;
    size_t size;
};

static enum store_result
run_input(struct store_txn *txn, void *arg, struct errbuf *err)
{
    const struct input *in = arg;

    check_witnesses(txn); /* nothing is left of the input before */
    say_lines(txn, &joe, in->data, in->size, NULL);
    say_lines(txn, &stranger, in->data, in->size, NULL);
    if (txn->changes > 0)
        check_witnesses(txn);
    say_lines(txn, &master, in->data, in->size, NULL);
    err_set(err, "not to be kept");
    return STORE_ERROR;
}

/* --- the store --- */

/* What Berkeley DB keeps for an open store is found from its regions only,
 * where the leak checker, which libFuzzer asks now and then, does not look. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
    return "leak:libdb-5.3.so\n";
}

static void
find_caller(struct store_txn *txn, struct caller *who)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct errbuf err = {""};
    bool found;

    must(admin_account_find(txn, who->name, NULL, &d, &a, &found, &err), &err);
    who->account = a.number;
    who->domain = d.number;
    who->rights = rights_parse(a.rights);
    domain_rec_clear(&d);
    account_rec_clear(&a);
}

static enum store_result
fill_store(struct store_txn *txn, void *arg, struct errbuf *err)
{
    struct buf answers = {0};

    (void)arg;
    (void)err;
    say_lines(txn, &master, made_at_start, strlen(made_at_start), &answers);
    if (strstr(buf_cstr(&answers), "\n5") != NULL)
        fprintf(stderr, "%s", buf_cstr(&answers));
    FUZZ_CHECK(strstr(buf_cstr(&answers), "\n5") == NULL);
    find_caller(txn, &joe);
    find_caller(txn, &stranger);
    expected.len = 0;
    say_lines(txn, &master, witnesses, strlen(witnesses), &expected);
    buf_clear(&answers);
    return STORE_OK;
}

static int
remove_entry(const char *path, const struct stat *st, int flag,
             struct FTW *walk)
{
    (void)st;
    (void)flag;
    (void)walk;
    return remove(path);
}

/* What was taken back so often must have left a sound store. */
static void
end(void)
{
    struct errbuf err = {""};
    int sound;

    store_close(&store);
    sound = store_verify(dir, stderr, &err);
    nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    buf_clear(&expected);
    if (sound != 0)
        fprintf(stderr, "%s\n", err.text);
    FUZZ_CHECK(sound == 0);
}

static void
begin(void)
{
    struct store_options o = {.dir = dir, .cache_bytes = 1 << 20};
    struct errbuf err = {""};

    snprintf(dir, sizeof dir, "%s/fuzz-admin-XXXXXX",
             access(MEMORY_DIR, W_OK) == 0 ? MEMORY_DIR : "/tmp");
    FUZZ_CHECK(mkdtemp(dir) != NULL);
    if (first_start(dir, "main.test", NULL, 1, &err) == 0)
        store = store_open(&o, &err);
    if (store == NULL)
        fprintf(stderr, "%s: %s\n", dir, err.text);
    FUZZ_CHECK(store != NULL);
    must(store_run(store, fill_store, NULL, &err), &err);
    atexit(end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.data = (const char *)data, .size = size};
    struct errbuf err;

    if (store == NULL)
        begin();
    FUZZ_CHECK(store_run(store, run_input, &in, &err) == STORE_ERROR);
    return 0;
}
