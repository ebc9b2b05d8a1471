/** The help's list of keys, made from the table that the keyboard obeys. */

import { byId, fill, make } from "#viewer/dom";
import { ROWS } from "#viewer/keys";

export function listKeys() {
  const rows = ROWS.flatMap(({ shown, meaning }) => [
    make("dt", {}, ...shown.flatMap((key) => [make("kbd", {}, key), " "])),
    make("dd", {}, meaning),
  ]);
  fill(byId("keys"), ...rows);
}
