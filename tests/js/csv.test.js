import assert from "node:assert/strict";
import { test } from "node:test";

import { csvText, jsonText } from "#viewer/csv";

/** RFC 4180, read as its grammar says, by other means than the writer's. */
function readCsv(text) {
  const rows = [[]];
  let at = 0;
  while (at < text.length) {
    const quoted = /"((?:[^"]|"")*)"|([^",\r\n]*)/y;
    quoted.lastIndex = at;
    const found = quoted.exec(text);
    rows.at(-1).push(found[1] === undefined ? found[2] : found[1].replaceAll('""', '"'));
    at = quoted.lastIndex;
    if (text.startsWith("\r\n", at)) {
      rows.push([]);
      at += 2;
    } else if (text[at] === ",") at += 1;
    else throw new Error(`unexpected ${JSON.stringify(text[at])} at ${at}`);
  }
  return rows.slice(0, -1);
}

const HOSTILE = [
  "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n", "a,b", 'say "no"', "a;=1+1", "", " dog", "\u2028", "\u202ex",
  "\ud800", "\ud83e\udd8a", "\ufeff", "\u0000", "__proto__", "</script>", "'quoted'", "\\", "\u0085",
];

test("a table is written as RFC 4180 says", () => {
  const text = csvText({ columns: ["lens", "score"], rows: [["logit", -0.5], ["a,b", null]] });
  assert.equal(text, '\ufefflens,score\r\nlogit,-0.5\r\n"a,b",\r\n');
});

test("text of the results comes back as it was stored", () => {
  const rows = readCsv(csvText({ columns: ["n", "token_json"], rows: HOSTILE.map((text, n) => [n, { text }]) }).slice(1));
  assert.deepEqual(rows[0], ["n", "token_json"]);
  assert.deepEqual(
    rows.slice(1).map(([, token]) => JSON.parse(token)),
    HOSTILE,
  );
});

test("no text of the results begins as a formula does, also where another sign parts the fields", () => {
  const text = csvText({ columns: ["token_json"], rows: HOSTILE.map((token) => [{ text: token }]) });
  for (const line of text.slice(1).split("\r\n")) {
    for (const field of line.split(/[;\t]/)) assert.doesNotMatch(field.replace(/^"+/, '"'), /^[=+\-@\t\r]/);
  }
  assert.equal(text.slice(1).split(/\r\n|[\r\n\u2028\u2029\u0085]/).length, HOSTILE.length + 2);
});

test("half a character survives, and so does a whole one", () => {
  assert.equal(jsonText("\ud800"), '"\\ud800"');
  assert.equal(jsonText("🦊"), '"🦊"');
});
