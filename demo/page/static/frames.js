// Work for the screen is done once a frame and for a few milliseconds only; the rest waits for the next frame.

const BUDGET = 8;
const jobs = new Set();
let asked = false;

// `job(deadline)` → true where more is left for the next frame.
export function nextFrame(job) {
  jobs.add(job);
  if (asked) return;
  asked = true;
  // A hidden page has no frames.
  if (document.hidden) setTimeout(run, 100);
  else requestAnimationFrame(run);
}

function run() {
  asked = false;
  const deadline = performance.now() + BUDGET;
  for (const job of [...jobs]) {
    jobs.delete(job);
    if (job(deadline)) nextFrame(job);
  }
}
// A frame that was asked for does not come once the page is hidden.
document.addEventListener("visibilitychange", () => { if (jobs.size) document.hidden ? setTimeout(run, 100) : run(); });
