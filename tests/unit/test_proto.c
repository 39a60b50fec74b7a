/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *cli_data_suite(void);
Suite *frame_suite(void);
Suite *names_suite(void);
Suite *xml_parse_suite(void);
Suite *xml_write_suite(void);

SUITE_MAIN(cli_data_suite, frame_suite, names_suite, xml_parse_suite,
           xml_write_suite)
