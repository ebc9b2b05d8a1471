/** The help's list of keys, made from the table that the keyboard obeys. */

import { byId, fill, make } from "#viewer/dom";

/** @param {import("#viewer/keys").Row[]} rows */
export function listKeys(rows) {
  const lines = rows.flatMap(({ shown, meaning }) => [
    make("dt", {}, ...shown.flatMap((key) => [make("kbd", {}, key), " "])),
    make("dd", {}, meaning),
  ]);
  fill(byId("keys"), ...lines);
}
