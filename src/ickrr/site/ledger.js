// Sorts and filters the ledger. Without this script the whole table stands there.
"use strict";

(() => {
  const table = document.getElementById("ledger-table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const form = document.getElementById("filters");
  const fields = ["text", "verdict", "source"].map((name) => document.getElementById(`filter-${name}`));
  const count = document.getElementById("filter-count");

  function filter() {
    const [text, verdict, source] = fields.map((field) => field.value);
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const content = row.textContent.toLowerCase();
      row.hidden =
        (verdict !== "" && row.dataset.verdict !== verdict) ||
        (source !== "" && row.dataset.source !== source) ||
        !words.every((word) => content.includes(word));
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${rows.length} conditions`;
  }

  function key(row, column) {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  }

  function compare(a, b) {
    if (typeof a === "string") return a.localeCompare(b);
    // What is undefined comes last, whichever way the others stand.
    return Number.isNaN(a) || Number.isNaN(b) ? 0 : a - b;
  }

  function sort(column, direction) {
    const sorted = rows.map((row) => [key(row, column), row]);
    sorted.sort(([a], [b]) => Number.isNaN(a) - Number.isNaN(b) || direction * compare(a, b));
    body.append(...sorted.map(([, row]) => row));
  }

  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const ascending = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sort(column, ascending ? 1 : -1);
    });
  });

  // A link to a row that the filters hide shows all rows.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.hidden) form.reset();
  }

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  addEventListener("hashchange", reveal);
  filter();
})();
