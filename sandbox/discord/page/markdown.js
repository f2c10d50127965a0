// The chat's markdown as DOM nodes: nothing of a message ever becomes HTML text.

import { channelById, displayName, el, now, userById } from "./world.js";

const INLINE = [
  [/^\\([*_~`|>#\-\\<\[])/, (m) => m[1]],
  [/^`([^`\n]+)`/, (m) => el("code", {}, m[1])],
  [/^\*\*(.+?)\*\*(?!\*)/s, (m) => el("strong", {}, inline(m[1]))],
  [/^__(.+?)__(?!_)/s, (m) => el("u", {}, inline(m[1]))],
  [/^\*([^\s*](?:.*?[^\s*])?)\*(?!\*)/s, (m) => el("em", {}, inline(m[1]))],
  [/^_([^\s_](?:.*?[^\s_])?)_(?![A-Za-z0-9_])/s, (m) => el("em", {}, inline(m[1]))],
  [/^~~(.+?)~~/s, (m) => el("s", {}, inline(m[1]))],
  [/^\|\|(.+?)\|\|/s, (m) => spoiler(m[1])],
  [/^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, (m) => stamp(Number(m[1]), m[2] || "f")],
  [/^<@!?(\d+)>/, (m) => mention(`@${displayName(userById(m[1]))}`)],
  [/^<@&(\d+)>/, () => mention("@role")],
  [/^<#(\d+)>/, (m) => mention(`#${channelById(m[1])?.name || "unknown"}`)],
  [/^<\/([^:>]+):\d+>/, (m) => mention(`/${m[1]}`)],
  [/^<a?:(\w+):\d+>/, (m) => `:${m[1]}:`],
  [/^\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/, (m) => link(m[2], m[1])],
  [/^<(https?:\/\/[^\s>]+)>/, (m) => link(m[1], m[1])],
  [/^https?:\/\/[^\s<>]*[^\s<>.,;:!?)"'\]]/, (m) => link(m[0], m[0])],
  [/^@(everyone|here)\b/, (m) => mention(m[0])],
];

const link = (href, text) => el("a", { href, target: "_blank", rel: "noreferrer" }, text);
const mention = (text) => el("span", { class: "mention" }, text);

function spoiler(text) {
  const node = el("span", { class: "spoiler-text", role: "button", tabindex: "0", "aria-label": "Spoiler" }, inline(text));
  const show = () => { node.classList.add("shown"); node.removeAttribute("aria-label"); };
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") show(); });
  return node;
}

function inline(text) {
  const nodes = [];
  let plain = "";
  const flush = () => { if (plain) nodes.push(plain); plain = ""; };
  for (let rest = text, before = ""; rest;) {
    const hit = !/^_/.test(rest) || !/[A-Za-z0-9]/.test(before) ? match(rest) : null;
    const taken = hit ? hit.length : 1;
    if (hit) { flush(); nodes.push(hit.node); } else plain += rest[0];
    before = rest[taken - 1];
    rest = rest.slice(taken);
  }
  flush();
  return nodes;
}

function match(rest) {
  for (const [pattern, make] of INLINE) {
    const found = pattern.exec(rest);
    if (found) return { node: make(found), length: found[0].length };
  }
  return null;
}

const BLOCKS = [
  [/^### (.*)/, (m) => el("h5", {}, inline(m[1]))],
  [/^## (.*)/, (m) => el("h4", {}, inline(m[1]))],
  [/^# (.*)/, (m) => el("h3", {}, inline(m[1]))],
  [/^-# (.*)/, (m) => el("small", {}, inline(m[1]))],
  [/^> (.*)/, (m) => el("blockquote", {}, inline(m[1]))],
  [/^[-*] (.*)/, (m) => el("ul", {}, el("li", {}, inline(m[1])))],
];

function lines(text) {
  const nodes = [];
  let run = [];
  const flush = () => { if (run.length) nodes.push(...inline(run.join("\n"))); run = []; };
  for (const line of text.split("\n")) {
    const block = BLOCKS.map(([pattern, make]) => [pattern.exec(line), make]).find(([found]) => found);
    if (block) { flush(); nodes.push(block[1](block[0])); } else run.push(line);
  }
  flush();
  return nodes;
}

export function markdown(text) {
  const parts = text.split(/```(?:([a-z0-9+-]*)\n)?([\s\S]+?)```/);
  const nodes = [];
  for (let i = 0; i < parts.length; i += 3) {
    if (parts[i]) nodes.push(...lines(i ? parts[i].replace(/^\n/, "") : parts[i]));
    if (parts[i + 2] !== undefined) nodes.push(el("pre", {}, el("code", {}, parts[i + 2].replace(/\n$/, ""))));
  }
  return nodes;
}

const FORMATS = {
  t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" },
};

function stamp(seconds, style) {
  const moment = new Date(seconds * 1000);
  const node = el("time", { class: "stamp", datetime: moment.toISOString(), title: moment.toLocaleString("en") });
  node.textContent = style === "R" ? relative(moment) : new Intl.DateTimeFormat("en", FORMATS[style]).format(moment);
  if (style === "R") node.dataset.relative = String(seconds);
  return node;
}

const UNITS = [["year", 31536000], ["month", 2628000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function relative(moment) {
  const seconds = Math.round((moment - now()) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) || ["second", 1];
  return new Intl.RelativeTimeFormat("en").format(Math.round(seconds / size), unit);
}

export function tickRelativeTimes() {
  for (const node of document.querySelectorAll("[data-relative]")) {
    const text = relative(new Date(Number(node.dataset.relative) * 1000));
    if (node.textContent !== text) node.textContent = text;
  }
}
