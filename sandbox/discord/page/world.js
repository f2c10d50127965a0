// What the page knows: people, channels, commands, messages; and who is looking.

export const world = {
  guild: "", bot: null, users: [], channels: [], commands: [],
  messages: new Map(), interactions: new Map(), dismissed: new Set(),
  me: null, channelId: null, clockOffsetMs: 0,
};

export const now = () => new Date(Date.now() + world.clockOffsetMs);
export const displayName = (user) => user?.global_name || (user?.bot ? "Easel" : user?.username) || "Somebody";
export const userById = (id) => world.users.find((user) => user.id === id);
export const channelById = (id) => world.channels.find((channel) => channel.id === id);
export const currentChannel = () => channelById(world.channelId);

export async function send(path, body) {
  const answer = await fetch(`/sandbox/${path}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.error || `the sandbox answered ${answer.status}`);
  return result;
}

// One act of the person who is looking, in the channel that is open.
export const act = (body) =>
  send("interactions", { user: world.me.username, channel: world.channelId, wait: true, ...body });

const HUES = [18, 265, 160, 205, 330, 45, 120, 230];

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function avatar(user) {
  const initials = displayName(user).split(/[\s_-]+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
  const hue = HUES[[...(user?.id || "0")].reduce((sum, digit) => sum + Number(digit), 0) % HUES.length];
  const paint = user?.bot ? "linear-gradient(140deg, #f3b071, #c9605a)" : `hsl(${hue} 42% 42%)`;
  const node = el("span", { class: "avatar", "aria-hidden": "true" }, initials);
  node.style.background = paint;
  return node;
}

export function emojiText(emoji) {
  if (!emoji) return "";
  return emoji.id ? `:${emoji.name}:` : emoji.name;
}

// Drawn, so that it does not depend on an emoji font.
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const EYE = "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z";
