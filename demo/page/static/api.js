// Talking to the demo's server: requests, uploads with progress, and the stream of what happens.

export const DISCONNECTED = "پیام فرستاده نشد؛ ارتباط با نسخه نمایشی قطع است.";
export const SILENT = "نسخه نمایشی پاسخ نمی‌دهد؛ دوباره تلاش می‌شود.";
const SECONDS = 20;

async function read(answer) {
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok || body.ok === false) throw new Error(body.error || "درخواست انجام نشد؛ دوباره تلاش کنید.");
  return body;
}

// What the browser says of a lost connection is English and names no remedy.
const reach = (path, options, words = DISCONNECTED, seconds = SECONDS) =>
  fetch(path, { signal: AbortSignal.timeout(seconds * 1000), ...options }).catch(() => { throw new Error(words); }).then(read);

export const look = (path) => reach(path, { cache: "no-store" }, SILENT);

export const act = (path, body = {}, words = DISCONNECTED, seconds = SECONDS) =>
  reach(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }, words, seconds);

// A module that is wanted now and then. A browser may keep in mind that it did not come: it is asked for by another name then.
export const wanted = (name) => {
  let tries = 0;
  let made = null;
  return async () => {
    made ??= import(`./${name}${tries ? `?${tries}` : ""}`).catch(() => {
      made = null;
      tries += 1;
      throw new Error("این بخش از صفحه بار نشد؛ دوباره بزنید.");
    });
    return made;
  };
};

export const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

// → {done: promise, cancel()}; `onProgress` gets 0…1.
export function upload(path, form, onProgress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", path);
    request.responseType = "json";
    request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
    request.onload = () => (request.status === 200 ? resolve(request.response) : reject(new Error(request.response?.error || "فایل فرستاده نشد؛ دوباره تلاش کنید.")));
    request.onerror = () => reject(new Error(DISCONNECTED));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}

// Used once, so that a message that is sent again after a lost answer is not doubled.
export const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join("");

const WAITS = [500, 1000, 2000, 4000];

// A WebSocket: six streams of events would take all connections that a browser opens to one address.
// Each connection begins with a "hello" event. `onState` is told true or false.
export function follow(onEvents, onState) {
  let failed = 0;
  (function connect() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/emulators/live`);
    let opened = false;
    socket.onopen = () => { opened = true; failed = 0; onState(true); };
    socket.onmessage = (event) => onEvents(JSON.parse(event.data));
    socket.onclose = () => {
      // The first try may meet a server that is still starting.
      if (opened || failed) onState(false);
      setTimeout(connect, WAITS[Math.min(failed, WAITS.length - 1)]);
      failed += 1;
    };
  })();
}

const notice = document.getElementById("notice");
let hide;
export function tell(text, bad = false) {
  notice.textContent = text;
  notice.classList.toggle("bad", bad);
  notice.hidden = false;
  clearTimeout(hide);
  hide = setTimeout(() => { notice.hidden = true; }, bad ? 8000 : 3000);
}
export const complain = (error) => { if (error.name !== "AbortError") tell(error.message || String(error), true); };

export const copy = (text) => navigator.clipboard.writeText(text).then(
  () => tell("کپی شد."),
  () => tell("مرورگر اجازه کپی نداد؛ متن را انتخاب و کپی کنید.", true),
);
