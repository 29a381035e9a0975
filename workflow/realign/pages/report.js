// Turns every packed table into one that is sorted, filtered and copied. Loads nothing from anywhere.

async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

const source = await unpack(document.getElementById("library").textContent);
const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
const { default: DataTable } = await import(address);

const isNumber = (value) => typeof value === "number";

// shown with four digits; sorted, filtered and copied as in the file
function shown(value, purpose) {
  if (value === null) return "";
  if (purpose === "display" && isNumber(value) && !Number.isInteger(value)) return String(Number(value.toPrecision(4)));
  return value;
}

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

// names with few values are chosen from a list, everything else is searched
function columnsOf({ columns, rows, best }) {
  const bold = new Set(best.map(String));
  return columns.map((title, place) => {
    const values = new Set(rows.map((row) => row[place]));
    const text = [...values].every((value) => !isNumber(value));
    const filter = text && values.size > 1 && values.size <= 40 ? "searchList" : "search";
    return {
      title,
      className: [...values].some((value) => String(value).length > 60) ? "wordy" : "",
      columnControl: [{ target: 0, content: ["order", [filter]] }],
      type: text ? "string" : "num",
      render: (value, purpose, _, cell) => {
        const said = shown(value, purpose);
        if (purpose !== "display") return said;
        const safe = String(said).replace(/[&<>"]/g, (sign) => escapes[sign]);
        return bold.has(String([cell.row, cell.col])) ? `<b>${safe}</b>` : safe;
      },
    };
  });
}

for (const table of document.querySelectorAll("table[data-rows]")) {
  const content = JSON.parse(await unpack(table.dataset.rows));
  const head = table.createTHead().insertRow();
  for (const title of content.columns) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    head.append(cell);
  }
  const few = content.rows.length <= 12;
  new DataTable(table, {
    data: content.rows,
    columns: columnsOf(content),
    order: [],
    ordering: { indicators: false, handler: false },
    paging: !few,
    pageLength: 12,
    lengthMenu: [12, 50, 200, 1000],
    autoWidth: false,
    layout: {
      topStart: { buttons: ["copyHtml5", "csvHtml5"].map((extend) => ({ extend, exportOptions: { orthogonal: "export" } })) },
      topEnd: { search: { text: "", placeholder: "filter rows" } },
      bottomStart: few ? null : "pageLength",
      bottom: few ? null : "info",
      bottomEnd: few ? null : "paging",
    },
  });
}
URL.revokeObjectURL(address);
document.documentElement.dataset.ready = "true";
