// Talking to the emulators: requests, and the stream of what happens.

async function read(answer) {
  const body = await answer.json().catch(() => ({ error: `خطای ${answer.status}` }));
  if (!answer.ok || body.ok === false) throw new Error(body.error || `خطای ${answer.status}`);
  return body;
}

export const look = (path) => fetch(path, { cache: "no-store" }).then(read);

export const act = (path, body = {}) =>
  fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }).then(read);

export const upload = (path, form) => fetch(path, { method: "POST", body: form }).then(read);

// `again` runs at every (re)connection: whatever was missed is read anew.
export function follow(onEvent, again) {
  const stream = new EventSource("/emulators/events");
  stream.onopen = again;
  stream.onmessage = (event) => onEvent(JSON.parse(event.data));
}

const notice = document.getElementById("notice");
let hide;
export function complain(error) {
  notice.textContent = error.message || String(error);
  notice.hidden = false;
  clearTimeout(hide);
  hide = setTimeout(() => { notice.hidden = true; }, 5000);
}
