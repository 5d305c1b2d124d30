"use strict";

// Charts: drawn by Vega with its interpreter (`ast`), so that the page needs no eval.
const specs = JSON.parse(document.getElementById("specs").textContent);
const tooltip = { disableDefaultStyle: true };
const drawn = Object.entries(specs).map(([id, spec]) =>
  drawChart(`#${id}`, spec, { actions: false, renderer: "svg", ast: true, defaultStyle: false, tooltip })
);
Promise.allSettled(drawn).then((results) => {
  for (const { reason } of results.filter((result) => result.status === "rejected")) console.error(reason);
  document.documentElement.dataset.charts = results.every((result) => result.status === "fulfilled") ? "drawn" : "failed";
});

// Tables: a button in each heading sorts by its column; a second press turns the order round.
// Unknown values stay last either way, and totals are in the foot, which does not move.
const collator = new Intl.Collator("en", { numeric: true });

function compare(left, right, isNumber, sign) {
  const a = left.dataset.value, b = right.dataset.value;
  if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
  return sign * (isNumber ? Number(a) - Number(b) : collator.compare(a, b));
}

function sortBy(heading) {
  const table = heading.closest("table"), body = table.tBodies[0];
  const column = heading.cellIndex, isNumber = !heading.classList.contains("text");
  // Numbers begin with the largest, names with the first.
  const first = isNumber ? "descending" : "ascending", second = isNumber ? "ascending" : "descending";
  const order = heading.getAttribute("aria-sort") === first ? second : first;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...body.rows].sort((x, y) => compare(x.cells[column], y.cells[column], isNumber, sign));
  body.append(...rows);
}

for (const heading of document.querySelectorAll("thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...heading.childNodes);
  button.addEventListener("click", () => sortBy(heading));
  heading.append(button);
}
