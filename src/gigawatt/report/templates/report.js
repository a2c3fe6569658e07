"use strict";
(() => {
  const page = JSON.parse(document.getElementById("figures").textContent);
  const root = document.documentElement;
  const config = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false };
  const paperWidth = 680;
  const month = 30.44 * 86400e3;
  const instant = (day) => Date.parse(`${String(day).slice(0, 10)}T00:00:00Z`);

  // Colours written "@ink" are those of the theme in force.
  const colour = (token) => getComputedStyle(root).getPropertyValue("--" + token.slice(1)).trim();
  const paint = (value, key) => {
    if (typeof value === "string") return value[0] === "@" && /color$/.test(key) ? colour(value) : value;
    if (Array.isArray(value)) return value;
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, paint(v, k)]));
  };

  const views = page.charts.map((chart) => {
    const node = document.querySelector(`.plot[data-chart="${chart.key}"]`);
    const cursor = document.createElement("i");
    cursor.className = "cursor";
    cursor.hidden = true;
    node.parentElement.append(cursor);
    return { ...chart, node, cursor, figure: node.closest("figure"), hidden: new Set(), reading: 0 };
  });
  const full = [...views[0].layout.xaxis.range];
  let range = [...full];

  const draw = (view, width) => {
    const data = view.data.map((trace, at) => ({
      x: page.months,
      ...paint(trace, ""),
      ...(view.switches.length ? { y: view.switches[view.reading].y[at] } : {}),
      visible: !view.hidden.has(at),
    }));
    const layout = paint(view.layout, "");
    layout.xaxis.range = [...range];
    layout.font.family = getComputedStyle(document.body).fontFamily;
    layout.width = width || view.node.clientWidth;
    // the cursor takes what is in its month, not what is near it
    const room = layout.width - layout.margin.l - layout.margin.r;
    layout.hoverdistance = Math.max(3, Math.ceil((0.5 * room * month) / (instant(range[1]) - instant(range[0]))));
    return Plotly.react(view.node, data, layout, config);
  };
  if (page.months.length === 1) {
    // a single month is drawn from its first day to its last
    const [first, last] = views[0].layout.xaxis.range;
    const twice = (y) => (y.length === 1 ? [y[0], y[0]] : y);
    page.months = [first, last];
    for (const view of views) {
      for (const trace of view.data) if (!trace.x) trace.y = twice(trace.y);
      for (const reading of view.switches) reading.y = reading.y.map(twice);
    }
  }
  const drawAll = (width) => views.forEach((view) => draw(view, width));

  // One zoom.
  const zoom = (next) => {
    range = next;
    drawAll();
  };
  const shown = (event) => {
    if (event["xaxis.autorange"]) return full;
    if (event["xaxis.range"]) return event["xaxis.range"];
    const [start, stop] = [event["xaxis.range[0]"], event["xaxis.range[1]"]];
    return start && stop ? [start, stop] : null;
  };

  // One cursor: a rule through all charts, and the values of its month in each.
  const rule = (xval) => {
    for (const { node, cursor } of views) {
      const { _size: size, xaxis } = node._fullLayout;
      const x = xaxis.d2p(xval);
      cursor.hidden = !(x >= -0.5 && x <= xaxis._length + 0.5);
      cursor.style.left = `${size.l + x}px`;
    }
  };
  let leading = null;
  const point = (source, xval) => {
    if (leading) return;
    leading = source;
    rule(xval);
    for (const { node } of views) {
      if (node !== source) Plotly.Fx.hover(node, { xval }, "xy");
    }
    leading = null;
  };
  const leave = (source) => {
    if (leading) return;
    leading = source;
    for (const { node, cursor } of views) {
      cursor.hidden = true;
      if (node !== source) Plotly.Fx.unhover(node);
    }
    leading = null;
  };

  drawAll();
  for (const view of views) {
    const { node, figure } = view;
    node.on("plotly_hover", (event) => point(node, instant(event.points[0].x)));
    node.on("plotly_unhover", () => leave(node));
    node.on("plotly_relayout", (event) => {
      const next = shown(event);
      if (next && String(next) !== String(range)) zoom([...next]);
    });
    node.on("plotly_doubleclick", () => zoom([...full]));
    let at = -1;
    node.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") leave(null);
      if (!step) return;
      event.preventDefault();
      const inside = page.months.flatMap((day, index) =>
        instant(day) >= instant(range[0]) && instant(day) <= instant(range[1]) ? [index] : []);
      if (!inside.length) return;
      const [first, last] = [inside[0], inside[inside.length - 1]];
      const from = at >= first && at <= last ? at : step > 0 ? first - 1 : last + 1;
      at = Math.min(Math.max(from + step, first), last);
      point(null, instant(page.months[at]));
    });
    node.addEventListener("blur", () => leave(null));
    for (const button of figure.querySelectorAll("[data-traces]")) {
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(on));
        for (const at of button.dataset.traces.split(",").map(Number)) {
          if (on) view.hidden.delete(at);
          else view.hidden.add(at);
        }
        draw(view);
      });
    }
    for (const button of figure.querySelectorAll("[data-switch]")) {
      button.addEventListener("click", () => {
        view.reading = Number(button.dataset.switch);
        for (const other of figure.querySelectorAll("[data-switch]")) other.setAttribute("aria-pressed", String(other === button));
        figure.querySelector(".axis").textContent = view.switches[view.reading].unit;
        draw(view);
      });
    }
  }
  document.getElementById("whole").addEventListener("click", () => zoom([...full]));

  // Any width; light, dark, paper.
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => root.classList.contains("printing") || drawAll());
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
  addEventListener("beforeprint", () => {
    root.classList.add("printing");
    drawAll(paperWidth);
  });
  addEventListener("afterprint", () => {
    root.classList.remove("printing");
    drawAll();
  });

  // The filter of the inputs.
  const filter = document.getElementById("filter");
  if (filter) {
    const rows = [...document.querySelectorAll("#inputs tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
    const count = document.getElementById("filter-count");
    filter.addEventListener("input", () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      for (const [row, text] of rows) {
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) left += 1;
      }
      count.textContent = words.length ? `${left} of ${rows.length}` : "";
    });
  }
})();
