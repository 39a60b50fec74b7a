/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *policy_suite(void);

SUITE_MAIN(policy_suite)
