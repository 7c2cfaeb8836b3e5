// A chat as a table: what was said, and its English beside it.

import { complain, look } from "./api.js";
import { button, clock, element } from "./dom.js";

const rows = element("div", { className: "gloss-rows", role: "log", tabIndex: 0, ariaLabel: "Transcript" });
const choice = element("select", { ariaLabel: "Phone" });
const close = button({ textContent: "✕", ariaLabel: "Close the transcript", onclick: () => { view.hidden = true; } });
const view = element("aside", { id: "transcript", className: "gloss", lang: "en", dir: "ltr", hidden: true, ariaLabel: "Transcript in English" },
  element("header", {}, element("h2", { textContent: "Transcript" }), choice, close), rows);
document.querySelector(".stage").append(view);

let phone = null;
let waiting = null;

function entry({ from_bot: bot, date, lines, buttons }) {
  const parts = lines.flatMap(([fa, en]) => [
    element("p", { lang: "fa", dir: "rtl", textContent: fa }),
    element("p", { className: en === null ? "soft" : "", textContent: en ?? "(not in the gloss)" }),
  ]);
  if (buttons.length) parts.push(element("p", { className: "gloss-buttons", lang: "fa", dir: "rtl", textContent: buttons.map((one) => `[${one}]`).join(" ") }), element("p", {}));
  return element("article", { className: bot ? "bot" : "person" },
    element("h3", {}, bot ? "bot" : "person", element("time", { textContent: clock(date) })), element("div", {}, ...parts));
}

async function draw() {
  waiting = null;
  if (view.hidden || !phone) return;
  try {
    const asked = phone;
    const { messages } = await look(`/emulators/people/${asked}/transcript`);
    // Another one was chosen meanwhile.
    if (phone !== asked) return;
    rows.replaceChildren(...messages.map(entry));
    rows.scrollTop = rows.scrollHeight;
  } catch (error) { complain(error); }
}

export async function openTranscript(id) {
  const people = await look("/emulators?phones=").then((all) => all.people, complain);
  if (!people) return;
  phone = id;
  view.hidden = false;
  choice.replaceChildren(...people.map((one) => element("option", { value: one.id, textContent: `${one.name} · ${one.role}`, selected: one.id === id })));
  await draw();
  close.focus();
}

choice.onchange = () => { phone = choice.value; draw(); };
document.addEventListener("demo", ({ detail }) => {
  const spoken = detail.person?.id === phone && detail.message;
  if ((spoken || detail.kind === "read") && !waiting) waiting = setTimeout(draw, 300);
});
