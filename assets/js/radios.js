/** Rows of radio buttons that look like one control. */

import { byId, fill, make } from "#viewer/dom";

/**
 * Fill an element with a row of radio buttons.
 * @param {string} id @param {string} name @param {readonly {id: string, title: string}[]} choices
 * @param {(id: string) => void} choose
 */
export function radios(id, name, choices, choose) {
  const inputs = choices.map((choice) => make("input", { type: "radio", name, value: choice.id }));
  const labels = choices.map((choice, index) =>
    make("label", { "data-choice": choice.id }, inputs[index], make("span", {}, choice.title)),
  );
  const group = fill(byId(id), ...labels);
  group.addEventListener("change", (event) => choose(/** @type {HTMLInputElement} */ (event.target).value));
  return inputs;
}

/** @param {HTMLInputElement[]} inputs @param {string} value */
export function check(inputs, value) {
  for (const input of inputs) input.checked = input.value === value;
}

/**
 * Offer a choice, or say why there is nothing to choose.
 * @param {HTMLInputElement} input @param {string} lacking "" if nothing is
 */
export function offer(input, lacking) {
  input.disabled = lacking !== "";
  input.title = lacking;
}
