// Attachments: the grid of pictures, spoilers, files, and the full view.

import { el, icon } from "./world.js";

const images = new Map(); // kept between edits of a message so that pictures do not flicker

export const isImage = (each) => (each.content_type || "").startsWith("image/") && each.width;
const isSpoiler = (each) => each.spoiler || (each.filename || "").startsWith("SPOILER_");

export function attachments(list) {
  const pictures = list.filter(isImage);
  const files = list.filter((each) => !isImage(each));
  return [pictures.length ? grid(pictures) : null, ...files.map(file)];
}

export function grid(pictures) {
  const layout = pictures.length <= 4 ? `of-${pictures.length}` : "many";
  return el("div", { class: `grid ${layout}`, "data-testid": "attachment-grid" },
    pictures.map((each, index) => picture(each, pictures, index)));
}

function picture(each, all, index) {
  const button = el("button", {
    type: "button", class: `picture ${isSpoiler(each) ? "spoiler" : ""}`,
    "aria-label": isSpoiler(each) ? "Show the hidden picture" : `Open ${each.description || each.filename || "picture"}`,
  }, image(each));
  if (all.length === 1) fit(button, each);
  if (each.description) button.append(el("span", { class: "alt", title: each.description }, "ALT"));
  if (isSpoiler(each)) button.append(el("span", { class: "veil" }, el("span", {}, "SPOILER")));
  button.addEventListener("click", () => {
    if (!button.classList.contains("spoiler")) return openLightbox(all, index);
    button.classList.remove("spoiler");
    button.querySelector(".veil").remove();
    button.setAttribute("aria-label", `Open ${each.filename || "picture"}`);
  });
  return button;
}

// A picture on its own keeps its shape, within 550 × 400, and is not left a thumbnail.
function fit(button, each) {
  const scale = Math.min(550 / each.width, 400 / each.height, Math.max(1, 220 / each.width));
  button.style.width = `${Math.round(each.width * scale)}px`;
  button.style.aspectRatio = `${each.width} / ${each.height}`;
}

function image(each) {
  if (!images.has(each.id)) {
    const node = el("img", {
      src: each.url, alt: each.description || "", width: each.width, height: each.height,
      decoding: "async", "data-testid": "attachment-image",
    });
    images.set(each.id, node);
  }
  const kept = images.get(each.id);
  return kept.isConnected && !kept.closest("[data-replaced]") ? kept.cloneNode() : kept;
}

function file(each) {
  const size = each.size < 1024 * 1024 ? `${(each.size / 1024).toFixed(1)} KB` : `${(each.size / 1048576).toFixed(2)} MB`;
  return el("div", { class: "file", "data-testid": "attachment-file" }, icon("M6 2h8l5 5v15H6zM13 3v5h5"),
    el("div", {}, el("a", { href: each.url, download: each.filename }, each.filename), el("small", {}, size)));
}

function openLightbox(all, index) {
  const dialog = document.getElementById("lightbox");
  const each = all[index];
  const show = (step) => openLightbox(all, (index + step + all.length) % all.length);
  dialog.replaceChildren(
    el("figure", {},
      el("img", { src: each.url, alt: each.description || "" }),
      el("figcaption", {}, [each.description, each.filename, `${each.width} × ${each.height}`].filter(Boolean).join(" · "),
        " · ", el("a", { href: each.url, target: "_blank" }, "Open original"))),
    el("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => dialog.close() }, "✕"));
  if (all.length > 1) {
    dialog.append(el("button", { type: "button", class: "before", "aria-label": "Previous", onclick: () => show(-1) }, "‹"),
      el("button", { type: "button", class: "after", "aria-label": "Next", onclick: () => show(1) }, "›"));
  }
  dialog.onclick = (event) => { if (event.target.tagName === "FIGURE") dialog.close(); };
  dialog.onkeydown = (event) => {
    if (all.length > 1 && event.key === "ArrowRight") show(1);
    if (all.length > 1 && event.key === "ArrowLeft") show(-1);
  };
  if (!dialog.open) dialog.showModal();
}
