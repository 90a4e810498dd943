// Shows the numbers under the pointer, and what an event said. The page is whole without it.
(() => {
  const numbers = JSON.parse(document.getElementById("numbers").textContent);
  const chart = document.querySelector(".chart");
  const tip = document.querySelector(".tip");
  const crosshair = document.querySelector(".crosshair");
  const start = Number(chart.dataset.start), end = Number(chart.dataset.end);

  const time = (seconds) => new Date(seconds * 1000).toLocaleString("en-GB", {
    timeZone: "UTC", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
  }) + " UTC";
  const value = (one) => one == null ? "–"
    : Math.abs(one) >= 1000 ? Math.round(one).toLocaleString("en-US") : String(Number(one.toPrecision(4)));

  // The last row at or before a moment; none where it is older than the limit.
  const at = (rows, moment, oldest) => {
    let low = 0, high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle][0] <= moment) low = middle + 1; else high = middle;
    }
    const row = rows[low - 1];
    return row && moment - row[0] < oldest ? row : null;
  };

  const show = (x, y) => {
    tip.style.display = "block";
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(6, x + 16 + box.width > innerWidth ? x - box.width - 16 : x + 16) + "px";
    tip.style.top = Math.max(6, Math.min(y + 14, innerHeight - box.height - 6)) + "px";
  };
  const hide = () => { tip.style.display = crosshair.style.display = "none"; };
  const write = (title, rows) => {
    tip.replaceChildren();
    const head = document.createElement("b");
    head.textContent = title;
    tip.append(head);
    for (const [name, text] of rows) {
      const row = document.createElement("div");
      for (const part of [name, text]) row.append(Object.assign(document.createElement("span"), { textContent: part }));
      tip.append(row);
    }
  };

  const rowsAt = (moment) => {
    const rows = [];
    const seen = at(numbers.series, moment, numbers.step);
    if (seen) rows.push(["observed", value(seen[1])]);
    const forecast = at(numbers.forecasts, moment, numbers.step);
    if (forecast) {
      rows.push([`forecast by v${forecast[4]}`, value(forecast[2])]);
      rows.push([`${numbers.band} band`, `${value(forecast[1])} to ${value(forecast[3])}`]);
    }
    const verdict = at(numbers.measured, moment, 21600);
    if (verdict) {
      rows.push(["loss", verdict[1].toFixed(3)], ["baseline", verdict[2].toFixed(3)], ["limit", verdict[3].toFixed(3)]);
    }
    const covered = at(numbers.coverage, moment, 21600);
    if (covered) rows.push(["inside the band", Math.round(covered[1] * 100) + " %"]);
    return rows;
  };

  chart.addEventListener("pointermove", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) return;
    const panel = chart.querySelector(".panel").getBoundingClientRect();
    const share = (event.clientX - panel.left) / panel.width;
    if (share < 0 || share > 1) return hide();
    const moment = start + share * (end - start);
    crosshair.style.display = "block";
    crosshair.style.left = event.clientX - chart.getBoundingClientRect().left + "px";
    write(time(moment), rowsAt(moment));
    show(event.clientX, event.clientY);
  });
  chart.addEventListener("pointerleave", hide);
  for (const mark of chart.querySelectorAll(".mark")) {
    const tell = () => {
      crosshair.style.display = "none";
      const [first, ...rest] = mark.dataset.told.split("\n");
      write(first, rest.map((text) => [text, ""]));
      const box = mark.getBoundingClientRect();
      show(box.left, box.bottom);
    };
    mark.addEventListener("pointerenter", tell);
    mark.addEventListener("focus", tell);
    mark.addEventListener("pointerleave", hide);
    mark.addEventListener("blur", hide);
  }
})();
