// SPDX-License-Identifier: BSD-2-Clause
// Texts of which nothing is seen, which ximssd refuses: white space, what is to
// be ignored (zero width, direction, variations, tags, fillers) and other
// controls of format, marks without a letter, and glyphs that are blank.

const NOTHING = new RegExp("^[\\p{White_Space}\\p{Default_Ignorable_Code_Point}" +
    "\\p{M}\\u2800\\ufff9-\\ufffc\\u{13430}-\\u{1343f}\\u{13441}\\u{13442}" +
    "\\u{1d159}]*$", "u");

export function isBlank(text) {
    return NOTHING.test(text);
}
