/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *policy_suite(void);
Suite *quota_text_suite(void);

SUITE_MAIN(policy_suite, quota_text_suite)
