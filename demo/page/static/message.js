// One message as its reader sees it.

const persian = (text) => String(text).replace(/[0-9]/g, (digit) => "۰۱۲۳۴۵۶۷۸۹"[digit]);

export function element(tag, props = {}, ...children) {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...children);
  return made;
}

export const clock = (seconds) =>
  persian(new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Tehran" }));

function size(bytes) {
  return bytes < 1024 * 1024 ? `${persian(Math.ceil(bytes / 1024))} کیلوبایت` : `${persian((bytes / 1048576).toFixed(1))} مگابایت`;
}

// Marked pieces are found by their text: the emulators does not send offsets.
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

function documentLink(file) {
  if (file.kind === "photo") {
    const picture = element("img", { src: file.url, alt: "عکس", width: file.width, height: file.height, loading: "lazy" });
    picture.style.height = "auto";
    return element("a", { href: file.url, target: "_blank", rel: "noopener" }, picture);
  }
  const name = { voice: "پیام صوتی", sticker: "استیکر" }[file.kind] || file.name || "فایل";
  const sign = { voice: "🎤", sticker: "🙂" }[file.kind] || "📄";
  return element("a", { className: "document", href: file.url, target: "_blank", rel: "noopener" },
    element("span", { textContent: sign, ariaHidden: "true" }),
    element("div", {}, element("bdi", { textContent: name }), element("small", { textContent: size(file.size) })));
}

function button(one, message, on) {
  if (one.url) return element("a", { href: one.url, target: "_blank", rel: "noopener", textContent: one.text });
  const made = element("button", { type: "button", textContent: one.text });
  made.onclick = () => {
    if (one.copy) return on.copy(one.copy);
    made.classList.add("spin");
    return on.tap(message, one).finally(() => made.classList.remove("spin"));
  };
  return made;
}

// `on`: {tap(message, button) → promise, copy(text)}.
export function draw(message, on) {
  const bubble = element("div", { className: "bubble" });
  if (message.forwarded) bubble.append(element("small", { className: "soft", textContent: "↪ هدایت‌شده" }));
  for (const file of message.files) bubble.append(documentLink(file));
  if (message.contact) {
    bubble.append(element("div", { className: "card" }, element("span", { textContent: "👤" }),
      element("div", {}, element("bdi", { textContent: message.contact.first_name }), element("br"),
        element("bdi", { dir: "ltr", textContent: persian(message.contact.phone_number) }))));
  }
  if (message.text) bubble.append(words(message.text, message.spans));
  const when = element("span", { className: "when" });
  if (message.edited) when.append(element("span", { textContent: "ویرایش‌شده" }));
  when.append(element("time", { textContent: clock(message.date) }));
  bubble.append(when);
  const shown = element("div", { className: `message${message.from_bot ? "" : " mine"}` }, bubble);
  shown.dataset.id = message.id;
  if (message.rows.length) {
    shown.append(element("div", { className: "rows" },
      ...message.rows.map((row) => element("div", {}, ...row.map((one) => button(one, message, on))))));
  }
  return shown;
}
