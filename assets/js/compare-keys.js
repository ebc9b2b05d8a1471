/** The keys of the comparison: those of the one table that have something to do here, in this page's words. */

import { ROWS } from "#viewer/keys";

/** What they do, by action; null where it is the same as on a model's page. @type {Record<string, string | null>} */
const MEANINGS = {
  walk: "pin the next patch, in all pictures",
  pin: null,
  layer: "shallower, deeper",
  image: null,
  map: null,
  copy: null,
  clear: "let go of the patch, show all words",
  help: null,
};

/** @type {import("#viewer/keys").Row[]} */
export const COMPARE_ROWS = ROWS.flatMap((row) => {
  const [{ action }] = Object.values(row.presses);
  if (!Object.hasOwn(MEANINGS, action)) return [];
  // Home and End walk too; the table's own words say where to.
  const own = "Home" in row.presses ? null : MEANINGS[action];
  return [{ ...row, meaning: own ?? row.meaning }];
});
