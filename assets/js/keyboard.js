/** What the keys of a model's page do. */

import { onCommand } from "#viewer/commands";
import { ROWS } from "#viewer/keys";

/**
 * @typedef {object} Desk what commands act on
 * @property {import("#viewer/reader").Reader} reader
 * @property {{focusCell: (cell: number) => void, cancel: () => boolean, cellOf: (target: EventTarget | null) => number | null}} stage
 * @property {{showModal: () => void}} help
 * @property {() => void} copy
 * @property {() => void} play
 * @property {() => void} take opens the menu of what can be taken along
 * @property {{open: () => void, step: (step: 1 | -1) => void}} search
 */

/** @param {Document} document @param {Desk} desk */
export function listenToKeys(document, desk) {
  onCommand(document, ROWS, (command, target) => obey(command, target, desk));
}

/**
 * @param {import("#viewer/keys").Command} command @param {EventTarget | null} target @param {Desk} desk
 */
function obey(command, target, { reader, stage, search, help, copy, take, play }) {
  if (command.action === "layer") reader.stepLayer(command.step);
  else if (command.action === "image") reader.stepImage(command.step);
  else if (command.action === "walk") stage.focusCell(reader.walk(command.key, stage.cellOf(target)));
  else if (command.action === "pin") reader.pinHere(stage.cellOf(target) ?? 0);
  else if (command.action === "extend") stage.focusCell(reader.extend(command.key, stage.cellOf(target)));
  else if (command.action === "clear") stage.cancel() || reader.clear();
  else if (command.action === "play") play();
  else if (command.action === "multiples") reader.toggleMultiples();
  else if (command.action === "grid") reader.toggleGrid();
  else if (command.action === "map") reader.nextMap();
  else if (command.action === "ranking") reader.nextRanking();
  else if (command.action === "judge") reader.nextJudge();
  else if (command.action === "help") help.showModal();
  else if (command.action === "take") take();
  else if (command.action === "search") search.open();
  else if (command.action === "hit") search.step(command.step);
  else copy();
}
