// SPDX-License-Identifier: BSD-2-Clause
// Before all else, and for any browser: if the page's own script cannot be
// fetched, is not understood or ends at once, one sentence says so instead of
// an empty page.
(function () {
    "use strict";

    function tell(why) {
        var waiting = document.getElementById("waiting");

        if (!waiting || document.documentElement.hasAttribute("data-started"))
            return;
        waiting.hidden = false;
        waiting.textContent = "This page cannot start here" +
            (why ? ": " + why : "") + ". A newer browser, or another one " +
            "without blockers, will show it.";
    }

    document.getElementById("waiting").textContent = "One moment…";
    window.addEventListener("error", function (event) {
        tell(event.message);
    }, true);
    window.addEventListener("unhandledrejection", function (event) {
        tell(event.reason && event.reason.message);
    });
})();
