/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *door_choice_suite(void);
Suite *door_queue_suite(void);
Suite *door_text_suite(void);
Suite *door_wire_suite(void);

SUITE_MAIN(door_wire_suite, door_text_suite, door_queue_suite,
           door_choice_suite)
