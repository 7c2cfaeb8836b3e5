// One message as its reader sees it.

import { button, clock, element, now, persian, size, spoken } from "./dom.js";

// Marked pieces are found by their text: the server does not send offsets.
function words(text, spans) {
  const shown = element("p", { dir: "auto" });
  let rest = text;
  const tags = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "code", spoiler: "span", link: "a" };
  for (const span of spans) {
    const at = rest.indexOf(span.text);
    if (at < 0 || !span.text) continue;
    shown.append(rest.slice(0, at));
    const piece = element(tags[span.kind] || "span", { textContent: span.text });
    if (span.url && /^https?:/.test(span.url)) Object.assign(piece, { href: span.url, target: "_blank", rel: "noopener noreferrer" });
    shown.append(piece);
    rest = rest.slice(at + span.text.length);
  }
  shown.append(rest);
  return shown;
}

const isPicture = (file) => file.kind === "photo" || ["image/jpeg", "image/png"].includes(file.mime);

function fileLink(file, message, on) {
  const who = message.from_bot ? "سامانه" : "شما";
  const view = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    on.view(file, message);
  };
  if (file.kind === "photo") {
    const about = message.text ? `عکس: ${message.text.slice(0, 80)}` : `عکس ${who}، ساعت ${clock(message.date)}`;
    const picture = element("img", { src: file.url, alt: about, width: file.width, height: file.height, loading: "lazy", decoding: "async" });
    // Its room is kept before it has come, so that nothing below it moves.
    picture.style.setProperty("--width", `${file.width}px`);
    picture.style.setProperty("--ratio", `${file.width} / ${file.height}`);
    return element("a", { className: "picture", href: file.url, target: "_blank", rel: "noopener", onclick: view }, picture);
  }
  const name = { voice: "پیام صوتی", sticker: "استیکر" }[file.kind] || file.name || "فایل";
  const sign = { voice: "🎤", sticker: "🙂" }[file.kind] || (isPicture(file) ? "🖼" : "📄");
  const link = element("a", { className: "document", href: file.url, target: "_blank", rel: "noopener" },
    element("span", { textContent: sign, ariaHidden: "true" }),
    element("div", {}, element("bdi", { textContent: name }), element("small", { textContent: size(file.size) })));
  if (isPicture(file) || file.mime === "application/pdf") link.onclick = view;
  return link;
}

function key(one, message, on) {
  if (one.url) {
    const link = element("a", { href: one.url, target: "_blank", rel: "noopener", textContent: one.text });
    link.onclick = () => on.leave();
    return link;
  }
  const made = button({ textContent: one.text });
  if (one.data) made.dataset.press = one.data;
  made.onclick = () => (one.copy ? on.copy(one.copy) : on.tap(message, one));
  return made;
}

const TICKS = { sending: ["🕓", "در حال فرستادن"], sent: ["✓", "فرستاده شد"], taken: ["✓✓", "به سامانه رسید"], failed: ["!", "فرستاده نشد"] };

export function setTick(node, state) {
  const tick = node.querySelector(".tick");
  if (!tick || tick.dataset.state === state) return;
  tick.dataset.state = state;
  tick.replaceChildren(element("span", { textContent: TICKS[state][0], ariaHidden: "true" }), spoken(TICKS[state][1]));
  tick.title = TICKS[state][1];
}

export function quote(reply) {
  return [element("b", { textContent: reply.from_bot ? "سامانه" : "شما" }), element("bdi", { textContent: reply.text || "پیام حذف‌شده" })];
}

// What is inside a message. `on`: what its parts do, see chat.js.
function parts(message, on) {
  const bubble = element("div", { className: "bubble" });
  bubble.append(element("span", { className: "author", textContent: message.from_bot ? "سامانه:" : "شما:" }));
  if (message.forwarded) bubble.append(element("small", { className: "soft", textContent: "↪ هدایت‌شده" }));
  if (message.reply) {
    bubble.append(button({ className: "quote", tabIndex: -1, ariaLabel: `پاسخ به: ${message.reply.text}`, onclick: () => on.show(message.reply.id) }, ...quote(message.reply)));
  }
  for (const file of message.files) bubble.append(fileLink(file, message, on));
  if (message.contact) {
    bubble.append(element("div", { className: "card" }, element("span", { textContent: "👤", ariaHidden: "true" }),
      element("div", {}, element("bdi", { textContent: message.contact.first_name }), element("br"),
        element("bdi", { dir: "ltr", textContent: persian(message.contact.phone_number) }))));
  }
  if (message.text) bubble.append(words(message.text, message.spans));
  const when = element("span", { className: "when" });
  if (message.edited) when.append(element("span", { textContent: "ویرایش‌شده" }));
  when.append(element("time", { textContent: clock(message.date), dateTime: new Date(message.date * 1000).toISOString() }));
  if (!message.from_bot) when.append(element("span", { className: "tick" }));
  bubble.append(when);
  if (!message.rows.length) return [bubble];
  // Messengers lay a row from the left; it is read and walked from the right (reading-flow in the style).
  return [bubble, element("div", { className: "rows" },
    ...message.rows.map((row) => element("div", {}, ...row.map((one) => key(one, message, on)))))];
}

// `into`: the node of an earlier state of the message, which keeps its place.
export function draw(message, on, into = element("div", { tabIndex: -1 })) {
  into.className = `message${message.from_bot ? "" : " mine"}${message.rows.length ? " keyed" : ""}${into.classList.contains("fresh") ? " fresh" : ""}`;
  into.dataset.id = message.id;
  into.replaceChildren(...parts(message, on));
  into.message = message;
  if (!message.from_bot) setTick(into, message.taken ? "taken" : "sent");
  return into;
}

// A message that is on its way. `again`, `drop`: where it failed.
export function drawPending(pending, on) {
  const bubble = element("div", { className: "bubble" }, element("span", { className: "author", textContent: "شما:" }));
  if (pending.reply) bubble.append(element("div", { className: "quote" }, ...quote(pending.reply)));
  for (const name of pending.names || []) bubble.append(element("div", { className: "document" }, element("span", { textContent: "📄", ariaHidden: "true" }), element("bdi", { textContent: name })));
  const progress = pending.names && element("progress", { max: 1, value: 0, ariaLabel: "پیشرفت فرستادن فایل" });
  const cancel = pending.names && button({ className: "plain", textContent: "لغو", onclick: () => on.cancel(pending) });
  if (progress) bubble.append(element("div", { className: "progress" }, progress, element("span", { className: "percent", textContent: persian("0٪") }), cancel));
  if (pending.text) bubble.append(element("p", { dir: "auto", textContent: pending.text }));
  bubble.append(element("span", { className: "when" }, element("time", { textContent: clock(now()) }), element("span", { className: "tick" })));
  const node = element("div", { className: "message mine pending" }, bubble);
  setTick(node, "sending");
  return node;
}

export function showFailure(node, pending, words_, on) {
  setTick(node, "failed");
  node.querySelector(".progress")?.setAttribute("hidden", "");
  node.querySelector(".failure")?.remove();
  node.append(element("div", { className: "failure", role: "alert" }, element("span", { textContent: words_ }),
    button({ textContent: "دوباره", onclick: () => on.again(pending) }),
    button({ textContent: "حذف", onclick: () => on.drop(pending) })));
}

export { isPicture };
