/** Saying that a lens has nothing, and why, in the same words wherever it would have stood. */

import { make, visible } from "#viewer/dom";
import { visibleSentence } from "#viewer/tokens";

/** @param {string} reason @returns {string} for titles and labels */
export const absenceText = (reason) => `absent because ${visibleSentence(reason)}`;

/** @param {string} reason */
export const absenceNode = (reason) =>
  make(
    "span",
    { class: "absent" },
    make("strong", {}, "Absent"),
    " because ",
    visible(reason, "", { spaces: false }),
  );
