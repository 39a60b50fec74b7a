/* SPDX-License-Identifier: BSD-2-Clause */
/* cliExecute: one line of the CLI. */
#include "config.h"

#include "ximss/server/requests/req_cli.h"

#include "ximss/proto/xml_parse.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/requests/cli_run.h"

static enum req_result
handle_cli(struct req *r, const struct attrs *in)
{
    const struct xml_elem *e = in->elem;

    if (e->first != NULL) {
        req_fail(r, ANSWER(HAS_ELEMENTS));
        return REQ_DONE;
    }
    return cli_run(r, e->text, e->text_len, attrs_yes(in, "report", false));
}

static const struct attr_rule cli_attrs[] = {
    ATTR_MAY("report", ATTR_YES_NO),
    ATTRS_END,
};

const struct req_desc req_cli_table[] = {
    {"cliExecute", REQ_IN_SESSION | REQ_TURNS | REQ_LENIENT | REQ_ELEMENTS,
     handle_cli, cli_attrs},
    {NULL, 0, NULL, NULL},
};
