"use strict";

const GRAB = 14; // pixels of the screen around a point in which it is taken
const SEEN = 0.5; // at least this likely to be seen: drawn full
const DOUBT = "rgba(240, 200, 60, 0.9)";

const canvas = document.querySelector("#canvas");
const brush = canvas.getContext("2d");
const token = document.querySelector('meta[name="asmnet-token"]').content;
const button = (name) => document.querySelector(`#${name}`);

const state = {
  labels: null,
  index: 0, // which photo is shown
  picture: null,
  chosen: null, // {face, point}
  view: { scale: 1, x: 0, y: 0 }, // screen = photo * scale + (x, y)
  size: [0, 0], // of the canvas when it was last drawn
  radii: true,
  edits: [], // for each photo {undo: [], redo: [], dirty, saved}
  drag: null,
};

const photo = () => state.labels.photos[state.index];
const edit = () => state.edits[state.index];
const faces = () => photo().faces;

// A point at (0, 0) lies in the middle of the first pixel.
const toScreen = ([x, y]) => [
  (x + 0.5) * state.view.scale + state.view.x,
  (y + 0.5) * state.view.scale + state.view.y,
];
const toPhoto = ([x, y]) => [
  (x - state.view.x) / state.view.scale - 0.5,
  (y - state.view.y) / state.view.scale - 0.5,
];

function say(text, isWarning = false) {
  const status = document.querySelector("#status");
  status.textContent = text;
  status.classList.toggle("warning", isWarning);
}

// --- changes, each of which can be undone

function apply(change, side) {
  const face = faces()[change.face];
  if (change.kind === "confirm") {
    faces().forEach((one, index) => { one.confirmed = change[side][index]; });
    return;
  }
  if (change.kind === "move") face.landmarks[change.point] = [...change[side]];
  else if (change.kind === "leave") face.left_out = change[side];
  else face.landmark_visible[change.point] = change[side];
  state.chosen = { face: change.face, point: change.point };
}

function make(change) {
  apply(change, "after");
  edit().undo.push(change);
  edit().redo = [];
  edit().dirty = true;
  show();
}

function step(from, to, side) {
  const change = edit()[from].pop();
  if (!change) return;
  apply(change, side);
  edit()[to].push(change);
  edit().dirty = true;
  show();
}

const undo = () => step("undo", "redo", "before");
const redo = () => step("redo", "undo", "after");

function toggleHidden() {
  if (!state.chosen || faces()[state.chosen.face].left_out) return say("Choose a point first.");
  const { face, point } = state.chosen;
  const before = faces()[face].landmark_visible[point];
  make({ kind: "visible", face, point, before, after: before >= SEEN ? 0 : 1 });
}

function leaveOut() {
  if (!state.chosen && faces().length > 1) return say("Choose a point of the face first.");
  const { face, point } = state.chosen ?? { face: 0, point: 0 };
  const before = faces()[face].left_out;
  make({ kind: "leave", face, point, before, after: !before });
  say(before ? "The face is a label again." : "The face will not be among the labels.");
}

function confirmAll() {
  const before = faces().map((face) => Boolean(face.confirmed));
  if (before.every(Boolean)) return say("All points of this photo are confirmed already.");
  make({ kind: "confirm", before, after: before.map(() => true) });
  say("All points of this photo are confirmed as they are.");
}

function nudge(dx, dy) {
  if (!state.chosen || faces()[state.chosen.face].left_out) return;
  const { face, point } = state.chosen;
  const before = faces()[face].landmarks[point];
  const after = [before[0] + dx / state.view.scale, before[1] + dy / state.view.scale];
  make({ kind: "move", face, point, before, after });
}

// --- choosing

function choose(offset) {
  const all = faces().flatMap((f, face) => f.landmarks.map((_, point) => ({ face, point })));
  const now = all.findIndex((c) => c.face === state.chosen?.face && c.point === state.chosen?.point);
  state.chosen = all[now < 0 ? (offset > 0 ? 0 : all.length - 1) : now + offset] ?? null;
  show();
  return state.chosen !== null;
}

function chooseFace() {
  const next = state.chosen ? (state.chosen.face + 1) % faces().length : 0;
  state.chosen = { face: next, point: 0 };
  lookAtFace();
}

function nearest(place) {
  let best = null;
  let shortest = GRAB;
  faces().forEach((face, f) =>
    !face.left_out && face.landmarks.forEach((landmark, point) => {
      const [x, y] = toScreen(landmark);
      const distance = Math.hypot(x - place[0], y - place[1]);
      if (distance < shortest) [best, shortest] = [{ face: f, point }, distance];
    })
  );
  return best;
}

// --- view

function lookAt([left, top, right, bottom]) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = Math.min(width / (right - left), height / (bottom - top));
  state.view = {
    scale,
    x: width / 2 - (scale * (left + right)) / 2,
    y: height / 2 - (scale * (top + bottom)) / 2,
  };
  show();
}

const lookAtPhoto = () => lookAt([0, 0, state.picture.naturalWidth, state.picture.naturalHeight]);

function lookAtFace() {
  const { landmarks } = faces()[state.chosen?.face ?? 0];
  const [xs, ys] = [landmarks.map((p) => p[0]), landmarks.map((p) => p[1])];
  const margin = 0.2 * Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)) + 1;
  lookAt([
    Math.min(...xs) - margin,
    Math.min(...ys) - margin,
    Math.max(...xs) + margin,
    Math.max(...ys) + margin,
  ]);
}

function zoom(factor, place = [canvas.clientWidth / 2, canvas.clientHeight / 2]) {
  const { scale, x, y } = state.view;
  const to = Math.min(Math.max(scale * factor, 0.02), 80);
  state.view = {
    scale: to,
    x: place[0] - ((place[0] - x) * to) / scale,
    y: place[1] - ((place[1] - y) * to) / scale,
  };
  show();
}

// --- drawing

function draw() {
  const density = window.devicePixelRatio || 1;
  state.size = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(canvas.clientWidth * density);
  canvas.height = Math.round(canvas.clientHeight * density);
  brush.setTransform(density, 0, 0, density, 0, 0);
  const { scale, x, y } = state.view;
  if (!state.picture) return;
  brush.imageSmoothingEnabled = scale < 3;
  const { naturalWidth: width, naturalHeight: height } = state.picture;
  brush.drawImage(state.picture, x, y, width * scale, height * scale);
  faces().forEach(drawFace);
}

function drawFace(face, index) {
  const places = face.landmarks.map(toScreen);
  const lines = face.left_out
    ? [["rgba(128, 128, 128, 0.6)", 1]]
    : [["rgba(0, 0, 0, 0.5)", 3], ["rgba(90, 200, 230, 0.9)", 1.3]];
  for (const [color, width] of lines) {
    brush.strokeStyle = color;
    brush.lineWidth = width;
    brush.beginPath();
    for (const [a, b] of state.labels.edges) {
      brush.moveTo(...places[a]);
      brush.lineTo(...places[b]);
    }
    brush.stroke();
  }
  if (face.left_out) return;
  places.forEach(([x, y], point) => {
    const isChosen = state.chosen?.face === index && state.chosen?.point === point;
    if (state.radii && !face.confirmed && face.landmark_sigma[point] > 0) {
      circle(x, y, face.landmark_sigma[point] * state.view.scale, null, DOUBT);
    }
    const isSeen = face.landmark_visible[point] >= SEEN;
    circle(x, y, isChosen ? 6 : 3.5, isSeen ? (isChosen ? "#ffd23f" : "#fff") : "transparent",
      isChosen ? "#ff2f6d" : isSeen ? "#000" : "#ff8c42");
  });
}

function circle(x, y, radius, fill, stroke) {
  brush.beginPath();
  brush.arc(x, y, radius, 0, 2 * Math.PI);
  if (fill) {
    brush.fillStyle = fill;
    brush.fill();
  }
  brush.strokeStyle = stroke;
  brush.lineWidth = fill === "transparent" ? 2 : 1.2;
  brush.stroke();
}

function show() {
  draw();
  const { chosen } = state;
  const face = chosen && faces()[chosen.face];
  const which = faces().length > 1 ? ` of face ${(chosen?.face ?? 0) + 1}` : "";
  const isSeen = face && face.landmark_visible[chosen.point] >= SEEN;
  document.querySelector("#chosen").textContent = chosen
    ? `${state.labels.names[chosen.point]}${which}, ` +
      (face.left_out ? "left out" : isSeen ? "seen" : "hidden")
    : "";
  button("undo").disabled = !edit().undo.length;
  button("redo").disabled = !edit().redo.length;
  button("hide").disabled = !chosen || face.left_out;
  button("leave").disabled = !chosen && faces().length > 1;
  button("confirm").disabled = faces().every((one) => one.confirmed);
  button("save").disabled = !edit().dirty;
  button("previous").disabled = state.index === 0;
  button("next").disabled = state.index === state.labels.photos.length - 1;
  const rows = document.querySelectorAll("#photos button");
  const notes = [edit().dirty && "changed", !edit().dirty && edit().saved && "saved"].filter(Boolean);
  rows[state.index].querySelector("span").textContent = [doubtOf(photo()), ...notes].join(" · ");
}

function doubtOf(item) {
  const doubts = item.faces.filter((face) => !face.left_out).map((face) => face.doubt_percent);
  const doubt = Math.max(...doubts);
  return !doubts.length ? "left out" : doubt > 0 ? `doubt ${doubt.toFixed(1)} %` : "by hand";
}

// --- photos

function listPhotos() {
  document.querySelector("#path").textContent =
    `${state.labels.path}: the least certain first. The file is copied before it is first changed.`;
  state.labels.photos.forEach((item, index) => {
    const row = document.createElement("button");
    const note = document.createElement("span");
    row.type = "button";
    row.title = item.folder;
    note.textContent = doubtOf(item);
    row.append(item.name, note);
    row.addEventListener("click", () => go(index));
    const entry = document.createElement("li");
    entry.append(row);
    document.querySelector("#photos").append(entry);
  });
}

async function go(index) {
  if (index < 0 || index >= state.labels.photos.length) return;
  if (edit().dirty && !(await save())) return;
  state.index = index;
  state.chosen = null;
  state.picture = null;
  const rows = [...document.querySelectorAll("#photos button")];
  rows.forEach((row) => row.removeAttribute("aria-current"));
  rows[index].setAttribute("aria-current", "true");
  rows[index].scrollIntoView({ block: "nearest" });
  const picture = new Image();
  picture.src = `/photo/${index}`;
  try {
    await picture.decode();
  } catch {
    show();
    return say(`${photo().name} cannot be shown.`, true);
  }
  if (state.index !== index) return;
  state.picture = picture;
  lookAtPhoto();
  canvas.focus();
}

let lastSave = Promise.resolve(true);

function save() {
  const [index, item, its] = [state.index, photo(), edit()];
  lastSave = lastSave.then(() => store(index, item, its)); // in turn, so that the newest stays
  return lastSave;
}

async function store(index, item, its) {
  if (!its.dirty) return true;
  const body = JSON.stringify({ photo: index, faces: item.faces });
  its.dirty = false; // what changes from here on is not in the body
  its.saved = false; // what was saved before is not what is seen now
  try {
    const headers = { "Content-Type": "application/json", "X-Asmnet-Token": token };
    const reply = await fetch("/save", { method: "POST", headers, body });
    const result = await reply.json();
    if (!reply.ok) throw new Error(result.error);
    its.saved = true;
    const copies = result.copies.length ? ` What was there before: ${result.copies.join(", ")}.` : "";
    say(`Saved ${result.files.join(", ")}.${copies}`);
  } catch (error) {
    its.dirty = true;
    say(`Not saved: ${error.message}`, true);
  }
  show();
  return !its.dirty;
}

// --- mouse, pen and finger

const placeOf = (event) => {
  const frame = canvas.getBoundingClientRect();
  return [event.clientX - frame.left, event.clientY - frame.top];
};

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !state.picture) return;
  canvas.focus();
  canvas.setPointerCapture(event.pointerId);
  const place = placeOf(event);
  const found = nearest(place);
  if (found) state.chosen = found;
  const before = found && [...faces()[found.face].landmarks[found.point]];
  state.drag = { place, found, before, view: { ...state.view } };
  show();
});

canvas.addEventListener("pointermove", (event) => {
  const { drag } = state;
  if (!drag) {
    canvas.style.cursor = state.labels && nearest(placeOf(event)) ? "pointer" : "grab";
    return;
  }
  const place = placeOf(event);
  const moved = [place[0] - drag.place[0], place[1] - drag.place[1]];
  if (drag.found) {
    const { face, point } = drag.found;
    faces()[face].landmarks[point] = drag.before.map((v, i) => v + moved[i] / state.view.scale);
  } else {
    state.view = { ...drag.view, x: drag.view.x + moved[0], y: drag.view.y + moved[1] };
  }
  show();
});

function endDrag() {
  const { drag } = state;
  state.drag = null;
  if (!drag?.found) return;
  const { face, point } = drag.found;
  const after = [...faces()[face].landmarks[point]];
  if (after.every((value, i) => value === drag.before[i])) return;
  make({ kind: "move", face, point, before: drag.before, after });
}
canvas.addEventListener("pointerup", endDrag);
canvas.addEventListener("pointercancel", endDrag);

canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), placeOf(event));
  },
  { passive: false }
);

// --- keys

const KEYS = {
  a: confirmAll,
  h: toggleHidden,
  d: leaveOut,
  s: save,
  n: () => go(state.index + 1),
  p: () => go(state.index - 1),
  f: chooseFace,
  u: () => { state.radii = !state.radii; show(); },
  "+": () => zoom(1.25),
  "=": () => zoom(1.25),
  "-": () => zoom(0.8),
  0: lookAtPhoto,
  1: lookAtFace,
  Escape: () => { state.chosen = null; show(); },
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

document.addEventListener("keydown", (event) => {
  if (!state.picture || state.drag || event.altKey) return;
  if (event.ctrlKey || event.metaKey) return control(event);
  if (event.key === "Tab") {
    if (event.target === canvas && choose(event.shiftKey ? -1 : 1)) event.preventDefault();
  } else if (event.key in ARROWS && event.target === canvas) {
    const length = event.shiftKey ? 10 : 1;
    nudge(...ARROWS[event.key].map((value) => value * length));
    event.preventDefault();
  } else if (event.key in KEYS) {
    KEYS[event.key]();
    event.preventDefault();
  }
});

function control(event) {
  const key = event.key.toLowerCase();
  const action = { z: event.shiftKey ? redo : undo, y: redo, s: save }[key];
  if (!action) return;
  action();
  event.preventDefault();
}

for (const [name, action] of Object.entries({
  previous: KEYS.p, next: KEYS.n, undo, redo, hide: toggleHidden, leave: leaveOut, confirm: confirmAll, fit: lookAtPhoto, save,
})) button(name).addEventListener("click", action);

// What was in the middle stays there when the window or what stands below the photo changes.
new ResizeObserver(() => {
  if (!state.picture) return;
  const [width, height] = state.size;
  state.view.x += (canvas.clientWidth - width) / 2;
  state.view.y += (canvas.clientHeight - height) / 2;
  show();
}).observe(canvas);
window.addEventListener("beforeunload", (event) => {
  if (state.edits.some((one) => one.dirty)) event.preventDefault();
});

async function start() {
  const reply = await fetch("/labels");
  state.labels = await reply.json();
  state.edits = state.labels.photos.map(() => ({ undo: [], redo: [], dirty: false, saved: false }));
  listPhotos();
  await go(0);
}
start();
