// The player of one call: plays, seeks, skips what is muted, follows the transcript, draws the waveform. Without it the page
// has the browser's own player, and every word of the transcript.

marking();

const page = document.querySelector("[data-call]");
const audio = document.querySelector("audio");
if (page) stayIn();
if (page && audio) start();

function start() {
  const length = Number(page.dataset.durationMs) / 1000;
  const muted = JSON.parse(page.dataset.muted).map(([from, to]) => [from / 1000, to / 1000]);
  const $ = (id) => document.getElementById(id);
  const [play, clock, skip, follow, speed, slider] = ["play", "clock", "skip", "follow", "speed", "seek"].map($);
  const line = document.querySelector(".now line");

  audio.controls = false;
  document.querySelectorAll("[data-script]").forEach((element) => (element.hidden = false));

  const seek = (to) => {
    audio.currentTime = Math.min(Math.max(to, 0), length);
    show();
  };
  const toggle = () => (audio.paused ? audio.play().catch(() => {}) : audio.pause());

  // The end of the muted stretch that a time lies in; stretches less than half a second are heard through.
  const silentUntil = (at) => muted.find(([from, to]) => at >= from && at < to - 0.05 && to - from > 0.5)?.[1];

  const words = [...document.querySelectorAll(".turns [data-t]")];
  const times = words.map((word) => Number(word.dataset.t) / 1000);
  let said = null;
  function showWord(at) {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= at + 0.02) low = middle + 1;
      else high = middle;
    }
    const word = words[low - 1] ?? null;
    if (word === said) return;
    const turn = word?.closest("li");
    const before = said?.closest("li");
    said?.classList.remove("now-word");
    word?.classList.add("now-word");
    said = word;
    if (turn === before) return;
    before?.classList.remove("now-said");
    turn?.classList.add("now-said");
    if (turn && follow.checked && !audio.paused) turn.scrollIntoView({ block: "nearest" });
  }

  function show() {
    const at = audio.currentTime;
    clock.textContent = `${clockOf(at)} / ${clockOf(length)}`;
    const x = String(length > 0 ? (at / length) * 1000 : 0);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    slider.setAttribute("aria-valuenow", String(Math.round(at)));
    slider.setAttribute("aria-valuetext", `${clockOf(at)} of ${clockOf(length)}`);
    showWord(at);
  }

  function tick() {
    const until = skip.checked && !audio.paused ? silentUntil(audio.currentTime) : undefined;
    if (until !== undefined) audio.currentTime = until;
    show();
    if (!audio.paused) requestAnimationFrame(tick);
  }

  audio.addEventListener("play", () => {
    play.textContent = "Pause";
    tick();
  });
  audio.addEventListener("pause", () => (play.textContent = "Play"));
  audio.addEventListener("seeked", show);
  // Where nothing is painted, as in a page behind another, no frame comes; this does.
  audio.addEventListener("timeupdate", () => {
    const until = skip.checked && !audio.paused ? silentUntil(audio.currentTime) : undefined;
    if (until !== undefined) audio.currentTime = until;
    show();
  });
  audio.addEventListener("error", () => ($("unplayable").hidden = false));
  play.addEventListener("click", toggle);
  $("back").addEventListener("click", () => seek(audio.currentTime - 5));
  $("on").addEventListener("click", () => seek(audio.currentTime + 5));
  speed.addEventListener("change", () => (audio.playbackRate = Number(speed.value)));

  slider.addEventListener("pointerdown", (event) => {
    const to = (e) => {
      const box = slider.getBoundingClientRect();
      seek(((e.clientX - box.left) / box.width) * length);
    };
    to(event);
    slider.setPointerCapture(event.pointerId);
    slider.addEventListener("pointermove", to);
    slider.addEventListener("pointerup", () => slider.removeEventListener("pointermove", to), { once: true });
  });

  document.querySelector(".turns").addEventListener("click", (event) => {
    const word = event.target.closest("[data-t]");
    if (!word || word.closest(".mark") || String(document.getSelection())) return;
    seek(Number(word.dataset.t) / 1000);
    said?.classList.remove("now-word");
  });
  document.querySelectorAll("[data-seek]").forEach((button) =>
    button.addEventListener("click", () => seek(Number(button.dataset.seek) / 1000)),
  );

  const note = $("note-time");
  $("note-now")?.addEventListener("click", () => (note.value = clockOf(audio.currentTime)));

  const jump = (step) => {
    const starts = [...new Set([...document.querySelectorAll(".turns li[data-start]")].map((t) => Number(t.dataset.start) / 1000))];
    const at = audio.currentTime;
    const to = step > 0 ? starts.find((s) => s > at + 0.1) : starts.filter((s) => s < at - 0.6).pop();
    if (to !== undefined) seek(to);
  };
  const faster = (step) => {
    const to = speed.selectedIndex + step;
    if (to < 0 || to >= speed.options.length) return;
    speed.selectedIndex = to;
    speed.dispatchEvent(new Event("change"));
  };
  const keys = {
    " ": toggle, k: toggle, ArrowLeft: () => seek(audio.currentTime - 5), ArrowRight: () => seek(audio.currentTime + 5),
    j: () => jump(1), u: () => jump(-1), ",": () => faster(-1), ".": () => faster(1), Home: () => seek(0),
    s: () => (skip.checked = !skip.checked),
    n: () => {
      if (!note) return;
      note.value = clockOf(audio.currentTime);
      $("note-text").focus();
    },
  };
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input:not([type=checkbox]), textarea, select");
    const presses = event.key === " " && event.target.matches("button, summary, a, input");
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping || presses || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  const from = /^#t=(\d+)$/.exec(location.hash);
  if (from) {
    const begin = () => seek(Number(from[1]) / 1000);
    audio.readyState > 0 ? begin() : audio.addEventListener("loadedmetadata", begin, { once: true });
  }
  show();
  drawWaves(0);
}

// A session ends when nothing is asked of the server for a while. Whoever listens or types is there, and loses no note.
function stayIn() {
  let last = Date.now();
  const here = () => {
    if (Date.now() - last < 240_000) return;
    last = Date.now();
    fetch("/", { method: "HEAD", redirect: "manual" }).catch(() => {});
  };
  document.addEventListener("input", here);
  audio?.addEventListener("timeupdate", here);
}

// With Shift, all words from the one that was marked last to this one.
function marking() {
  const boxes = [...document.querySelectorAll(".mark input[name=word]")];
  let last = -1;
  for (const [at, box] of boxes.entries()) {
    box.addEventListener("click", (event) => {
      if (event.shiftKey && last >= 0) {
        for (const between of boxes.slice(Math.min(last, at), Math.max(last, at) + 1)) between.checked = box.checked;
      }
      last = at;
    });
  }
}

function clockOf(seconds) {
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  const s = Math.max(0, seconds);
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two((s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

// Peaks are made when a call is first looked at: until they are there, the server says to come back.
async function drawWaves(tries) {
  const file = encodeURIComponent(page.dataset.file);
  const answer = await fetch(`/calls/${page.dataset.call}/wave?file=${file}`, { headers: { accept: "application/json" } }).catch(() => null);
  if (answer?.status === 202 && tries < 60) return setTimeout(() => drawWaves(tries + 1), Math.min(400 * (tries + 1), 4000));
  if (!answer || answer.status !== 200) return;
  const { channels } = await answer.json();
  document.querySelectorAll(".lane").forEach((lane, at) => {
    const peaks = channels[at];
    if (!peaks) return;
    const step = 1000 / (peaks.length / 2);
    const y = (value) => (20 - (value / 127) * 19).toFixed(1);
    let path = "";
    for (let i = 0; i < peaks.length; i += 2) {
      const x = ((i / 2) * step).toFixed(2);
      path += `M${x} ${y(peaks[i + 1] + 0.6)}h${(step * 0.8).toFixed(2)}V${y(peaks[i] - 0.6)}H${x}z`;
    }
    lane.querySelector(".peaks").setAttribute("d", path);
    lane.dataset.drawn = "yes";
  });
}
