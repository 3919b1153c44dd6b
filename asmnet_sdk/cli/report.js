"use strict";

const table = document.querySelector("table[role]");
const names = new Intl.Collator(undefined, { numeric: true });

/** Compare two cells by number where the column has numbers, else by text; empty ones come last. */
function compare(first, second, direction) {
  const [a, b] = [first.dataset.value, second.dataset.value];
  if (a === "" || b === "") return (a === "") - (b === "");
  const isText = first.classList.contains("photo");
  return direction * (isText ? names.compare(a, b) : Number(a) - Number(b));
}

function sortBy(header) {
  const direction = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const rows = [...table.tBodies[0].rows];
  const cell = (row) => row.cells[header.cellIndex];
  rows.sort((a, b) => compare(cell(a), cell(b), direction));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
  table.tBodies[0].append(...rows);
}

for (const button of table?.querySelectorAll("th button") ?? []) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}
