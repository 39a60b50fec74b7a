/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *configuration_suite(void);

SUITE_MAIN(configuration_suite)
