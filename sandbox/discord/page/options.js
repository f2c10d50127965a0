// The fields of a slash command, each with what its type needs: choices, suggestions, files, checks.

import { readFile } from "./modal.js";
import { act, displayName, el, world } from "./world.js";

export const TYPES = { SUB: 1, GROUP: 2, STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, ROLE: 8, MENTIONABLE: 9, NUMBER: 10, FILE: 11 };
const DEBOUNCE_MS = 250;

export class OptionField {
  constructor(definition, composer) {
    this.definition = definition;
    this.composer = composer;
    this.chosen = undefined; // the value behind a label that was picked from a list
    this.node = this.#build();
  }

  #build() {
    const { name, type, required } = this.definition;
    const id = `option-${name}`;
    const plain = type === TYPES.STRING && !this.definition.choices && !this.definition.autocomplete;
    this.input = type === TYPES.FILE ? el("input", { id, type: "file" })
      : plain ? el("textarea", { id, rows: "1", maxlength: null })
        : el("input", { id, type: "text", size: "12", inputmode: type === TYPES.INTEGER ? "numeric" : type === TYPES.NUMBER ? "decimal" : null });
    this.input.dataset.testid = id;
    this.input.setAttribute("aria-required", String(Boolean(required)));
    this.input.addEventListener("focus", () => this.composer.describe(this));
    this.input.addEventListener("input", () => { this.chosen = undefined; this.node.classList.remove("wrong"); this.suggest(); this.composer.changed(); });
    this.input.addEventListener("keydown", (event) => this.composer.optionKey(event, this));
    const remove = required ? null : el("button", { type: "button", class: "remove", "aria-label": `Remove ${name}`, onclick: () => this.composer.remove(this) }, "✕");
    const holder = el("div", { class: `option ${plain ? "wide" : ""}` }, el("label", { for: id }, name), this.input, remove);
    return holder;
  }

  get hasList() {
    return Boolean(this.definition.choices || this.definition.autocomplete || [TYPES.BOOLEAN, TYPES.USER, TYPES.CHANNEL, TYPES.MENTIONABLE].includes(this.definition.type));
  }

  get empty() {
    return this.definition.type === TYPES.FILE ? !this.input.files.length : this.input.value === "";
  }

  // What is offered while typing; from the bot for autocomplete.
  suggest() {
    clearTimeout(this.timer);
    if (this.definition.autocomplete) { this.timer = setTimeout(() => this.#ask(), DEBOUNCE_MS); return; }
    if (!this.hasList) { this.composer.describe(this, false); return; }
    const typed = this.chosen === undefined ? this.input.value.toLowerCase() : "";
    this.composer.offer(this, this.#fixed().filter((each) => each.name.toLowerCase().includes(typed)).slice(0, 25));
  }

  #fixed() {
    const { choices, type } = this.definition;
    if (choices) return choices;
    if (type === TYPES.BOOLEAN) return [{ name: "True", value: true }, { name: "False", value: false }];
    if (type === TYPES.CHANNEL) return world.channels.filter((c) => c.type === 0).map((c) => ({ name: `#${c.name}`, value: c.id }));
    return world.users.map((user) => ({ name: displayName(user), value: user.id }));
  }

  async #ask() {
    const asked = this.input.value;
    const values = await this.composer.values({ withFiles: false });
    try {
      const outcome = await act({ command: this.composer.commandName, options: { ...values, [this.definition.name]: asked }, focused: this.definition.name, client_checks: false });
      if (asked !== this.input.value) return;
      if (outcome.expired) this.composer.offer(this, [], "Loading options failed");
      else this.composer.offer(this, outcome.choices || [], "No options match your search.");
    } catch (error) {
      this.composer.offer(this, [], error.message);
    }
  }

  pick(choice) {
    this.chosen = choice.value;
    this.input.value = choice.name;
    this.node.classList.remove("wrong");
  }

  async value() {
    if (this.definition.type === TYPES.FILE) return readFile(this.input.files[0]);
    if (this.chosen !== undefined) return this.chosen;
    const listed = this.hasList && !this.definition.autocomplete && this.#fixed().find((each) => each.name.toLowerCase() === this.input.value.toLowerCase());
    if (listed) return listed.value;
    const number = [TYPES.INTEGER, TYPES.NUMBER].includes(this.definition.type) && this.input.value.trim() !== "" && Number(this.input.value);
    return typeof number === "number" && !Number.isNaN(number) ? number : this.input.value;
  }

  // The complaint that the chat's own client would show, or "".
  async problem() {
    const { required, type, choices, min_value: low, max_value: high, min_length: shortest, max_length: longest, name } = this.definition;
    if (this.empty) return required ? `${name}: this option is required.` : "";
    if (type === TYPES.FILE) return "";
    const value = await this.value();
    if (choices && !choices.some((each) => each.value === value)) return `${name}: choose one of ${choices.map((each) => each.name).join(", ")}.`;
    if (type === TYPES.BOOLEAN && typeof value !== "boolean") return `${name}: choose True or False.`;
    if (type === TYPES.INTEGER && !Number.isInteger(value)) return `${name}: enter a whole number.`;
    if (type === TYPES.NUMBER && typeof value !== "number") return `${name}: enter a number.`;
    if (low !== undefined && value < low) return `${name}: must be ${low} or more.`;
    if (high !== undefined && value > high) return `${name}: must be ${high} or less.`;
    if (shortest !== undefined && value.length < shortest) return `${name}: at least ${shortest} characters.`;
    if (longest !== undefined && value.length > longest) return `${name}: at most ${longest} characters, this has ${value.length}.`;
    return "";
  }
}
