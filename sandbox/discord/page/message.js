// One message, or the stand-in for an answer that has not come (yet).

import { components, listKeys } from "./components.js";
import { markdown } from "./markdown.js";
import { attachments } from "./media.js";
import { openModal } from "./modal.js";
import { EYE, act, avatar, displayName, el, icon, userById, world } from "./world.js";

const LOADING = 1 << 7;
const LAYOUT_V2 = 1 << 15; // then attachments appear only where components show them
const MESSAGE_COMMAND = 3;
const failures = new Map(); // message id → what went wrong at the last press

export const visible = (message) =>
  message.channel_id === world.channelId && !world.dismissed.has(message.id) &&
  (!message.sandbox.ephemeral_to || message.sandbox.ephemeral_to === world.me.id);

function time(iso, grouped) {
  const moment = new Date(iso);
  const clock = moment.toLocaleTimeString("en", { hour: "numeric", minute: "2-digit" });
  return el("time", { datetime: iso, title: moment.toLocaleString("en") }, grouped ? clock : `Today at ${clock}`);
}

function head(message) {
  return el("div", { class: "head" }, el("span", { class: "name" }, displayName(message.author)),
    message.author.bot ? el("span", { class: "badge" }, "APP") : null, stamp(message.timestamp));
}

function stamp(iso) {
  const node = time(iso);
  const day = new Date(iso);
  if (day.toDateString() !== new Date().toDateString()) node.textContent = day.toLocaleString("en", { dateStyle: "short", timeStyle: "short" });
  return node;
}

function usedLine(message) {
  if (message.interaction) {
    return el("div", { class: "used" }, avatar(message.interaction.user),
      el("span", { class: "who" }, displayName(message.interaction.user)), "used",
      el("span", { class: "command" }, message.type === 23 ? message.interaction.name : `/${message.interaction.name}`));
  }
  const quoted = message.referenced_message;
  if (!quoted) return null;
  const quote = quoted.content || (quoted.attachments.length ? "Click to see attachment" : "…");
  return el("div", { class: "used" }, avatar(quoted.author),
    el("span", { class: "who" }, displayName(quoted.author)), el("span", { class: "quote" }, markdown(quote.split("\n")[0])));
}

function embed(each) {
  const node = el("div", { class: "embed" },
    each.author ? el("div", { class: "author" }, each.author.name) : null,
    each.title ? el("div", { class: "title" }, each.url ? el("a", { href: each.url, target: "_blank" }, each.title) : markdown(each.title)) : null,
    each.description ? el("div", { class: "text" }, markdown(each.description)) : null,
    each.fields?.length ? el("div", { class: "fields" }, each.fields.map((field) =>
      el("div", { class: `field ${field.inline ? "inline" : ""}` }, el("b", {}, markdown(field.name)), el("div", { class: "text" }, markdown(field.value))))) : null,
    each.thumbnail ? el("img", { class: "thumb", src: each.thumbnail.url, alt: "" }) : null,
    each.image ? el("img", { class: "image", src: each.image.url, alt: "" }) : null,
    each.footer || each.timestamp ? el("footer", {}, [each.footer?.text, each.timestamp && new Date(each.timestamp).toLocaleString("en")].filter(Boolean).join(" · ")) : null);
  if (each.color !== undefined) node.style.borderLeftColor = `#${each.color.toString(16).padStart(6, "0")}`;
  return node;
}

function body(message, refresh) {
  if (message.flags & LOADING) return [thinking(message)];
  const fail = (text) => { failures.set(message.id, text); refresh(message.id); };
  const text = markdown(message.content);
  if (message.edited_timestamp) text.push(" ", el("span", { class: "edited", title: message.edited_timestamp }, "(edited)"));
  return [
    text.length ? el("div", { class: "text", "data-testid": "message-content" }, text) : null,
    ...(message.flags & LAYOUT_V2 ? [] : attachments(message.attachments)),
    ...message.embeds.map(embed),
    ...components(message, fail),
    failures.has(message.id) ? el("p", { class: "failure", role: "alert" }, failures.get(message.id)) : null,
  ];
}

const thinking = (message) =>
  el("div", { class: "thinking", "data-testid": "thinking" }, el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
    `${displayName(message.author)} is thinking…`);

function privately(message, rerender) {
  return el("p", { class: "note" }, icon(EYE), "Only you can see this ·",
    el("button", { type: "button", onclick: () => { world.dismissed.add(message.id); rerender(); } }, "Dismiss message"));
}

function tools(message, rerender) {
  const menus = world.commands.filter((command) => command.type === MESSAGE_COMMAND);
  if (!menus.length) return null;
  const list = el("div", { class: "menu context", role: "menu", hidden: true }, menus.map((command) =>
    el("button", { type: "button", role: "menuitem", "data-testid": `menu-command-${command.name}`, onclick: () => run(command) }, command.name)));
  const run = async (command) => {
    list.hidden = true;
    try { openModal(await act({ command: command.name, target: message.id })); } catch (error) { failures.set(message.id, error.message); rerender(); }
  };
  const opener = el("button", { type: "button", "aria-label": "Apps", "aria-haspopup": "menu", "data-testid": "message-menu",
    onclick: () => { list.hidden = !list.hidden; if (!list.hidden) list.querySelector("button").focus(); } }, "⋯");
  list.addEventListener("keydown", (event) => { listKeys(event, list); if (event.key === "Escape") { list.hidden = true; opener.focus(); } });
  return el("div", { class: "tools" }, opener, list);
}

export function messageNode(message, { grouped, refresh, rerender }) {
  const ephemeral = Boolean(message.sandbox.ephemeral_to);
  const pings = message.mention_everyone || message.mentions.some((user) => user.id === world.me.id);
  const classes = ["message", grouped && "grouped", ephemeral && "ephemeral", pings && "pings"].filter(Boolean).join(" ");
  return el("li", { class: classes, "data-testid": "message", "data-message-id": message.id, "data-edits": message.sandbox.edits },
    grouped ? null : usedLine(message), grouped ? null : avatar(message.author),
    el("div", { class: "content-column" }, grouped ? null : head(message), body(message, refresh), ephemeral ? privately(message, rerender) : null),
    tools(message, rerender));
}

// A slash command that waits for its answer, or that got none.
export function pendingNode(interaction, rerender) {
  const user = userById(interaction.user_id) || world.me;
  const failed = interaction.state === "expired";
  const dismiss = () => { world.dismissed.add(interaction.interaction_id); rerender(); };
  return el("li", { class: `message ${failed ? "ephemeral" : ""}`, "data-testid": failed ? "failed-interaction" : "pending-interaction" },
    el("div", { class: "used" }, avatar(user), el("span", { class: "who" }, displayName(user)), "used",
      el("span", { class: "command" }, `/${interaction.label}`)),
    avatar(world.bot),
    el("div", { class: "content-column" }, head({ author: world.bot, timestamp: interaction.created_at }),
      failed ? el("p", { class: "failure", role: "alert" }, "The application did not respond")
        : el("div", { class: "thinking" }, "Sending command…"),
      failed ? el("p", { class: "note" }, icon(EYE), "Only you can see this ·", el("button", { type: "button", onclick: dismiss }, "Dismiss message")) : null));
}
