// The page: draws the channel list and the messages, and keeps up with the live stream.

import { Composer } from "./composer.js";
import { tickRelativeTimes } from "./markdown.js";
import { messageNode, pendingNode, visible } from "./message.js";
import { avatar, currentChannel, displayName, el, world } from "./world.js";

const GROUP_MS = 7 * 60 * 1000;
const COMMAND = 2;
const PLACES = [0, 11, 15]; // text channels, threads and posts, forums
const $ = (id) => document.getElementById(id);
const unread = new Set();
const asked = new URLSearchParams(location.search);
const composer = new Composer();
let typingTimer = 0;

// ----- frame

function drawFrame() {
  $("guild-name").textContent = world.guild;
  document.title = `#${currentChannel()?.name} · ${world.guild}`;
  const mine = (channel) => PLACES.includes(channel.type) || channel.recipient_id === world.me.id;
  const shown = world.channels.filter(mine);
  $("channels").replaceChildren(...shown.filter((each) => PLACES.includes(each.type)).map(channelNode));
  const direct = shown.filter((each) => each.type === 1);
  $("direct-title").hidden = !direct.length;
  $("direct-channels").replaceChildren(...direct.map(channelNode));
  drawHeader();
  drawMe();
}

function channelNode(channel) {
  const locked = (channel.permission_overwrites || []).length > 0;
  const name = channel.type === 1 ? displayName(world.bot) : channel.name;
  return el("li", {}, el("button", {
    type: "button", class: `channel ${unread.has(channel.id) ? "unread" : ""}`, "aria-current": String(channel.id === world.channelId),
    "data-testid": `channel-${channel.name}`, onclick: () => openChannel(channel.id),
  }, el("span", { class: "sign", "aria-hidden": "true" }, channel.type === 1 ? "@" : "#"), name,
  channel.nsfw ? el("span", { class: "tag", title: "Age-restricted" }, "18+") : null,
  locked ? el("span", { class: "tag", title: "The bot lacks rights here" }, "no bot") : null));
}

function drawHeader() {
  const channel = currentChannel();
  const name = channel.type === 1 ? displayName(world.bot) : channel.name;
  const sign = channel.type === 1 ? "@" : "#";
  $("channel-name").replaceChildren(el("span", { class: "sign" }, sign), name);
  $("channel-topic").textContent = channel.topic || "";
  $("welcome").replaceChildren(el("div", { class: "big", "aria-hidden": "true" }, sign),
    el("h3", {}, channel.type === 1 ? name : `Welcome to #${name}`),
    el("p", {}, channel.type === 1 ? `This is the beginning of your messages with ${name}.` : `This is the beginning of #${name}. Type / to see what ${displayName(world.bot)} can do.`));
}

function drawMe() {
  const options = world.users.filter((user) => !user.bot).map((user) => el("option", { value: user.id, selected: user.id === world.me.id }, displayName(user)));
  $("user-switcher").replaceChildren(...options);
  const mine = avatar(world.me);
  mine.id = "my-avatar";
  $("my-avatar").replaceWith(mine);
}

function openChannel(id) {
  world.channelId = id;
  unread.delete(id);
  localStorage.setItem("sandbox-channel", id);
  showSidebar(false);
  drawFrame();
  drawLog();
  composer.placeholder();
  $("scroll").scrollTop = $("scroll").scrollHeight;
}

function showSidebar(open) {
  $("app").classList.toggle("sidebar-open", open);
  $("veil").hidden = !open;
  $("open-sidebar").setAttribute("aria-expanded", String(open));
}

// ----- messages

const shownMessages = () => [...world.messages.values()].filter(visible);

function isGrouped(message, before) {
  if (!before || message.interaction || message.referenced_message) return false;
  if (before.author.id !== message.author.id || before.sandbox.ephemeral_to !== message.sandbox.ephemeral_to) return false;
  return new Date(message.timestamp) - new Date(before.timestamp) < GROUP_MS;
}

const isNewDay = (message, before) => Boolean(before) && new Date(message.timestamp).toDateString() !== new Date(before.timestamp).toDateString();

const dayNode = (message) => el("li", { class: "day" }, new Date(message.timestamp).toLocaleDateString("en", { dateStyle: "long" }));

const draw = (message, before) => messageNode(message, { grouped: !isNewDay(message, before) && isGrouped(message, before), refresh, rerender: drawLog });

function drawLog() {
  keepingPlace(() => {
    for (const old of $("log").children) old.dataset.replaced = "1";
    const nodes = [];
    let before = null;
    const waiting = pending();
    for (const message of shownMessages()) {
      while (waiting.length && waiting[0].created_at < message.timestamp) { nodes.push(pendingNode(waiting.shift(), drawLog)); before = null; }
      if (before === null ? !nodes.length : isNewDay(message, before)) nodes.push(dayNode(message));
      nodes.push(draw(message, before));
      before = message;
    }
    $("log").replaceChildren(...nodes, ...waiting.map((each) => pendingNode(each, drawLog)));
  });
}

// Commands of this person that wait for an answer, or got none.
function pending() {
  return [...world.interactions.values()].filter((each) =>
    each.type === COMMAND && each.state !== "answered" && each.user_id === world.me.id &&
    each.channel_id === world.channelId && !world.dismissed.has(each.interaction_id));
}

// Draws one message anew, so that pictures, focus and open menus elsewhere stay.
function refresh(id) {
  const old = $("log").querySelector(`[data-message-id="${id}"]`);
  const shown = shownMessages();
  const index = shown.findIndex((each) => each.id === id);
  if (!old || index < 0) { drawLog(); return; }
  keepingPlace(() => {
    const focused = old.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    old.dataset.replaced = "1";
    const fresh = draw(shown[index], shown[index - 1]);
    old.replaceWith(fresh);
    if (focused) fresh.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
  });
}

function keepingPlace(change) {
  const box = $("scroll");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 120;
  change();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

// ----- live

const handlers = {
  snapshot(data) {
    Object.assign(world, { guild: data.guild, bot: data.bot, users: data.users, channels: data.channels, commands: data.commands });
    world.clockOffsetMs = new Date(data.now) - Date.now();
    world.messages = new Map(data.messages.map((each) => [each.id, each]));
    world.interactions = new Map(data.interactions.map((each) => [each.interaction_id, each]));
    chooseStart();
    drawFrame();
    drawLog();
    composer.placeholder();
    $("scroll").scrollTop = $("scroll").scrollHeight;
  },
  message_create(message) {
    world.messages.set(message.id, message);
    noteAuthor(message.author);
    if (message.channel_id !== world.channelId) markUnread(message);
    else if (visible(message)) drawLog();
    if (message.author.bot) $("typing").textContent = "";
  },
  message_update(message) {
    world.messages.set(message.id, message);
    if (message.channel_id === world.channelId && visible(message)) refresh(message.id);
  },
  message_delete(message) {
    world.messages.delete(message.id);
    if (message.channel_id === world.channelId) drawLog();
  },
  interaction(each) {
    if (each.type !== COMMAND) return;
    world.interactions.set(each.interaction_id, each);
    if (each.user_id === world.me.id && each.channel_id === world.channelId) drawLog();
  },
  commands(data) { world.commands = data; drawLog(); },
  clock(data) { world.clockOffsetMs = new Date(data.now) - Date.now(); tickRelativeTimes(); },
  typing(data) {
    if (data.channel_id !== world.channelId) return;
    $("typing").textContent = `${displayName(data.user)} is typing…`;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => { $("typing").textContent = ""; }, 8000);
  },
  world(data) { Object.assign(world, data); drawFrame(); },
};

function noteAuthor(user) {
  if (world.users.some((each) => each.id === user.id)) return;
  world.users.push(user);
  drawMe();
}

function markUnread(message) {
  if (message.sandbox.ephemeral_to && message.sandbox.ephemeral_to !== world.me.id) return;
  unread.add(message.channel_id);
  drawFrame();
}

function chooseStart() {
  const people = world.users.filter((user) => !user.bot);
  const user = asked.get("user") || localStorage.getItem("sandbox-user");
  world.me = people.find((each) => each.id === world.me?.id) || people.find((each) => [each.id, each.username].includes(user)) || people.find((each) => each.username === "member-1");
  const channel = asked.get("channel") || localStorage.getItem("sandbox-channel");
  const mine = world.channels.filter((each) => PLACES.includes(each.type) || each.recipient_id === world.me.id);
  const known = mine.find((each) => each.id === world.channelId) || mine.find((each) => [each.id, each.name].includes(channel));
  world.channelId = (known || mine[0]).id;
}

let socket;
function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/sandbox/live`);
  socket.onopen = () => { $("connection").textContent = ""; };
  socket.onmessage = (event) => { const { kind, data } = JSON.parse(event.data); handlers[kind]?.(data); };
  socket.onclose = () => { $("connection").textContent = "Reconnecting…"; setTimeout(connect, 700); };
}

$("user-switcher").addEventListener("change", (event) => {
  world.me = world.users.find((user) => user.id === event.target.value);
  localStorage.setItem("sandbox-user", world.me.id);
  if (currentChannel().type === 1) world.channelId = world.channels[0].id;
  drawFrame();
  drawLog();
});
$("open-sidebar").addEventListener("click", () => showSidebar(!$("app").classList.contains("sidebar-open")));
$("veil").addEventListener("click", () => showSidebar(false));
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu:not([hidden])")) if (!menu.parentNode.contains(event.target)) menu.hidden = true;
  if (!event.target.closest("#composer-area") && !composer.command) composer.close();
});
setInterval(tickRelativeTimes, 1000);
connect();
