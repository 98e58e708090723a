"use strict";
// Sorting and filtering; everything is readable without.
document.body.classList.add("script");
for (const panel of document.querySelectorAll("[data-table]")) {
  const body = panel.querySelector("tbody");
  const rows = [...body.rows];
  const key = (row, column) => {
    const cell = row.cells[column];
    const value = cell.dataset.v === undefined ? NaN : Number(cell.dataset.v);
    return Number.isNaN(value) ? cell.textContent : value;
  };
  panel.querySelector("input").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
  const heads = [...panel.querySelectorAll("th")];
  heads.forEach((head, column) => {
    const sort = () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => {
        const [x, y] = [key(a, column), key(b, column)];
        const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true });
        return down ? -order : order;
      });
      body.append(...rows);
    };
    head.dataset.sort = "";
    head.tabIndex = 0;
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
  });
}
