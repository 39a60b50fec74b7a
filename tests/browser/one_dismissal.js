// SPDX-License-Identifier: BSD-2-Clause
// one_dismissal.js URL USER TEXT...: the user logs in, is shown exactly these
// alerts, the newest first, and dismisses the last of them; ends when that is done.
// For tests of what becomes of it elsewhere (tests/proto/21-mail-once.py).
import { dismiss, launch, shows, tooLate, user } from "./browser.js";

const [url, name, ...texts] = process.argv.slice(2);
const browser = await launch();

try {
    const page = await user({ browser, servers: { url } }, name,
                            { clock: true });

    await shows(page, texts);
    await dismiss(page, texts.at(-1));
    await tooLate(page);
    await page.locator("#undo").waitFor({ state: "hidden" });
    await shows(page, texts.slice(0, -1));
} finally {
    await browser.close();
}
