/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/suite.h"

Suite *client_programs_suite(void);
Suite *csv_suite(void);
Suite *ctl_line_suite(void);
Suite *ctl_output_suite(void);
Suite *ctl_usage_suite(void);
Suite *dial_suite(void);
Suite *input_suite(void);
Suite *lines_suite(void);
Suite *progress_suite(void);
Suite *ximss_link_suite(void);
Suite *ximss_login_suite(void);

SUITE_MAIN(ximss_link_suite, ximss_login_suite, dial_suite, input_suite,
           csv_suite, lines_suite, progress_suite, ctl_line_suite,
           ctl_output_suite, ctl_usage_suite, client_programs_suite)
