/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/suite.h"

Suite *door_link_suite(void);

SUITE_MAIN(door_link_suite)
