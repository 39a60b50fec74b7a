/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_PROTO_ANSWER_H
#define XIMSS_PROTO_ANSWER_H

/* Everything that is said when a request or a command is refused, with its
 * number.  Clients compare these texts, some of them letter by letter, so they
 * stand here alone, and doc/protocol.md and ximss-cli(7) show them all.
 *
 * X(name, number, text, source): source is where the text comes from: "seen" in
 * or "documented" for the server whose clients come here, or "own".  The first
 * row of a number is what that number says where nobody knows better. */

/* What is wrong with the arguments. */
#define ANSWER_501_TABLE(X)                                                    \
    X(ARGUMENTS, 501, "wrong arguments", "own")                                \
    X(UNKNOWN_ATTRIBUTE, 501, "unknown attribute: %s", "own")                  \
    X(UNKNOWN_CHILD, 501, "unknown element: %s", "own")                        \
    X(MISSING, 501, "%s is missing", "own")                                    \
    X(KEYWORD_MISSING, 501, "keyword %s is missing", "own")                    \
    X(TARGET_MISSING, 501, "target is missing: the scope %s needs one", "own") \
    X(NO_TARGET, 501, "the scope %s has no target", "own")                     \
    X(TOO_MANY_ARGUMENTS, 501, "too many arguments", "own")                    \
    X(LINE_TOO_LONG, 501, "line too long", "own")                              \
    X(MALFORMED_AT, 501, "malformed at byte %zu", "own")                       \
    X(HAS_ELEMENTS, 501, "the command must not have elements in it", "own")    \
    X(YES_OR_NO, 501, "%s must be yes or no", "own")                           \
    X(MUST_BE_TEXT, 501, "%s must be a text", "own")                           \
    X(MUST_BE_NUMBER, 501, "%s must be a number", "own")                       \
    X(MUST_BE_ALERT, 501, "%s must be the number of an alert", "own")          \
    X(MUST_BE_TIME, 501, "%s must be a time like 20261201T060000Z", "own")     \
    X(UNUSABLE, 501, "%s can not be used", "own")                              \
    X(CRAMMD5_YES_OR_NO, 501, "CRAMMD5 must be YES or NO", "own")              \
    X(BAD_SCOPE, 501, "scope must be server, cluster, domain or account",      \
      "own")                                                                   \
    X(BAD_SEVERITY, 501, "severity must be info, warning or critical", "own")  \
    X(BAD_SEVERITIES, 501,                                                     \
      "severity must be info, warning or critical, or several with commas",    \
      "own")                                                                   \
    X(BAD_LIFETIME, 501, "lifetime must be like 30m, 8h or 3d", "own")         \
    X(UNTIL_AND_LIFETIME, 501, "either until or lifetime", "own")              \
    X(UNTIL_PAST, 501, "until is in the past", "own")                          \
    X(BAD_KEY, 501, "key must have 1 to %d bytes", "own")                      \
    X(REPLACE_WITHOUT_KEY, 501, "replace needs a key", "own")                  \
    X(ALERT_OR_KEY, 501, "either alertID or key", "own")                       \
    X(BAD_IDLE_TIMEOUT, 501, "idleTimeout must be 1 to %d seconds", "own")     \
    X(BAD_CLIENT_ADDRESS, 501, "clientAddress is not an address", "own")       \
    X(BAD_DOOR, 501, "door must be imap or pop3", "own")                       \
    X(BAD_ADDRESS, 501, "not an address", "own")                               \
    X(BAD_STAMP, 501, "not a time stamp", "own")                               \
    X(BAD_STAMP_KEY, 501, "not a time stamp %s", "own")                        \
    X(SAME_STAMP, 501, "the same time stamp again", "own")                     \
    X(BAD_PREFERENCE, 501, "%s is not a preference", "own")                    \
    X(BAD_RIGHT, 501, "not a right", "own")                                    \
    X(MISSPELT_RIGHT, 501,                                                     \
      "unknown right %s. did you mean %s. FORCE gives it all the same", "own") \
    X(MISSPELT_SETTING, 501,                                                   \
      "unknown setting %s. did you mean %s. FORCE sets it all the same",       \
      "own")                                                                   \
    X(BAD_USAGE, 501, "storage used must be bytes or a size like 50M", "own")  \
    X(BAD_SETTING, 501, "%s %s", "own")                                        \
    X(TOO_LONG, 501, "%s is longer than %d bytes", "own")                      \
    X(TOO_MANY_ALIASES, 501, "too many aliases", "own")                        \
    X(TOO_MANY_NAMES, 501, "too many names. a line may have %d", "own")        \
    X(NO_USER_SOURCE, 501, "no source outside knows users of this domain",     \
      "own")                                                                   \
    X(TOO_MANY_RIGHTS, 501, "too many rights", "own")                          \
    X(TOO_MANY_SETTINGS, 501, "too many settings", "own")                      \
    X(BAD_ACCOUNT_NAME, 501, "illegal account name. %s", "own")                \
    X(BAD_ALIAS_NAME, 501, "illegal alias name. %s", "own")                    \
    X(BAD_DOMAIN_NAME, 501, "illegal domain name. %s", "own")                  \
    X(BAD_GROUP_NAME, 501, "illegal group name. %s", "own")                    \
    X(BAD_FORWARDER_NAME, 501, "illegal forwarder name. %s", "own")            \
    X(BAD_FORWARDER_ADDRESS, 501, "illegal forwarder address", "own")          \
    X(BAD_MEMBERS, 501, "Members must be an array of addresses", "own")        \
    X(BAD_ACCOUNT_TYPE, 501, "unknown account type", "own")                    \
    X(BAD_TRIGGER_NAME, 501,                                                   \
      "illegal %s name. letters, digits and - _ . up to 64", "own")            \
    X(BAD_TRIGGER, 501, "%s", "own")                                           \
    X(NO_TRIGGER, 501, "%s is not found", "own")                               \
    X(HANDLER_IN_USE, 501, "the handler is used by the trigger %s", "own")     \
    X(BAD_ELEMENT, 501, "unknown element", "own")                              \
    X(FIXED_ELEMENT, 501, "the element cannot be set", "own")                  \
    X(NO_NEXT_ELEMENT, 501, "no next element", "own")                          \
    X(BAD_OBJECT_KIND, 501, "unknown kind of object", "own")                   \
    X(BAD_INFORMATION, 501, "unknown system information", "own")               \
    X(NO_SESSION, 501, "unknown session", "own")                               \
    X(DEVICE_UNKNOWN, 501, "no such device", "own")                            \
    X(DEVICE_SESSION, 501, "a device needs a lasting session", "own")          \
    X(BAD_OUTCOME, 501, "OUTCOME must be ok or refused", "own")                \
    X(BAD_ORDER, 501, "ORDER must be old or new", "own")                       \
    X(BAD_TOKEN_NAME, 501, "illegal token name", "own")                        \
    X(BAD_EXPIRES, 501, "EXPIRES must be never or a time or like 8h or 30d",   \
      "own")                                                                   \
    X(NO_TOKEN_KEY, 501, "the key of tokens can not be used. see the log",     \
      "own")                                                                   \
    X(EXPIRES_PAST, 501, "EXPIRES is in the past", "own")                      \
    X(TOO_MANY_TOKENS, 501, "the account has %zu tokens already", "own")       \
    X(TOKEN_EXISTS, 501, "a token with this name already exists", "own")       \
    X(NO_TOKEN, 501, "token is not found", "own")                              \
    X(BAD_APOP, 501, "APOP needs a name and a digest", "own")                  \
    X(BAD_PASSWORD_LENGTH, 501, "password is empty or too long", "own")        \
    X(BAD_NEW_PASSWORD, 501, "newPassword must have 1 to %d bytes", "own")     \
    X(BAD_OLD_PASSWORD, 501, "oldPassword has more than %d bytes", "own")      \
    X(SHORT_PASSWORD, 501, "password must have at least %u characters", "own") \
    X(PASSWORD_AND_HASH, 501, "either Password or PasswordHash", "own")        \
    X(NO_CLEAR_PASSWORDS, 501, "clear passwords are not kept", "own")          \
    X(TEMPLATE_PASSWORD, 501, "a template can not have a password", "own")     \
    X(POSTMASTER_MASTER, 501, "postmaster can not give up Master", "own")      \
    X(POSTMASTER_STAYS, 501, "postmaster of the main domain can not be %s",    \
      "own")                                                                   \
    X(MAIN_DOMAIN_STAYS, 501, "the main domain can not be %s", "own")          \
    X(MAIN_DOMAIN_RIGHTS, 501, "server wide rights need the main domain",      \
      "own")                                                                   \
    X(DOMAIN_NOT_EMPTY, 501, "the domain has accounts", "own")                 \
    X(DOMAIN_HAS_OBJECTS, 501, "the domain has groups or forwarders", "own")   \
    X(DOMAIN_SUSPENDED, 501, "the domain is suspended", "own")                 \
    X(CLUSTER_ONLY, 501, "available in the Dynamic Cluster only",              \
      "documented")                                                            \
    X(NOT_SUPPORTED, 501, "%s are not supported", "own")                       \
    X(NO_SOURCE, 501, "no source of usage can be asked", "own")                \
    X(NO_APOP, 501, "APOP is not available. use USER and PASS", "own")         \
    X(USER_FIRST, 501, "please send the USER first", "own")                    \
    X(BAD_NEW_SESSION, 501, "newSession must be instead or beside", "own")     \
    X(LOGIN_TOO_LONG, 501, "%s is too long", "own")                            \
    X(NO_EXCHANGE, 501, "auth without login", "own")                           \
    X(CANCELLED, 501, "the exchange was cancelled", "own")                     \
    X(SASL_MALFORMED, 501, "the SASL message is malformed or too long", "own") \
    X(TLS_ACTIVE, 501, "TLS is active already", "own")                         \
    X(TLS_ENCRYPTED, 501, "already encrypted", "own")                          \
    X(TLS_NOT_CONFIGURED, 501, "TLS is not configured", "own")                 \
    X(TLS_TOO_LATE, 501, "TLS is possible before login only", "own")

#define ANSWER_TABLE(X)                                                        \
    X(OK, 200, "OK", "seen")                                                   \
    X(UNKNOWN_COMMAND, 500, "unknown command", "seen")                         \
    ANSWER_501_TABLE(X)                                                        \
    X(NO_RIGHTS, 510, "insufficient access rights", "seen")                    \
    X(NO_ACCOUNT_OF_OWN, 510, "the local administrator has no account", "own") \
    X(NO_DOMAIN, 512, "unknown secondary domain name", "seen")                 \
    X(NO_ACCOUNT, 513, "unknown user account", "seen")                         \
    X(NO_ALERT, 514, "no such alert", "own")                                   \
    X(NO_DEVICE, 514, "no such device", "own")                                 \
    X(WRONG_PASSWORD, 515, "incorrect password", "seen")                       \
    X(WRONG_LOGIN, 515, "incorrect password or account name", "seen")          \
    X(TOKEN_EXPIRED, 515, "the token has expired", "own")                      \
    X(LOGIN_FIRST, 516, "log in first", "own")                                 \
    X(LOGGED_IN, 517, "already logged in", "own")                              \
    X(KEY_USED, 518, "the key was used for another alert", "own")              \
    X(AT_DOOR, 518, "not at the mail door", "own")                             \
    X(ENCRYPTION, 519, "encryption required", "own")                           \
    X(ACCOUNT_EXISTS, 520, "account with this name already exists", "seen")    \
    X(DOMAIN_EXISTS, 521, "domain with this name already exists", "seen")      \
    X(BAD_ALERT, 522, "the text cannot be an alert", "own")                    \
    X(ALERT_HAS_ELEMENTS, 522, "alert text must not have elements in it",      \
      "own")                                                                   \
    X(GROUP_EXISTS, 523, "group with this name already exists", "own")         \
    X(FORWARDER_EXISTS, 524, "forwarder with this name already exists", "own") \
    X(BUSY, 525, "too busy, try again later", "own")                           \
    X(FAILED_LOGINS, 525, "too many failed log-ins, try again later", "own")   \
    X(WRONG_PASSWORDS, 525, "too many wrong passwords, try again later",       \
      "own")                                                                   \
    X(SOURCE_AWAY, 525, "passwords can not be checked now, try again later",   \
      "own")                                                                   \
    X(USERS_UNSURE, 525, "users can not be looked up now, try again later",    \
      "own")                                                                   \
    X(USERS_AWAY, 525, "the source of users: %s", "own")                       \
    X(WEB_SESSIONS, 525, "too many sessions, try again later", "own")          \
    X(TOO_MANY_ALERTS, 526, "too many alerts. at most %u are possible here",   \
      "own")                                                                   \
    X(TOO_MANY_TRIGGERS, 526, "too many %ss. at most %u are possible", "own")  \
    X(TOO_MANY_SESSIONS, 526, "too many sessions of this account", "own")      \
    X(TOO_MANY_WATCHES, 526, "too many watches: a session may have %u", "own") \
    X(TOO_MANY_MEMBERS, 526, "too many members: a group may have %u", "own")   \
    X(TOO_MANY_GROUPS, 526, "too many groups: a domain may have %u", "own")    \
    X(TOO_MANY_FORWARDERS, 526, "too many forwarders: a domain may have %u",   \
      "own")                                                                   \
    X(METHOD_NOT_OFFERED, 527, "log-in method not offered", "own")             \
    X(NOT_OWN_ACCOUNT, 527, "not the account of this user", "own")             \
    X(STORE_FULL, 530, "the store is full, try again later", "own")            \
    X(STORE_FAILED, 531, "the store failed", "own")                            \
    X(SERVER_FAILED, 531, "the server failed", "own")                          \
    X(SERVER_AWAY, 531, "the server is not there, try again", "own")           \
    X(SERVER_LOST, 531, "the server was lost before it answered", "own")       \
    X(LOST_BEFORE, 531, "not carried out: the server was lost", "own")         \
    X(REPLY_TOO_LONG, 531, "too much for one reply, ask for less at once",     \
      "own")                                                                   \
    X(REPLY_FULL, 531,                                                         \
      "not carried out: too much for one reply, ask for less at once", "own")  \
    X(REPLY_GONE, 531,                                                         \
      "the reply is not kept any more, and what it was to was done: ask "      \
      "again by another request",                                              \
      "own")                                                                   \
    X(MALFORMED, 540, "malformed message", "own")                              \
    X(TOO_BIG, 541, "message too big", "own")                                  \
    X(TOO_MANY_REQUESTS, 541,                                                  \
      "too many requests in one body: none was carried out", "own")            \
    X(FORBIDDEN, 542, "forbidden in a message", "own")                         \
    X(NO_GROUP, 552, "group is not found", "seen")                             \
    X(NO_FORWARDER, 553, "forwarder is not found", "seen")                     \
    X(NO_LIST, 554, "Unknown Mailing List", "seen")

/* ANSWER_NO_DOMAIN is 512, and so on. */
enum answer_number {
#define ANSWER_NUMBER(name, number, text, source) ANSWER_##name = (number),
    ANSWER_TABLE(ANSWER_NUMBER)
#undef ANSWER_NUMBER
};

/* Constants, so that the compiler checks what is given for a text's `%`. */
#define ANSWER_TEXT(name, number, text, source) \
    __attribute__((unused)) static const char answer_text_##name[] = text;
ANSWER_TABLE(ANSWER_TEXT)
#undef ANSWER_TEXT

/* Number and text as two arguments: req_fail(r, ANSWER(NO_ALERT)). */
#define ANSWER(name) ANSWER_##name, answer_text_##name

/* The usual text of a number; "failed" if the table does not have it. */
const char *answer_text(int number);

#endif
