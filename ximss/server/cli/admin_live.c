/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/cli/admin_live.h"

bool
admin_live_acts(enum admin_live_command command)
{
    switch (command) {
    case ADMIN_LIVE_NONE:
    case ADMIN_LIVE_LIST_SESSIONS:
    case ADMIN_LIVE_FIND_SESSION:
    case ADMIN_LIVE_LIST_ALL:
    case ADMIN_LIVE_GET_SESSION:
    case ADMIN_LIVE_TEST_LOOP:
    case ADMIN_LIVE_LIST_USERS:
    case ADMIN_LIVE_CHECK_USERS:
        return false;
    case ADMIN_LIVE_KILL_SESSION:
    case ADMIN_LIVE_KILL_DEVICE:
    case ADMIN_LIVE_WRITE_LOG:
    case ADMIN_LIVE_LOG_ALL:
    case ADMIN_LIVE_TEST_CLOCK:
    case ADMIN_LIVE_TEST_HANG:
    case ADMIN_LIVE_START_BACKUP:
        return true;
    }
    return true;
}
