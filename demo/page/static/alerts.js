// What tells of new messages while one looks elsewhere: the count in the title, and a sound, which is off at first.

import { persian, remember, remembered } from "./dom.js";

const TITLE = document.title;
const toggle = document.getElementById("sound");
let on = remembered(localStorage, "sound", false);
let context;
let last = 0;

export function showCount(unread) {
  document.title = unread ? `(${persian(unread)}) ${TITLE}` : TITLE;
}

function show() {
  toggle.setAttribute("aria-pressed", on);
  toggle.title = on ? "صدا روشن است" : "صدا خاموش است";
}

export function ring() {
  // Many messages at once are one sound.
  if (!on || performance.now() - last < 700) return;
  last = performance.now();
  context ??= new AudioContext();
  const tone = context.createOscillator();
  const volume = context.createGain();
  const now = context.currentTime;
  tone.frequency.setValueAtTime(660, now);
  tone.frequency.setValueAtTime(880, now + 0.09);
  volume.gain.setValueAtTime(0.08, now);
  volume.gain.exponentialRampToValueAtTime(0.001, now + 0.35);
  tone.connect(volume).connect(context.destination);
  tone.start(now);
  tone.stop(now + 0.4);
}

toggle.onclick = () => {
  on = !on;
  remember(localStorage, "sound", on);
  show();
  ring();
};
show();
