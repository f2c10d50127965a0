// Where one writes: plain messages, the list of commands after a slash, and the fields of the chosen command.

import { openModal } from "./modal.js";
import { OptionField, TYPES } from "./options.js";
import { act, avatar, currentChannel, el, send, world } from "./world.js";

const CHAT = 1;

export class Composer {
  constructor() {
    this.form = document.getElementById("composer-form");
    this.popup = document.getElementById("popup");
    this.error = document.getElementById("composer-error");
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.form.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.command) this.reset("", true); });
    this.reset();
  }

  // ----- plain text

  reset(text = "", focus = false) {
    this.command = null;
    this.fields = [];
    this.say("");
    this.input = el("textarea", { id: "composer-input", rows: "1", "data-testid": "composer", "aria-label": "Message, or a slash for commands", "aria-controls": "popup" });
    this.input.value = text;
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.textKey(event));
    this.sendButton = el("button", { type: "submit", class: "send", "aria-label": "Send", "data-testid": "send" }, "➤");
    this.form.replaceChildren(this.input, this.sendButton);
    this.placeholder();
    this.close();
    if (focus) this.input.focus();
  }

  placeholder() {
    const channel = currentChannel();
    if (channel && this.input) this.input.placeholder = `Message ${channel.type === 1 ? "" : "#"}${channel.name} — type / for commands`;
  }

  typed() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    this.sendButton.classList.toggle("ready", this.input.value.trim() !== "");
    this.say("");
    if (this.input.value.startsWith("/") && !this.input.value.includes("\n")) this.listCommands(this.input.value.slice(1).toLowerCase());
    else this.close();
  }

  textKey(event) {
    if (!this.popup.hidden && this.moveInList(event)) return;
    if (event.key === "Escape") this.close();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.submit(); }
  }

  // ----- the list above the field

  show(title, entries, empty = "") {
    const nodes = entries.map((each, index) => {
      each.node.classList.toggle("active", index === 0);
      each.node.addEventListener("mousedown", (event) => event.preventDefault());
      each.node.addEventListener("click", each.use);
      return each.node;
    });
    this.entries = entries;
    this.popup.replaceChildren(el("h3", {}, title), ...nodes, entries.length || !empty ? "" : el("h3", {}, empty));
    this.popup.setAttribute("role", "listbox");
    this.popup.hidden = false;
  }

  close() {
    this.entries = [];
    this.popup.hidden = true;
  }

  moveInList(event) {
    const active = this.entries.findIndex((each) => each.node.classList.contains("active"));
    if (active < 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const next = (active + step + this.entries.length) % this.entries.length;
      this.entries[active].node.classList.remove("active");
      this.entries[next].node.classList.add("active");
      this.entries[next].node.scrollIntoView({ block: "nearest" });
      return true;
    }
    if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
      event.preventDefault();
      this.entries[active].use();
      return true;
    }
    return false;
  }

  listCommands(typed) {
    const found = leaves().filter((each) => each.name.startsWith(typed) || each.name.includes(` ${typed}`));
    const shown = found.filter((each) => !each.command.nsfw || currentChannel()?.nsfw || currentChannel()?.type === 1);
    const none = world.commands.length ? "No command matches." : "The bot has published no commands yet.";
    this.show("Commands", shown.map((leaf) => ({ node: commandEntry(leaf), use: () => this.choose(leaf) })), none);
  }

  // ----- a chosen command

  choose(leaf) {
    this.command = leaf;
    this.say("");
    this.fields = leaf.options.filter((option) => option.required).map((option) => new OptionField(option, this));
    this.drawCommand();
    this.focusFirst();
  }

  get commandName() { return this.command.name; }

  drawCommand() {
    const unused = this.command.options.filter((option) => !this.fields.some((field) => field.definition === option));
    const more = el("div", { class: "more" }, unused.map((option) =>
      el("button", { type: "button", "data-testid": `add-option-${option.name}`, title: option.description, onclick: () => this.add(option) }, `+ ${option.name}`)));
    const name = el("button", { type: "button", class: "command-name", title: "Leave this command", onclick: () => this.reset("", true), onkeydown: (event) => this.nameKey(event) }, `/${this.command.name}`);
    const bar = el("div", { class: "command-bar", "data-testid": "command-bar" }, name, this.fields.map((field) => field.node), more);
    this.sendButton = el("button", { type: "submit", class: "send", "aria-label": "Send", "data-testid": "send" }, "➤");
    this.form.replaceChildren(bar, this.sendButton);
    this.changed();
  }

  focusFirst() {
    const target = this.fields[0]?.input || this.form.querySelector(".command-name");
    target.focus();
    if (!this.fields.length) this.describeCommand();
  }

  nameKey(event) {
    if (event.key === "Backspace") { event.preventDefault(); this.reset("", true); }
    if (event.key === "Enter") { event.preventDefault(); this.submit(); }
  }

  describeCommand() {
    this.show(el("span", {}, el("b", {}, `/${this.command.name} `), this.command.description, " — Enter sends"), []);
  }

  add(option) {
    const field = new OptionField(option, this);
    this.fields.push(field);
    this.drawCommand();
    field.input.focus();
  }

  remove(field) {
    this.fields = this.fields.filter((each) => each !== field);
    this.drawCommand();
    this.focusFirst();
  }

  changed() {
    const missing = this.fields.some((field) => field.definition.required && field.empty);
    this.sendButton.classList.toggle("ready", !missing);
  }

  title(field) {
    const { name, description, required } = field.definition;
    return el("span", {}, el("b", {}, name), ` — ${description}${required ? " (required)" : ""}${range(field.definition)}`);
  }

  describe(field, suggest = true) {
    this.focused = field;
    this.show(this.title(field), []);
    if (suggest && field.hasList) field.suggest();
  }

  offer(field, choices, empty = "") {
    if (this.focused !== field || !field.input.isConnected) return;
    this.show(this.title(field), choices.map((choice) => ({ node: choiceEntry(choice), use: () => this.take(field, choice) })), empty);
  }

  take(field, choice) {
    field.pick(choice);
    this.changed();
    const next = this.fields.slice(this.fields.indexOf(field) + 1).find((each) => each.empty);
    if (next) next.input.focus();
    else { this.show(this.title(field), []); field.input.focus(); }
  }

  optionKey(event, field) {
    const picking = this.entries.length && field.chosen === undefined && field.hasList && !(event.key === "Tab" && event.shiftKey);
    if (picking && this.moveInList(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.submit(); }
    if (event.key === "Backspace" && field.empty && field.definition.type !== TYPES.FILE) {
      event.preventDefault();
      if (field.definition.required) this.reset(`/${this.command.name}`, true); else this.remove(field);
    }
  }

  async values({ withFiles = true } = {}) {
    const filled = this.fields.filter((field) => !field.empty && (withFiles || field.definition.type !== TYPES.FILE));
    return Object.fromEntries(await Promise.all(filled.map(async (field) => [field.definition.name, await field.value()])));
  }

  // ----- sending

  async submit() {
    if (this.command) return this.sendCommand(true);
    const content = this.input.value;
    if (!content.trim()) return undefined;
    if (content.startsWith("/") && leaves().some((each) => content.slice(1).trim() === each.name)) {
      return this.choose(leaves().find((each) => content.slice(1).trim() === each.name));
    }
    this.reset("", true);
    try { await send("messages", { user: world.me.username, channel: world.channelId, content }); } catch (error) { this.reset(content, true); this.say(error.message); }
    return undefined;
  }

  async sendCommand(checked) {
    const problems = checked ? await this.problems() : [];
    if (problems.length) { this.say(problems.join(" "), () => this.sendCommand(false)); return; }
    const command = this.command;
    const options = await this.values();
    this.reset("", true);
    try {
      openModal(await act({ command: command.name, options, client_checks: checked }));
    } catch (error) {
      this.say(error.message);
    }
  }

  async problems() {
    const found = [];
    for (const field of this.fields) {
      const problem = await field.problem();
      field.node.classList.toggle("wrong", Boolean(problem));
      if (problem) found.push(problem);
    }
    return found;
  }

  say(text, anyway = null) {
    this.error.hidden = !text;
    this.error.replaceChildren(text, anyway ? el("button", { type: "button", onclick: anyway, "data-testid": "send-anyway", title: "As a changed client could: the bot gets the values as they are" }, "Send anyway") : "");
  }
}

// Every command that can be typed: sub-commands count, groups do not.
function leaves() {
  const found = [];
  const walk = (command, node, name) => {
    const inner = (node.options || []).filter((option) => option.type === TYPES.SUB || option.type === TYPES.GROUP);
    if (!inner.length) found.push({ command, name, description: node.description, options: node.options || [] });
    for (const option of inner) walk(command, option, `${name} ${option.name}`);
  };
  for (const command of world.commands) if (command.type === CHAT) walk(command, command, command.name);
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

function commandEntry(leaf) {
  const parameters = leaf.options.filter((option) => option.required).map((option) => ` ${option.name}`).join("");
  return el("button", { type: "button", class: "entry", role: "option", tabindex: "-1", "data-testid": `command-${leaf.name.replaceAll(" ", "-")}` },
    avatar(world.bot), el("strong", {}, `/${leaf.name}`, el("small", {}, parameters)),
    el("span", { class: "from" }, world.bot.username), el("span", { class: "about" }, leaf.description));
}

function choiceEntry(choice) {
  const value = String(choice.value);
  return el("button", { type: "button", class: "entry simple", role: "option", tabindex: "-1", "data-testid": `choice-${value}` },
    el("strong", {}, choice.name), choice.name === value ? "" : el("span", { class: "from" }, value.length > 40 ? "" : value));
}

function range({ min_value: low, max_value: high, max_length: longest }) {
  if (low !== undefined && high !== undefined) return `, ${low} to ${high}`;
  if (low !== undefined) return `, from ${low}`;
  if (high !== undefined) return `, up to ${high}`;
  return longest !== undefined ? `, up to ${longest} characters` : "";
}
