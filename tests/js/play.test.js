import assert from "node:assert/strict";
import { test } from "node:test";

import { player } from "#viewer/play";

/** A reel of four layers, and a clock that goes on only when told. */
function setUp(at = 0) {
  const seen = [];
  const playing = [];
  let waiting = [];
  const reel = {
    last: 3,
    at: () => at,
    go: (layer) => seen.push((at = layer)),
    changed: (now) => playing.push(now),
  };
  const clock = {
    painted: (work) => waiting.push({ work, delay: 0 }),
    later: (work, delay) => waiting.push({ work, delay }),
  };
  const tick = () => {
    const due = waiting;
    waiting = [];
    for (const { work } of due) work();
  };
  return { seen, playing, tick, planned: () => waiting.map(({ delay }) => delay), ...player(reel, clock) };
}

test("it goes layer by layer and stops at the last", () => {
  const film = setUp();
  film.toggle();
  for (let ticks = 0; ticks < 20; ticks += 1) film.tick();
  assert.deepEqual(film.seen, [1, 2, 3]);
  assert.deepEqual(film.playing, [true, false]);
});

test("on the last layer it begins again", () => {
  const film = setUp(3);
  film.toggle();
  assert.deepEqual(film.seen, [0]);
  film.tick();
  film.tick();
  assert.deepEqual(film.seen, [0, 1]);
});

test("a layer stands for half a second, counted from when it was painted", () => {
  const film = setUp();
  film.toggle();
  assert.deepEqual(film.planned(), [0]);
  film.tick();
  assert.deepEqual(film.planned(), [500]);
});

test("stopping leaves nothing that still steps", () => {
  const film = setUp();
  film.toggle();
  film.tick();
  film.stop();
  film.tick();
  assert.deepEqual(film.seen, []);
});

test("stopping and starting again steps once, not twice", () => {
  const film = setUp();
  film.toggle();
  film.tick();
  film.toggle();
  film.toggle();
  film.tick();
  film.tick();
  film.tick();
  assert.deepEqual(film.seen.length <= 2, true);
  assert.deepEqual(film.planned().length, 1);
});

test("one layer cannot be played", () => {
  const playing = [];
  player({ last: 0, at: () => 0, go: assert.fail, changed: (now) => playing.push(now) }, {}).toggle();
  assert.deepEqual(playing, []);
});
