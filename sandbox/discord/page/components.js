// Buttons, selects and layouts of a message.

import { markdown } from "./markdown.js";
import { grid } from "./media.js";
import { openModal } from "./modal.js";
import { act, displayName, el, emojiText, world } from "./world.js";

const LINK = 5;

export function components(message, onFailure) {
  return (message.components || []).map((each) => component(each, message, onFailure));
}

function component(each, message, onFailure) {
  const inner = () => (each.components || []).map((child) => component(child, message, onFailure));
  switch (each.type) {
    case 1: return el("div", { class: "row" }, inner());
    case 2: return button(each, message, onFailure);
    case 3: case 5: case 6: case 7: case 8: return select(each, message, onFailure);
    case 9: return el("div", { class: "section" }, el("div", {}, inner()), component(each.accessory, message, onFailure));
    case 10: return el("div", { class: "text" }, markdown(each.content));
    case 11: return el("img", { class: "thumb", src: each.media.url, alt: each.description || "" });
    case 12: return grid(each.items.map(galleryPicture));
    case 13: return el("a", { href: each.file.url, class: "file" }, each.name || "file");
    case 14: return el("hr", { class: each.divider ? "" : "plain" });
    case 17: return container(each, inner());
    default: return el("div", {}, `(component ${each.type})`);
  }
}

function container(each, inner) {
  const node = el("div", { class: "container" }, inner);
  if (each.accent_color !== null) node.style.borderLeftColor = `#${each.accent_color.toString(16).padStart(6, "0")}`;
  return node;
}

const galleryPicture = (item) => ({ ...item.media, description: item.description, spoiler: item.spoiler });

function button(each, message, onFailure) {
  const text = [emojiText(each.emoji), each.label].filter(Boolean).join(" ");
  const common = { class: `button s${each.style}`, "data-testid": `button-${each.label || emojiText(each.emoji)}` };
  if (each.style === LINK) return el("a", { ...common, href: each.url, target: "_blank", rel: "noreferrer" }, text, " ↗");
  const node = el("button", { ...common, type: "button", disabled: each.disabled }, text);
  node.addEventListener("click", () => use(node, { component: each.custom_id, message_id: message.id }, onFailure));
  return node;
}

async function use(node, body, onFailure) {
  node.disabled = true;
  node.classList.add("busy");
  try {
    const outcome = await act(body);
    if (outcome.expired) onFailure("The application did not respond");
    else openModal(outcome);
  } catch (error) {
    onFailure(error.message);
  } finally {
    node.disabled = false;
    node.classList.remove("busy");
  }
}

function offered(each) {
  if (each.type === 3) return each.options;
  if (each.type === 8) return world.channels.filter((c) => c.type === 0).map((c) => ({ label: `#${c.name}`, value: c.id }));
  return world.users.map((user) => ({ label: displayName(user), value: user.id }));
}

function select(each, message, onFailure) {
  const options = offered(each);
  const chosen = new Set(options.filter((option) => option.default).map((option) => option.value));
  const multiple = each.max_values > 1;
  const text = () => options.filter((o) => chosen.has(o.value)).map((o) => o.label).join(", ");
  const name = each.placeholder || each.custom_id;
  const box = el("button", {
    type: "button", class: `select-box ${chosen.size ? "chosen" : ""}`, disabled: each.disabled,
    "aria-haspopup": "listbox", "aria-expanded": "false", "data-testid": `select-${name}`,
  }, el("span", {}, text() || each.placeholder || "Make a selection"), el("span", { "aria-hidden": "true" }, "▾"));
  const menu = el("div", { class: "menu", role: "listbox", hidden: true, "aria-label": name });
  const close = () => { menu.hidden = true; box.setAttribute("aria-expanded", "false"); };
  const sendChoice = () => {
    close();
    use(box, { component: each.custom_id, message_id: message.id, values: [...chosen] }, onFailure);
  };
  for (const option of options) {
    const item = el("button", {
      type: "button", role: "option", "aria-selected": String(chosen.has(option.value)), "data-testid": `select-option-${option.value}`,
    }, emojiText(option.emoji), el("span", {}, option.label, option.description ? el("small", {}, option.description) : null));
    item.addEventListener("click", () => {
      if (!multiple) chosen.clear();
      if (multiple && chosen.has(option.value)) chosen.delete(option.value); else chosen.add(option.value);
      item.setAttribute("aria-selected", String(chosen.has(option.value)));
      box.firstChild.textContent = text();
      if (!multiple) sendChoice();
    });
    menu.append(item);
  }
  if (multiple) menu.append(el("button", { type: "button", onclick: sendChoice, "data-testid": "select-done" }, "Done"));
  box.addEventListener("click", () => {
    menu.hidden = !menu.hidden;
    box.setAttribute("aria-expanded", String(!menu.hidden));
    menu.classList.toggle("up", box.getBoundingClientRect().bottom > innerHeight * 0.6);
    if (!menu.hidden) menu.querySelector("button").focus();
  });
  menu.addEventListener("keydown", (event) => { listKeys(event, menu); if (event.key === "Escape") { close(); box.focus(); } });
  return el("div", { class: "select" }, box, menu);
}

export function listKeys(event, list) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...list.querySelectorAll("button")];
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
}
