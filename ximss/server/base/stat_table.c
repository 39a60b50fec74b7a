/* SPDX-License-Identifier: BSD-2-Clause */
/* The elements, in the order in which GETNEXTSTATNAME names them.  The manual
 * page ximss-stat(7) has the same rows (tests/proto/26-stat.py). */
#include "config.h"

#include <stddef.h>

#include "ximss/server/base/stat.h"

#define ROW(KIND, NAME, METRIC, LABELS, ABOUT, HELP)                \
    {                                                               \
        .kind = KIND, .name = NAME, .help = HELP, .metric = METRIC, \
        .labels = LABELS, .about = ABOUT                            \
    }
#define COUNTER(NAME, METRIC, HELP) \
    ROW(STAT_COUNTER, NAME, "ximssd_" METRIC "_total", NULL, NULL, HELP)
#define COUNTER_OF(NAME, METRIC, LABELS, ABOUT, HELP) \
    ROW(STAT_COUNTER, NAME, "ximssd_" METRIC "_total", LABELS, ABOUT, HELP)
#define INTEGER(NAME, METRIC, HELP) \
    ROW(STAT_INTEGER, NAME, "ximssd_" METRIC, NULL, NULL, HELP)
#define INTEGER_OF(NAME, METRIC, LABELS, ABOUT, HELP) \
    ROW(STAT_INTEGER, NAME, "ximssd_" METRIC, LABELS, ABOUT, HELP)
#define SAMPLED_OF(NAME, METRIC, LABELS, ABOUT, HELP)                         \
    {                                                                         \
        .kind = STAT_COUNTER, .sampled = true, .name = NAME, .help = HELP,    \
        .metric = "ximssd_" METRIC "_total", .labels = LABELS, .about = ABOUT \
    }
#define BYTES(NAME, METRIC, LATE, HELP)                                       \
    {                                                                         \
        .kind = STAT_INTEGER, .unit = STAT_BYTES, .late = LATE, .name = NAME, \
        .help = HELP, .metric = "ximssd_" METRIC "_bytes"                     \
    }
#define AGE(NAME, METRIC, LABELS, ABOUT, HELP)                                 \
    {                                                                          \
        .kind = STAT_INTEGER, .unit = STAT_SECONDS, .late = true, .age = true, \
        .name = NAME, .help = HELP, .metric = "ximssd_" METRIC "_seconds",     \
        .labels = LABELS, .about = ABOUT                                       \
    }
#define SUM(KIND, NAME, FIRST, LAST, HELP)                         \
    {                                                              \
        .kind = KIND, .name = NAME, .help = HELP, .sum_of = FIRST, \
        .n_sum = (LAST) - (FIRST) + 1                              \
    }

/* Blocks: one row for each door, mechanism, scope or source. */

#define DOOR(FIRST, AT, NAME, METRIC, LABEL, HELP, WHERE)         \
    [FIRST + AT] = INTEGER_OF(NAME, METRIC, "door=\"" LABEL "\"", \
                              HELP ", by door", HELP WHERE)
#define DOORS(FIRST, N, METRIC, HELP)                                        \
    DOOR(FIRST, STAT_AT_TCP, N "Tcp", METRIC, "tcp", HELP, " over TCP"),     \
        DOOR(FIRST, STAT_AT_TLS, N "Tls", METRIC, "tls", HELP, " over TLS"), \
        DOOR(FIRST, STAT_AT_PWD, N "Pwd", METRIC, "pwd", HELP, " by PWD"),   \
        DOOR(FIRST, STAT_AT_PWD_TLS, N "PwdTls", METRIC, "pwd-tls", HELP,    \
             " by PWD over TLS"),                                            \
        DOOR(FIRST, STAT_AT_LOCAL, N "Local", METRIC, "local", HELP,         \
             " on the control socket"),                                      \
        DOOR(FIRST, STAT_AT_MAIL, N "Mail", METRIC, "mail", HELP,            \
             " at the mail door")

#define WAY(FIRST, BY, NAME, METRIC, LABEL, HELP, HOW)                 \
    [FIRST + BY] = COUNTER_OF(NAME, METRIC, "mechanism=\"" LABEL "\"", \
                              HELP ", by mechanism", HELP HOW)
#define WAYS(FIRST, N, METRIC, HELP)                                          \
    WAY(FIRST, STAT_BY_CLEAR, N "Clear", METRIC, "clear", HELP,               \
        " by a clear password"),                                              \
        WAY(FIRST, STAT_BY_PLAIN, N "Plain", METRIC, "plain", HELP,           \
            " by SASL with a clear password"),                                \
        WAY(FIRST, STAT_BY_SCRAM, N "Scram", METRIC, "scram", HELP,           \
            " by SCRAM"),                                                     \
        WAY(FIRST, STAT_BY_CRAM, N "Cram", METRIC, "cram", HELP,              \
            " by CRAM-MD5"),                                                  \
        WAY(FIRST, STAT_BY_APOP, N "Apop", METRIC, "apop", HELP, " by APOP"), \
        WAY(FIRST, STAT_BY_TICKET, N "Ticket", METRIC, "ticket", HELP,        \
            " by a ticket"),                                                  \
        WAY(FIRST, STAT_BY_SESSION, N "Session", METRIC, "session", HELP,     \
            " by the id of a session"),                                       \
        WAY(FIRST, STAT_BY_DEVICE, N "Device", METRIC, "device", HELP,        \
            " by the token of a device"),                                     \
        WAY(FIRST, STAT_BY_TOKEN, N "Token", METRIC, "token", HELP,           \
            " by a CLI token"),                                               \
        WAY(FIRST, STAT_BY_EXTERNAL, N "External", METRIC, "external", HELP,  \
            " by who the kernel says it is"),                                 \
        WAY(FIRST, STAT_BY_OTHER, N "Other", METRIC, "other", HELP,           \
            " in another way")

#define SCOPE(ROWS, FIRST, NAME, METRIC, LABEL, HELP, WHOM)                \
    [FIRST] = ROWS(NAME, METRIC, "scope=\"" LABEL "\"", HELP ", by scope", \
                   HELP WHOM)
#define WIDE_SCOPES(ROWS, FIRST, N, METRIC, HELP)                             \
    SCOPE(ROWS, FIRST, N "Server", METRIC, "server", HELP, " to the server"), \
        SCOPE(ROWS, FIRST + 1, N "Cluster", METRIC, "cluster", HELP,          \
              " to the cluster"),                                             \
        SCOPE(ROWS, FIRST + 2, N "Domain", METRIC, "domain", HELP,            \
              " to domains")
#define SCOPES(FIRST, N, METRIC, HELP)                                     \
    WIDE_SCOPES(COUNTER_OF, FIRST, N, METRIC, HELP),                       \
        SCOPE(COUNTER_OF, FIRST + 3, N "Account", METRIC, "account", HELP, \
              " to accounts")

#define FEED(ROWS, FIRST, NAME, METRIC, LABEL, HELP, WHO)                    \
    [FIRST] = ROWS(NAME, METRIC, "source=\"" LABEL "\"", HELP ", by source", \
                   HELP WHO)
#define FEEDS(ROWS, FIRST, N, METRIC, HELP)                         \
    FEED(ROWS, FIRST, N "Dict", METRIC, "dict", HELP,               \
         ": Dovecot's quota_clone"),                                \
        FEED(ROWS, FIRST + 1, N "Maildir", METRIC, "maildir", HELP, \
             ": Maildirs"),                                         \
        FEED(ROWS, FIRST + 2, N "Doveadm", METRIC, "doveadm", HELP, \
             ": Dovecot when asked"),                               \
        FEED(ROWS, FIRST + 3, N "Warning", METRIC, "warning", HELP, \
             ": Dovecot's quota_warning")

static const struct stat_row rows[STAT_N] = {
    [STAT_CONNECTIONS] =
        COUNTER("connections", "connections", "Connections that were accepted"),
    [STAT_CONNECTIONS_OPEN] =
        SUM(STAT_INTEGER, "connectionsOpen", STAT_CONNECTIONS_OPEN_AT,
            STAT_CONNECTIONS_OPEN_AT_LAST, "Connections that are open now"),
    DOORS(STAT_CONNECTIONS_OPEN_AT, "connectionsOpen", "connections_open",
          "Connections now"),
    [STAT_CONNECTIONS_MOST] = INTEGER(
        "connectionsMost", "connections_most",
        "Connections that there is room for (max-connections, or what the "
        "limit of open files leaves)"),
    [STAT_CONNECTIONS_REFUSED] =
        COUNTER("connectionsRefused", "connections_refused",
                "Connections for which there was no room"),
    [STAT_CONNECTIONS_CROWDED_OUT] =
        COUNTER("connectionsCrowdedOut", "connections_crowded_out",
                "Connections closed before their log-in, to make room"),
    [STAT_SESSIONS_OPEN] =
        SUM(STAT_INTEGER, "sessionsOpen", STAT_SESSIONS_OPEN_AT,
            STAT_SESSIONS_OPEN_AT_LAST, "Sessions that are logged in now"),
    DOORS(STAT_SESSIONS_OPEN_AT, "sessionsOpen", "sessions_open",
          "Sessions now"),
    [STAT_SESSIONS_LASTING] =
        INTEGER("sessionsLasting", "sessions_lasting",
                "Of the sessions now: web sessions and others that last"),
    [STAT_SESSIONS_SHARED] =
        INTEGER("sessionsShared", "sessions_shared",
                "Of the sessions now: those of shared domains"),
    [STAT_SESSIONS_CUT] = COUNTER("sessionsCut", "sessions_cut",
                                  "Sessions ended because they did not read"),
    [STAT_OUTPUT_WAITING] = BYTES("outputWaiting", "output_waiting", false,
                                  "Output that sessions have not read yet"),
    [STAT_LOGINS] = SUM(STAT_COUNTER, "logins", STAT_LOGINS_BY,
                        STAT_LOGINS_BY_LAST, "Log-ins that succeeded"),
    WAYS(STAT_LOGINS_BY, "logins", "logins", "Log-ins"),
    [STAT_LOGINS_FAILED] =
        SUM(STAT_COUNTER, "loginsFailed", STAT_LOGINS_FAILED_BY,
            STAT_LOGINS_FAILED_BY_LAST, "Log-ins that were refused"),
    WAYS(STAT_LOGINS_FAILED_BY, "loginsFailed", "logins_failed",
         "Refused log-ins"),
    [STAT_LOGINS_THROTTLED] =
        SUM(STAT_COUNTER, "loginsThrottled", STAT_LOGINS_THROTTLED_BY,
            STAT_LOGINS_THROTTLED_BY_LAST,
            "Log-ins held up because of failures before"),
    WAYS(STAT_LOGINS_THROTTLED_BY, "loginsThrottled", "logins_throttled",
         "Log-ins held up"),
    [STAT_LOGINS_SAID + STAT_SAYS_STORE] = COUNTER_OF(
        "loginsByStore", "logins_checked", "source=\"store\"",
        "Log-ins, by who let them in", "Log-ins that the store let in"),
    [STAT_LOGINS_SAID + STAT_SAYS_DOVECOT] = COUNTER_OF(
        "loginsByDovecot", "logins_checked", "source=\"dovecot\"",
        "Log-ins, by who let them in", "Log-ins that Dovecot let in"),
    [STAT_LOGINS_SAID + STAT_SAYS_PAM] =
        COUNTER_OF("loginsByPam", "logins_checked", "source=\"pam\"",
                   "Log-ins, by who let them in", "Log-ins that PAM let in"),
    [STAT_LOGINS_SAID + STAT_SAYS_MEMORY] =
        COUNTER_OF("loginsByMemory", "logins_checked", "source=\"memory\"",
                   "Log-ins, by who let them in",
                   "Log-ins whose password was right before"),
    [STAT_LOGINS_FAILED_SAID + STAT_SAYS_STORE] =
        COUNTER_OF("loginsFailedByStore", "logins_checked_failed",
                   "source=\"store\"", "Refused log-ins, by who refused them",
                   "Log-ins that the store alone refused"),
    [STAT_LOGINS_FAILED_SAID + STAT_SAYS_DOVECOT] = COUNTER_OF(
        "loginsFailedByDovecot", "logins_checked_failed", "source=\"dovecot\"",
        "Refused log-ins, by who refused them", "Log-ins that Dovecot refused"),
    [STAT_LOGINS_FAILED_SAID + STAT_SAYS_PAM] = COUNTER_OF(
        "loginsFailedByPam", "logins_checked_failed", "source=\"pam\"",
        "Refused log-ins, by who refused them", "Log-ins that PAM refused"),
    [STAT_LOGIN_CACHE_ENTRIES] =
        INTEGER("loginCacheEntries", "login_cache_entries",
                "Passwords that are remembered (remember-logins)"),
    [STAT_LOGIN_CACHE_HITS] =
        COUNTER("loginCacheHits", "login_cache_hits",
                "Passwords asked for that were remembered"),
    [STAT_LOGIN_CACHE_MISSES] =
        COUNTER("loginCacheMisses", "login_cache_misses",
                "Passwords asked for that were not remembered"),
    [STAT_OUTSIDE_ASKED] = COUNTER("outsideAsked", "outside_asked",
                                   "Questions to sources of passwords outside"),
    [STAT_OUTSIDE_AWAY] =
        COUNTER("outsideAway", "outside_away",
                "Such questions without an answer, or without room for them"),
    [STAT_OUTSIDE_WAITING] = INTEGER("outsideWaiting", "outside_waiting",
                                     "Such questions whose answer is due now"),
    [STAT_HASHES] = COUNTER("passwordHashes", "password_hashes",
                            "Jobs of the hash threads"),
    [STAT_HASH_QUEUE] =
        INTEGER("hashQueue", "hash_queue", "Jobs that wait for a hash thread"),
    [STAT_NAME_QUEUE] =
        INTEGER("nameQueue", "name_queue",
                "Log-ins at the mail door that wait for the names of users"),
    [STAT_ALERTS_POSTED] =
        SUM(STAT_COUNTER, "alertsPosted", STAT_ALERTS_POSTED_TO,
            STAT_ALERTS_POSTED_TO_LAST, "Alerts that were posted"),
    SCOPES(STAT_ALERTS_POSTED_TO, "alertsPosted", "alerts_posted",
           "Alerts posted"),
    [STAT_ALERTS_BY_TRIGGERS] =
        COUNTER("alertsByTriggers", "alerts_by_triggers",
                "Alerts that triggers posted; they count nowhere else"),
    [STAT_ALERTS_SENT] =
        SUM(STAT_COUNTER, "alertsSent", STAT_ALERTS_SENT_TO,
            STAT_ALERTS_SENT_TO_LAST, "Alerts that were sent to sessions"),
    SCOPES(STAT_ALERTS_SENT_TO, "alertsSent", "alerts_sent",
           "Messages to sessions with alerts"),
    [STAT_ALERTS_CONFIRMED] =
        SUM(STAT_COUNTER, "alertsConfirmed", STAT_ALERTS_CONFIRMED_TO,
            STAT_ALERTS_CONFIRMED_TO_LAST,
            "Confirmations by sessions that were the account's first"),
    SCOPES(STAT_ALERTS_CONFIRMED_TO, "alertsConfirmed", "alerts_confirmed",
           "Confirmations of alerts"),
    [STAT_ALERTS_REMOVED] =
        SUM(STAT_COUNTER, "alertsRemoved", STAT_ALERTS_REMOVED_TO,
            STAT_ALERTS_EXPIRED_TO_LAST,
            "Alerts that administrators removed, or whose end has come"),
    SCOPES(STAT_ALERTS_REMOVED_TO, "alertsRemoved", "alerts_removed",
           "Removals by administrators of alerts"),
    SCOPES(STAT_ALERTS_EXPIRED_TO, "alertsExpired", "alerts_expired",
           "Ends that came of alerts"),
    [STAT_ALERTS_REMOVED_BY_TRIGGERS] =
        COUNTER("alertsRemovedByTriggers", "alerts_removed_by_triggers",
                "Alerts that triggers took back; they count nowhere else"),
    [STAT_BOARD] = SUM(STAT_INTEGER, "alertsActive", STAT_BOARD_TO,
                       STAT_BOARD_TO_LAST, "Alerts to many that are active"),
    WIDE_SCOPES(INTEGER_OF, STAT_BOARD_TO, "alertsActive", "alerts_active",
                "Active alerts"),
    [STAT_BOARD_OLDEST] = AGE("alertsOldest", "alerts_oldest", NULL, NULL,
                              "Since the oldest active alert to many was "
                              "posted"),
    [STAT_QUOTA_ALERTS] = COUNTER("quotaAlerts", "quota_alerts",
                                  "Quota alerts that were generated"),
    [STAT_QUOTA_REPORTS] =
        SUM(STAT_COUNTER, "quotaReports", STAT_QUOTA_REPORTS_OF,
            STAT_QUOTA_REPORTS_OF_LAST,
            "Reports of storage used, from all sources"),
    FEEDS(COUNTER_OF, STAT_QUOTA_REPORTS_OF, "quotaReports", "quota_reports",
          "Reports of storage used"),
    FEEDS(AGE, STAT_QUOTA_AGE_OF, "quotaAge", "quota_age",
          "Since the last report of storage used"),
    [STAT_QUOTA_DOVEADM_UP] = {.name = "quotaDoveadmUp",
                               .kind = STAT_INTEGER,
                               .late = true,
                               .help = "1 if Dovecot told when it was asked "
                                       "last, else 0",
                               .metric = "ximssd_quota_doveadm_up"},
    [STAT_QUOTA_DICT_CONNECTIONS] = SAMPLED_OF(
        "quotaDictConnections", "quota_socket_connections", "source=\"dict\"",
        "Connections to the sockets for Dovecot, by source",
        "Connections to the socket for quota_clone"),
    [STAT_QUOTA_WARNING_CONNECTIONS] =
        SAMPLED_OF("quotaWarningConnections", "quota_socket_connections",
                   "source=\"warning\"",
                   "Connections to the sockets for Dovecot, by source",
                   "Connections to the socket for quota_warning"),
    [STAT_QUOTA_DICT_MALFORMED] = SAMPLED_OF(
        "quotaDictMalformed", "quota_socket_malformed", "source=\"dict\"",
        "Such connections that were closed for what they said",
        "Of these: closed for what they said"),
    [STAT_QUOTA_WARNING_MALFORMED] = SAMPLED_OF(
        "quotaWarningMalformed", "quota_socket_malformed", "source=\"warning\"",
        "Such connections that were closed for what they said",
        "Of these: closed for what they said"),
    [STAT_QUOTA_QUEUE] = INTEGER("quotaQueue", "quota_queue",
                                 "Accounts whose report waits for the store"),
    [STAT_QUOTA_CHECKED] =
        COUNTER("quotaLooked", "quota_looked",
                "Accounts that rounds over all of them looked at"),
    [STAT_QUOTA_ROUNDS_DUE] =
        INTEGER("quotaRoundsDue", "quota_rounds_due",
                "Rounds over all accounts that run, or are to run"),
    [STAT_STORE_QUEUE] =
        INTEGER("storeQueue", "store_queue", "Jobs that wait for the store"),
    [STAT_STORE_JOBS] = COUNTER("storeJobs", "store_jobs",
                                "Jobs that the store has carried out"),
    [STAT_STORE_COMMITS] =
        COUNTER("storeCommits", "store_commits",
                "Transactions; jobs that wait together share one"),
    [STAT_STORE_FULL] =
        INTEGER("storeFull", "store_full",
                "1 while the store refuses to write, for want of space"),
    [STAT_PAGE_CACHE_HITS] =
        SAMPLED_OF("pageCacheHits", "page_cache_hits", NULL, NULL,
                   "Pages of the store that were in memory (store-cache)"),
    [STAT_PAGE_CACHE_MISSES] =
        SAMPLED_OF("pageCacheMisses", "page_cache_misses", NULL, NULL,
                   "Pages of the store that had to be read"),
    [STAT_LOG_BYTES] = BYTES("logBytes", "store_log", true,
                             "Size of the files of the store's log"),
    [STAT_DISK_FREE] = BYTES("diskFree", "disk_free", true,
                             "Free space on the disk that the store is on"),
    [STAT_DISK_SIZE] = BYTES("diskSize", "disk_size", true,
                             "Size of the disk that the store is on"),
    [STAT_CERTIFICATE_DAYS] = {.name = "certificateDays",
                               .kind = STAT_INTEGER,
                               .unit = STAT_DAYS,
                               .late = true,
                               .help = "Whole days until tls-certificate ends",
                               .metric = "ximssd_certificate_days"},
    [STAT_CLI_COMMANDS] =
        COUNTER("cliCommands", "cli_commands", "Commands of the CLI"),
    [STAT_TRIGGERS_ACTIVE] =
        INTEGER("triggersActive", "triggers_active",
                "Triggers that have fired and are not over yet"),
    [STAT_NOTICES_SENT] =
        COUNTER_OF("noticesSent", "notices", "result=\"sent\"",
                   "Notices of handlers, by what became of them",
                   "Notices of handlers that were sent"),
    [STAT_NOTICES_FAILED] =
        COUNTER_OF("noticesFailed", "notices", "result=\"failed\"",
                   "Notices of handlers, by what became of them",
                   "Notices of handlers that could not be sent"),
    [STAT_NOTICES_SUPPRESSED] =
        COUNTER_OF("noticesSuppressed", "notices", "result=\"suppressed\"",
                   "Notices of handlers, by what became of them",
                   "Notices that were more than a handler may send"),
    [STAT_BACKUP_AGE] = AGE("backupAge", "backup_age", NULL, NULL,
                            "Since the last backup that was verified"),
    [STAT_BACKUP_MAX_AGE] =
        INTEGER("backupMaxAge", "backup_max_age_seconds",
                "Seconds that it may become old (backup-max-age); 0: any"),
    [STAT_BACKUP_RUNNING] = INTEGER("backupRunning", "backup_running",
                                    "1 while a backup is made, else 0"),
    [STAT_THREADS_STUCK] =
        INTEGER("threadsStuck", "threads_stuck",
                "Threads that give no sign of life (watchdog-time)"),
    [STAT_UPTIME] =
        AGE("uptime", "uptime", NULL, NULL, "Since the server's start"),
};

const struct stat_row *
stat_row(enum stat_id s)
{
    return &rows[s];
}

static const struct stat_time_row times[STAT_TIMES] = {
    [STAT_TIME_COMMIT] = {"commitTime",
                          "What the disk takes for a transaction that writes",
                          "ximssd_store_commit_seconds"},
    [STAT_TIME_PUSH] = {"pushTime",
                        "From the post of an alert until a worker has sent it "
                        "to its last session that reads",
                        "ximssd_push_seconds"},
};

const struct stat_time_row *
stat_time_row(enum stat_time h)
{
    return &times[h];
}
