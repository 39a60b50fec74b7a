/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *ximss_link_suite(void);
Suite *ximss_login_suite(void);

SUITE_MAIN(ximss_link_suite, ximss_login_suite)
