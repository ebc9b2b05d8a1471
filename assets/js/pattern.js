/**
 * Regular expressions whose search takes time proportional to the text, whatever the pattern. The browser's own
 * can take for ever on patterns like (a+)+$, cannot be stopped, and a link may hold any pattern; the page's
 * policy allows no worker that could be ended instead.
 *
 * A pattern becomes an automaton. Its states are worked out as texts need them and kept. Characters that no
 * part of the pattern tells apart are of one kind, so that a page of many scripts needs few transitions.
 */

import { parsePattern } from "#viewer/pattern-tree";

/** @typedef {import("#viewer/pattern-tree").Tree} Tree */

/** Characters of a pattern. */
export const LONGEST_PATTERN = 200;

/** Repeats are written out, so (a{99}){99} would be long. */
const MOST_NODES = 2000;

/** Transitions that are kept; then the automaton starts anew. */
const MOST_KEPT = 50_000;

/** Characters below this code, nearly all there are, find their kind in an array. */
const LOW = 128;

/**
 * @typedef {{test: CharacterTest | null, edge: import("#viewer/pattern-tree").Edge | null,
 *   next: number[]}} Node takes a character, or stands at an edge, or neither
 * @typedef {0 | 1 | 2} Side of a place in a text: its end, a word's character, another
 *
 * @typedef {(character: string) => boolean} CharacterTest
 * @typedef {{nodes: Node[], tests: CharacterTest[]}} Automaton node 0 is the end, the last one the beginning; each
 *   test of its nodes once
 *
 * @typedef {object} State
 * @property {number[]} nodes that the text so far leads to
 * @property {Side} before
 * @property {(State | null)[]} next by the kind of the next character; null where the pattern is found before it
 * @property {boolean | null} ends whether the pattern is found if the text ends here; null: not worked out
 */

/**
 * A test whether a pattern is found in a text.
 * @param {string} pattern @param {{ignoreCase: boolean}} options @returns {(text: string) => boolean}
 * @throws {Error} a short reason why the pattern cannot be searched
 */
export function compilePattern(pattern, { ignoreCase }) {
  const flags = ignoreCase ? "iu" : "u";
  if (pattern.length > LONGEST_PATTERN) throw new Error(`longer than ${LONGEST_PATTERN} characters`);
  check(pattern, flags);
  const isWord = characterTest("\\w", flags);
  const automaton = automatonOf(parsePattern(pattern), flags);
  return runner(automaton, isWord);
}

/** @param {string} pattern @param {string} flags */
function check(pattern, flags) {
  try {
    new RegExp(pattern, flags);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const reason = message.slice(message.lastIndexOf(": ") + 1).trim();
    throw new Error(reason.charAt(0).toLowerCase() + reason.slice(1));
  }
}

/**
 * @param {string} source @param {string} flags @returns {CharacterTest}
 */
function characterTest(source, flags) {
  const expression = new RegExp(`^(?:${source})$`, flags);
  return (character) => expression.test(character);
}

/** @param {Tree} tree @param {string} flags @returns {Automaton} */
function automatonOf(tree, flags) {
  /** @type {Node[]} */
  const nodes = [{ test: null, edge: null, next: [] }];
  /** By source. @type {Map<string, CharacterTest>} */
  const tests = new Map();
  let steps = 0;
  add({ next: [build(tree, 0)] });
  return { nodes, tests: [...tests.values()] };

  /** @param {string} source */
  function testOf(source) {
    const test = tests.get(source) ?? characterTest(source, flags);
    tests.set(source, test);
    return test;
  }

  /** @param {Partial<Node>} node */
  function add(node) {
    return nodes.push({ test: null, edge: null, next: [], ...node }) - 1;
  }

  /** @param {Tree} part @param {number} next @returns {number} where the part begins */
  function build(part, next) {
    steps += 1;
    if (steps > MOST_NODES) throw new Error("repeats too much");
    if (part.kind === "character") return add({ test: testOf(part.source), next: [next] });
    if (part.kind === "edge") return add({ edge: part.edge, next: [next] });
    if (part.kind === "choice") return add({ next: part.parts.map((one) => build(one, next)) });
    if (part.kind === "sequence") return part.parts.reduceRight((to, one) => build(one, to), next);
    return repeat(part, next);
  }

  /** @param {Tree & {kind: "repeat"}} tree @param {number} next */
  function repeat({ part, least, most }, next) {
    let to = next;
    if (most === Infinity) {
      to = add({});
      nodes[to].next = [build(part, to), next];
    } else {
      for (let count = least; count < most; count += 1) to = add({ next: [build(part, to), next] });
    }
    for (let count = 0; count < least; count += 1) to = build(part, to);
    return to;
  }
}

/**
 * Numbers the kinds of characters: those of one kind pass the same tests.
 * @param {CharacterTest[]} tests @returns {(code: number) => number}
 */
function kindsOf(tests) {
  /** @type {Map<string, number>} */
  const kinds = new Map();
  const low = new Int16Array(LOW).fill(-1);
  /** @type {Map<number, number>} */
  const high = new Map();

  /** @param {number} code */
  function workOut(code) {
    const character = String.fromCodePoint(code);
    const passed = tests.map((test) => (test(character) ? "1" : "0")).join("");
    const kind = kinds.get(passed) ?? kinds.size;
    kinds.set(passed, kind);
    if (code < LOW) low[code] = kind;
    else high.set(code, kind);
    return kind;
  }
  return (code) => {
    const known = code < LOW ? low[code] : (high.get(code) ?? -1);
    return known < 0 ? workOut(code) : known;
  };
}

/**
 * @param {Automaton} automaton @param {CharacterTest} isWord @returns {(text: string) => boolean}
 */
function runner({ nodes, tests }, isWord) {
  const kindOf = kindsOf([...tests, isWord]);
  /** @type {Map<string, State>} */
  let states = new Map();
  let kept = 0;
  let first = stateOf([], 0);

  return function test(text) {
    if (kept > MOST_KEPT) restart();
    let state = first;
    for (let at = 0; at < text.length; at += 1) {
      const code = /** @type {number} */ (text.codePointAt(at));
      if (code > 0xffff) at += 1;
      const kind = kindOf(code);
      const next = state.next[kind];
      const reached = next === undefined ? goOn(state, code, kind) : next;
      if (reached === null) return true;
      state = reached;
    }
    state.ends ??= reach(state, 0).has(0);
    return state.ends;
  };

  function restart() {
    states = new Map();
    kept = 0;
    first = stateOf([], 0);
  }

  /** @param {number[]} reached @param {Side} before @returns {State} */
  function stateOf(reached, before) {
    const key = `${before} ${reached}`;
    const known = states.get(key);
    if (known) return known;
    const made = { nodes: reached, before, next: [], ends: null };
    states.set(key, made);
    return made;
  }

  /**
   * The state after a character; null where the pattern is found before it.
   * @param {State} state @param {number} code @param {number} kind of the character
   */
  function goOn(state, code, kind) {
    const character = String.fromCodePoint(code);
    const side = isWord(character) ? 1 : 2;
    const here = reach(state, side);
    const taken = [...here].filter((node) => nodes[node].test?.(character)).flatMap((node) => nodes[node].next);
    const next = here.has(0) ? null : stateOf([...new Set(taken)].sort((a, b) => a - b), side);
    state.next[kind] = next;
    kept += 1;
    return next;
  }

  /**
   * The nodes that can be reached without a character; a match may begin anywhere.
   * @param {State} state @param {Side} after
   */
  function reach({ nodes: from, before }, after) {
    const seen = new Set([...from, nodes.length - 1]);
    for (const node of seen) {
      const { test, edge, next } = nodes[node];
      if (!test && (!edge || holds(edge, before, after))) for (const one of next) seen.add(one);
    }
    return seen;
  }
}

/** @param {import("#viewer/pattern-tree").Edge} edge @param {Side} before @param {Side} after */
function holds(edge, before, after) {
  if (edge === "^") return before === 0;
  if (edge === "$") return after === 0;
  return ((before === 1) !== (after === 1)) === (edge === "\\b");
}
