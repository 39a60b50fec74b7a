/* SPDX-License-Identifier: BSD-2-Clause */
/* The settings that decide how an alert is shown, and whether. */
#include "config.h"

#include "clients/dovecot/door_choice.h"

#include <string.h>
#include <strings.h>

int
door_choice_word(const char *setting, enum door_word *word_r)
{
    *word_r = DOOR_WORD_AUTO;
    if (setting == NULL || *setting == '\0' || strcasecmp(setting, "auto") == 0)
        return 0;
    if (strcasecmp(setting, "ok") == 0)
        *word_r = DOOR_WORD_OK;
    else if (strcasecmp(setting, "no") == 0)
        *word_r = DOOR_WORD_NO;
    else
        return -1;
    return 0;
}

const char *
door_choice_word_for(enum door_word word, const struct door_kind *alert)
{
    switch (word) {
    case DOOR_WORD_OK:
        return "OK";
    case DOOR_WORD_NO:
        return "NO";
    case DOOR_WORD_AUTO:
        break;
    }
    return alert->severity == DOOR_INFO && !alert->quota ? "OK" : "NO";
}

static int
refusal(const char *word, size_t len, unsigned *kinds)
{
    static const struct {
        const char *name;
        unsigned kind;
    } rows[] = {
        {"quota", DOOR_REFUSE_QUOTA},
        {"account", DOOR_REFUSE_ACCOUNT | DOOR_REFUSE_QUOTA},
        {"critical", DOOR_REFUSE_CRITICAL},
        {"all", DOOR_REFUSE_ALL},
        {"none", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strlen(rows[i].name) == len &&
            strncasecmp(rows[i].name, word, len) == 0) {
            *kinds |= rows[i].kind;
            return 0;
        }
    return -1;
}

int
door_choice_refusals(const char *setting, unsigned *kinds_r)
{
    static const char between[] = " ,\t";
    unsigned kinds = 0;
    bool any = false;
    size_t len;

    *kinds_r = DOOR_REFUSE_DEFAULT;
    if (setting == NULL)
        return 0;
    for (;; setting += len, any = true) {
        setting += strspn(setting, between);
        len = strcspn(setting, between);
        if (len == 0)
            break;
        if (refusal(setting, len, &kinds) < 0)
            return -1;
    }
    if (any)
        *kinds_r = kinds;
    return 0;
}

bool
door_choice_refuses(unsigned kinds, const struct door_kind *alert)
{
    if ((kinds & DOOR_REFUSE_ALL) != 0)
        return true;
    return ((kinds & DOOR_REFUSE_QUOTA) != 0 && alert->quota) ||
           ((kinds & DOOR_REFUSE_ACCOUNT) != 0 && alert->to_account) ||
           ((kinds & DOOR_REFUSE_CRITICAL) != 0 &&
            alert->severity == DOOR_CRITICAL);
}

int
door_choice_confirm(const char *setting, bool *attended_only_r)
{
    *attended_only_r = true;
    if (setting == NULL || *setting == '\0' ||
        strcasecmp(setting, "attended") == 0)
        return 0;
    if (strcasecmp(setting, "all") != 0)
        return -1;
    *attended_only_r = false;
    return 0;
}
