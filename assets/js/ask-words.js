/** The list of words with a button for each relation. */

import { isAnswered } from "#viewer/ask-answers";
import { byId, fill, make, visible } from "#viewer/dom";

/**
 * @param {string[]} relations
 * @param {{pick: (place: number) => void, relate: (place: number, relation: string) => void}} act
 */
export function createWords(relations, act) {
  /**
   * @param {string[]} words @param {import("#viewer/ask-answers").Answer} answer @param {number} picked
   */
  return (words, answer, picked) => {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.key;
    fill(byId("words"), ...words.map((word, place) => line(word, place, answer.relations[place], place === picked)));
    pressed("none-button", answer.verdict === "none");
    pressed("unsure-button", answer.verdict === "unsure");
    byId("next-button").toggleAttribute("data-ready", isAnswered(answer));
    if (focused) /** @type {HTMLElement | null} */ (document.querySelector(`#words [data-key="${focused}"]`))?.focus();
  };

  /** @param {string} word @param {number} place @param {string | null} relation @param {boolean} picked */
  function line(word, place, relation, picked) {
    const own = make(
      "button",
      { type: "button", class: "word", "data-key": `${place}`, "aria-current": picked && "true" },
      make("kbd", {}, `${place + 1}`),
      visible(word, "token", { spaces: false }),
    );
    own.addEventListener("click", () => act.pick(place));
    const buttons = relations.map((name) => {
      const key = `${place}-${name}`;
      const button = make(
        "button",
        { type: "button", "data-key": key, "aria-pressed": `${relation === name}` },
        make("span", { class: "initial" }, name.slice(0, 1)),
        name.slice(1),
      );
      button.addEventListener("click", () => act.relate(place, name));
      return button;
    });
    const group = make("div", { class: "relations", role: "group", "aria-label": word }, ...buttons);
    return make("li", { "data-picked": picked && "true", "data-relation": relation }, own, group);
  }
}

/** @param {string} id @param {boolean} on */
function pressed(id, on) {
  byId(id).ariaPressed = `${on}`;
}
