// Forms that the bot opens, and reading files for it.

import { act, avatar, displayName, el, world } from "./world.js";

const MODAL = 9;
const PARAGRAPH = 2;

export function openModal(outcome) {
  if (outcome.response?.type !== MODAL) return;
  const dialog = document.getElementById("modal");
  const data = outcome.response.data;
  const fields = data.components.flatMap(parts).map(field);
  const error = el("p", { class: "error", role: "alert", hidden: true });
  const form = el("form", { method: "dialog" },
    el("h2", { id: "modal-title" }, data.title),
    el("div", { class: "who" }, avatar(world.bot), `This form goes to ${displayName(world.bot)}. Do not share passwords.`),
    fields.map((each) => each.node), error,
    el("div", { class: "actions" },
      el("button", { type: "button", class: "button", onclick: () => dialog.close(), "data-testid": "modal-cancel" }, "Cancel"),
      el("button", { type: "submit", class: "button primary", "data-testid": "modal-submit" }, "Submit")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const values = await Promise.all(fields.filter((each) => each.id).map(async (each) => [each.id, await each.read()]));
      const sent = await act({ modal: outcome.interaction_id, fields: Object.fromEntries(values) });
      if (sent.expired) throw new Error("The application did not respond. Your text is still here: try again.");
      dialog.close();
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = false;
    }
  });
  dialog.replaceChildren(form);
  dialog.showModal();
  form.querySelector("input, textarea, select")?.focus();
}

const parts = (each) => {
  if (each.type === 1) return each.components.map((inner) => ({ ...inner, text: inner.label }));
  if (each.type === 18) return [{ ...each.component, text: each.label, hint: each.description }];
  return [each];
};

function field(each) {
  if (each.type === 10) return { node: el("p", {}, each.content) };
  const id = `field-${each.custom_id}`;
  const [input, read] = control(each, id);
  const required = each.required !== false && each.type !== 23;
  input.dataset.testid = `modal-field-${each.custom_id}`;
  const label = el("label", { for: id }, each.text || each.custom_id, required ? el("span", { class: "star" }, " *") : null);
  return { id: each.custom_id, read, node: el("div", { class: "field-box" }, label, each.hint ? el("span", { class: "hint" }, each.hint) : null, input) };
}

function control(each, id) {
  if (each.type === 4) {
    const tag = each.style === PARAGRAPH ? "textarea" : "input";
    const input = el(tag, { id, placeholder: each.placeholder, maxlength: each.max_length });
    input.value = each.value || "";
    return [input, async () => input.value];
  }
  if (each.type === 19) {
    const input = el("input", { id, type: "file", multiple: (each.max_values || 1) > 1 });
    return [input, () => Promise.all([...input.files].map(readFile))];
  }
  if (each.type === 23) {
    const input = el("input", { id, type: "checkbox" });
    input.checked = Boolean(each.default);
    return [input, async () => input.checked];
  }
  return choice(each, id);
}

function choice(each, id) {
  const many = each.type === 22 || (each.max_values || 1) > 1;
  const options = each.options || choices(each);
  const input = el("select", { id, multiple: many },
    many || each.type === 21 ? null : el("option", { value: "" }, each.placeholder || "Make a selection"),
    options.map((option) => el("option", { value: option.value, selected: option.default }, option.label)));
  const values = () => [...input.selectedOptions].map((option) => option.value).filter(Boolean);
  return [input, async () => (each.type === 21 ? values()[0] : values())];
}

function choices(each) {
  if (each.type === 8) return world.channels.filter((c) => c.type === 0).map((c) => ({ label: `#${c.name}`, value: c.id }));
  return world.users.map((user) => ({ label: displayName(user), value: user.id }));
}

export function readFile(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ filename: file.name, content_type: file.type, data: reader.result.split(",")[1] || "" });
    reader.onerror = () => reject(new Error(`cannot read ${file.name}`));
    reader.readAsDataURL(file);
  });
}
