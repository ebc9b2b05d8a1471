import assert from "node:assert/strict";
import { test } from "node:test";

import { linkWriter } from "#viewer/link";

/** An address whose clock the test moves. */
function fakeAddress() {
  const address = {
    time: 0,
    log: [],
    timers: [],
    replace: (hash) => address.log.push(hash),
    push: (hash) => address.log.push(`push ${hash}`),
    now: () => address.time,
    later: (work, delay) => address.timers.push({ at: address.time + delay, work }),
    pass(milliseconds) {
      address.time += milliseconds;
      const due = address.timers.filter(({ at }) => at <= address.time);
      address.timers = address.timers.filter(({ at }) => at > address.time);
      for (const { work } of due) work();
    },
  };
  return address;
}

test("a single change is written at once", () => {
  const address = fakeAddress();
  linkWriter(address).replace("a");
  assert.deepEqual(address.log, ["a"]);
});

test("of changes in a row the first and the last are written", () => {
  const address = fakeAddress();
  const writer = linkWriter(address);
  for (const hash of "abcdef") writer.replace(hash);
  assert.deepEqual(address.log, ["a"]);
  assert.equal(writer.waits(), true);
  address.pass(1000);
  assert.deepEqual(address.log, ["a", "f"]);
  assert.equal(writer.waits(), false);
});

test("a key held for a minute stays below what browsers allow, and ends at the right place", () => {
  const address = fakeAddress();
  const writer = linkWriter(address);
  for (let press = 0; press < 1800; press += 1) {
    writer.replace(String(press));
    address.pass(1000 / 30);
  }
  address.pass(1000);
  assert.ok(address.log.length <= 200, `${address.log.length} writings`);
  assert.equal(address.log.at(-1), "1799");
});

test("what waits is written before a new entry is made", () => {
  const address = fakeAddress();
  const writer = linkWriter(address);
  writer.replace("a");
  writer.replace("b");
  writer.push("c");
  address.pass(1000);
  assert.deepEqual(address.log, ["a", "b", "push c"]);
});
