
/* One face large, and its place in the whole photo. */

const viewer = document.querySelector("#viewer");
const wholePhotos = document.querySelector("#photos")?.content;
let current = null;

function shownRows() {
  return [...table.tBodies[0].rows].filter((row) => !row.hidden);
}

/** Return the photo with a button over each of its faces. */
function wholePhoto(row) {
  const stored = wholePhotos.getElementById(`photo-${row.dataset.photo}`);
  const photo = document.importNode(stored, true);
  const [width, height] = photo.dataset.size.split(" ").map(Number);
  const percent = (share) => `${100 * share}%`;
  const others = faceRows.filter((other) => other.dataset.photo === row.dataset.photo);
  others.forEach((other, index) => {
    const [left, top, right, bottom] = other.dataset.box.split(" ").map(Number);
    const box = document.createElement("button");
    box.type = "button";
    box.className = "box";
    box.setAttribute("aria-label", `Face ${index + 1} of ${others.length}`);
    if (other === row) box.setAttribute("aria-current", "true");
    box.style.left = percent((left + 0.5) / width);
    box.style.top = percent((top + 0.5) / height);
    box.style.width = percent((right - left) / width);
    box.style.height = percent((bottom - top) / height);
    box.addEventListener("click", () => view(other));
    photo.append(box);
  });
  return photo;
}

function figuresOf(row) {
  return [...row.querySelectorAll(".figure")].map((cell) => {
    const pair = document.createElement("div");
    const [name, figure] = ["dt", "dd"].map((tag) => document.createElement(tag));
    name.textContent = cell.dataset.label;
    figure.textContent = cell.textContent;
    pair.append(name, figure);
    return pair;
  });
}

function view(row) {
  current = row;
  const rows = shownRows();
  const title = [...row.cells[0].children].map((child) => child.cloneNode(true));
  viewer.querySelector("#viewer-title").replaceChildren(...title);
  viewer.querySelector(".face").replaceChildren(row.querySelector("img").cloneNode());
  viewer.querySelector(".whole").replaceChildren(wholePhoto(row));
  viewer.querySelector(".figures").replaceChildren(...figuresOf(row));
  const place = rows.indexOf(row);
  viewer.querySelector("#viewer-place").value = place < 0 ? "filtered out" : `${place + 1} of ${rows.length}`;
  if (!viewer.open) viewer.showModal();
}

/** Show the next or the one before among the faces that pass the filters; stop at the ends. */
function step(by) {
  const rows = shownRows();
  const next = rows[rows.indexOf(current) + by];
  if (next) view(next);
}

for (const row of faceRows) {
  row.querySelector(".view").addEventListener("click", () => view(row));
}
for (const button of viewer?.querySelectorAll("[data-step]") ?? []) {
  button.addEventListener("click", () => step(Number(button.dataset.step)));
}
viewer?.querySelector("[data-close]").addEventListener("click", () => viewer.close());
viewer?.addEventListener("close", () => current.querySelector(".view").focus());
viewer?.addEventListener("keydown", ({ key }) => {
  if (key === "ArrowLeft") step(-1);
  if (key === "ArrowRight") step(1);
});
