// Pictures at full size, with zoom, and PDF files, over the page.

import { button, element, persian } from "./dom.js";

const STEPS = [1, 1.5, 2, 3, 4, 6];
let shown = { pictures: [], at: 0, zoom: 0 };

const title = element("h2", { id: "viewer-title" });
const stage = element("div", { className: "stage", tabIndex: 0, role: "region", "aria-label": "تصویر" });
const link = element("a", { target: "_blank", rel: "noopener", textContent: "برگه جدید" });
const icon = (sign, label, run) => button({ className: "icon", textContent: sign, ariaLabel: label, title: label, onclick: run });
const out = icon("−", "کوچک‌تر", () => zoomTo(shown.zoom - 1));
const into = icon("+", "بزرگ‌تر", () => zoomTo(shown.zoom + 1));
const previous = icon("→", "تصویر پیشین", () => step(-1));
const next = icon("←", "تصویر بعدی", () => step(1));
const viewer = element("dialog", { id: "viewer", "aria-labelledby": "viewer-title" },
  element("header", {}, title, out, into, previous, next, link, icon("✕", "بستن", () => viewer.close())), stage);
document.body.append(viewer);

function zoomTo(at) {
  shown.zoom = Math.max(0, Math.min(at, STEPS.length - 1));
  const picture = stage.querySelector("img");
  if (!picture) return;
  const middle = [(stage.scrollLeft + stage.clientWidth / 2) / stage.scrollWidth, (stage.scrollTop + stage.clientHeight / 2) / stage.scrollHeight];
  picture.style.setProperty("--zoom", STEPS[shown.zoom]);
  stage.classList.toggle("zoomed", shown.zoom > 0);
  stage.scrollTo(middle[0] * stage.scrollWidth - stage.clientWidth / 2, middle[1] * stage.scrollHeight - stage.clientHeight / 2);
  out.disabled = shown.zoom === 0;
  into.disabled = shown.zoom === STEPS.length - 1;
}

function step(by) {
  shown.at = Math.max(0, Math.min(shown.at + by, shown.pictures.length - 1));
  draw();
}

function draw() {
  const { file, message } = shown.pictures[shown.at];
  const pdf = file.mime === "application/pdf";
  const many = shown.pictures.length > 1;
  const name = file.name || "عکس";
  title.textContent = many ? `${name} (${persian(shown.at + 1)} از ${persian(shown.pictures.length)})` : name;
  link.href = file.url;
  for (const one of [out, into]) one.hidden = pdf;
  for (const one of [previous, next]) one.hidden = !many;
  previous.disabled = shown.at === 0;
  next.disabled = shown.at === shown.pictures.length - 1;
  stage.classList.toggle("pdf", pdf);
  if (pdf) stage.replaceChildren(element("iframe", { src: file.url, title: name }));
  else {
    const picture = element("img", { src: file.url, alt: message.text || name });
    picture.ondblclick = () => zoomTo(shown.zoom ? 0 : 2);
    stage.replaceChildren(picture);
    zoomTo(0);
  }
}

viewer.addEventListener("keydown", (event) => {
  const run = { "+": () => zoomTo(shown.zoom + 1), "=": () => zoomTo(shown.zoom + 1), "-": () => zoomTo(shown.zoom - 1), 0: () => zoomTo(0) }[event.key];
  if (run) { event.preventDefault(); run(); }
  if (!shown.zoom && shown.pictures.length > 1 && event.key.startsWith("Arrow")) step({ ArrowLeft: 1, ArrowRight: -1 }[event.key] ?? 0);
});
stage.addEventListener("wheel", (event) => {
  if (!stage.querySelector("img")) return;
  event.preventDefault();
  zoomTo(shown.zoom + (event.deltaY < 0 ? 1 : -1));
}, { passive: false });
stage.addEventListener("pointermove", (event) => {
  if (event.buttons === 1 && event.pointerType === "mouse") stage.scrollBy(-event.movementX, -event.movementY);
});
stage.addEventListener("dragstart", (event) => event.preventDefault());
viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
viewer.addEventListener("close", () => stage.replaceChildren());

// `pictures`: those among which one may step.
export function view(file, message, pictures) {
  const at = pictures.findIndex((one) => one.file.url === file.url && one.message.id === message.id);
  shown = at < 0 ? { pictures: [{ file, message }], at: 0, zoom: 0 } : { pictures, at, zoom: 0 };
  draw();
  viewer.showModal();
  stage.focus();
}
