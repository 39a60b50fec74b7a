/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_CONFIG_NOTIFY_H
#define XIMSS_SERVER_BASE_CONFIG_NOTIFY_H

#include "notify/notify_config.h"
#include "ximss/server/base/configuration.h"

/* The settings of notices (notify/), as that room has them: what they point to
 * is the configuration's. */
struct notify_config config_notify(const struct config *c);

#endif
