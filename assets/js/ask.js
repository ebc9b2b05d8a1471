/** The entry of the page that asks: one question at a time, keys first, answers kept as they are given. */

import { answeredCount, blank, isAnswered, nextOpen, withRelation, withVerdict } from "#viewer/ask-answers";
import { fileName, fileOf, readFile } from "#viewer/ask-file";
import { ASK_ROWS, askCommandOf } from "#viewer/ask-keys";
import { showPictures } from "#viewer/ask-picture";
import { createStore } from "#viewer/ask-store";
import { createWords } from "#viewer/ask-words";
import { notify, say, sayUnreadable } from "#viewer/copy";
import { byId } from "#viewer/dom";
import { download } from "#viewer/download";
import { listKeys } from "#viewer/keys-view";

/** @typedef {import("#viewer/ask-answers").Answer} Answer */

/** What the page shows and what was said. */
class Asking {
  /** @param {any} page the page's data */
  constructor(page) {
    this.page = page;
    /** @type {Answer[]} */
    this.answers = page.questions.map((/** @type {{words: string[]}} */ { words }) => blank(words));
    this.place = 0;
    this.picked = 0;
    this.unsaved = false;
    this.name = /** @type {HTMLInputElement} */ (byId("annotator"));
    this.name.value = page.annotator;
    this.store = createStore(`vlens-ask/${page.study}/${page.plan}/${page.annotator}`, () =>
      say("This browser keeps nothing for this page: save the answers before you close it."),
    );
    this.showWords = createWords(page.relations, {
      pick: (place) => this.pick(place),
      relate: (place, relation) => this.relate(relation, place),
    });
  }

  get question() {
    return this.page.questions[this.place];
  }

  get text() {
    return fileOf(this.page, { annotator: this.name.value.trim(), answers: this.answers });
  }

  /** Go on with what this browser kept; what it cannot read is left alone until the first answer. */
  open() {
    const kept = this.store.read();
    try {
      if (kept) this.take(readFile(this.page, kept));
    } catch {
      notify("What this browser kept is of other questions");
    }
    this.goTo(Math.max(nextOpen(this.answers), 0));
  }

  /** @param {import("#viewer/ask-file").Said} said */
  take(said) {
    this.answers = this.answers.map((answer, place) => (isAnswered(said.answers[place]) ? said.answers[place] : answer));
    if (said.annotator && !this.page.annotator) this.name.value = said.annotator;
  }

  /** @param {number} place */
  goTo(place) {
    this.place = place;
    this.picked = 0;
    byId("finished").hidden = true;
    byId("asking").hidden = false;
    showPictures(this.page.canvases[this.question.canvas], this.question.cell);
    this.show();
  }

  show() {
    const count = this.page.questions.length;
    this.showWords(this.question.words, this.answers[this.place], this.picked);
    const done = answeredCount(this.answers);
    const progress = /** @type {HTMLProgressElement} */ (byId("progress"));
    progress.max = count;
    progress.value = done;
    byId("answered").textContent = `${done} of ${count} answered`;
    byId("place").textContent = `${this.place + 1} / ${count}`;
    /** @type {HTMLButtonElement} */ (byId("back-button")).disabled = this.place === 0;
  }

  /** @param {Answer} answer */
  answer(answer) {
    this.answers = this.answers.map((old, place) => (place === this.place ? answer : old));
    this.keep();
    this.show();
  }

  keep() {
    this.unsaved = !this.store.write(this.text);
  }

  /** @param {number} place */
  pick(place) {
    if (place >= this.question.words.length || place < 0) return;
    this.picked = place;
    this.show();
  }

  /** @param {string} relation @param {number} [place] */
  relate(relation, place = this.picked) {
    this.picked = place;
    this.answer(withRelation(this.answers[this.place], place, relation));
  }

  /** @param {"none" | "unsure"} verdict */
  decide(verdict) {
    this.answer(withVerdict(this.answers[this.place], verdict));
  }

  next() {
    if (!isAnswered(this.answers[this.place])) {
      notify("Give a word its relation, or answer “None of them” or “Cannot say”");
      return;
    }
    const last = this.place === this.page.questions.length - 1;
    const open = last ? nextOpen(this.answers) : this.place + 1;
    if (open >= 0) this.goTo(open);
    else this.finish();
  }

  back() {
    if (byId("asking").hidden) this.goTo(this.page.questions.length - 1);
    else if (this.place > 0) this.goTo(this.place - 1);
  }

  finish() {
    byId("asking").hidden = true;
    byId("finished").hidden = false;
    byId("finish-button").focus();
  }

  save() {
    if (!this.name.value.trim()) {
      notify("Say your name first: answers are counted by person");
      this.name.focus();
      return;
    }
    download(new Blob([this.text], { type: "application/json" }), fileName(this.name.value));
    this.unsaved = false;
    notify(`Saved ${answeredCount(this.answers)} answers`);
  }

  /** @param {string} text of a file of answers */
  load(text) {
    try {
      const said = readFile(this.page, text);
      this.take(said);
      this.keep();
      this.goTo(Math.max(nextOpen(this.answers), 0));
      notify(`Loaded ${answeredCount(said.answers)} answers${said.others ? `, ${said.others} to other questions` : ""}`);
    } catch (error) {
      notify(error instanceof Error ? error.message : `${error}`);
    }
  }
}

/** @param {Document} document */
export function start(document) {
  const asking = new Asking(JSON.parse(byId("page").textContent ?? ""));
  const help = /** @type {HTMLDialogElement} */ (byId("help"));
  const file = /** @type {HTMLInputElement} */ (byId("load-file"));
  listKeys(/** @type {any} */ (ASK_ROWS));
  const buttons = {
    "none-button": () => asking.decide("none"),
    "unsure-button": () => asking.decide("unsure"),
    "next-button": () => asking.next(),
    "back-button": () => asking.back(),
    "again-button": () => asking.back(),
    "finish-button": () => asking.save(),
    "save-button": () => asking.save(),
    "load-button": () => file.click(),
    "help-button": () => help.showModal(),
  };
  for (const [id, act] of Object.entries(buttons)) byId(id).addEventListener("click", act);
  file.addEventListener("change", async () => {
    const [chosen] = file.files ?? [];
    if (chosen) asking.load(await chosen.text());
    file.value = "";
  });
  asking.name.addEventListener("input", () => asking.keep());
  asking.name.addEventListener("keydown", (event) => {
    if (event.key === "Enter") byId(byId("asking").hidden ? "finish-button" : "question").focus();
  });
  // A button that was clicked must not keep Enter from meaning "next"; one that was reached by Tab does.
  byId("question").addEventListener("click", (event) => {
    if (event.detail > 0) byId("question").focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    if (help.open) return;
    const command = askCommandOf(event, focusOf(event.target));
    if (!command) return;
    event.preventDefault();
    obey(command, asking, buttons);
  });
  window.addEventListener("beforeunload", (event) => asking.unsaved && event.preventDefault());
  asking.open();
  document.documentElement.dataset.ready = "true";
}

/**
 * @param {import("#viewer/ask-keys").AskCommand} command @param {Asking} asking
 * @param {Record<string, () => void>} buttons
 */
function obey(command, asking, buttons) {
  const finished = byId("asking").hidden;
  if (command.action === "save" || command.action === "load" || command.action === "help") {
    buttons[`${command.action}-button`]();
  } else if (command.action === "back") asking.back();
  else if (finished) return;
  else if (command.action === "pick") asking.pick(command.place);
  else if (command.action === "move") asking.pick(asking.picked + command.step);
  else if (command.action === "relate") asking.relate(command.relation);
  else if (command.action === "next") asking.next();
  else asking.decide(command.action);
}

/** @param {EventTarget | null} target @returns {"text" | "button" | "page"} */
function focusOf(target) {
  if (!(target instanceof Element)) return "page";
  if (target.closest("input, textarea, select")) return "text";
  return target.closest("button, a, summary") ? "button" : "page";
}

if (globalThis.document) {
  try {
    start(document);
  } catch (error) {
    sayUnreadable(error);
  }
}
