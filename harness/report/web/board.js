"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a8a8a"];
  const shapes = ["circle", "square", "triangle", "diamond", "down"];
  const ns = "http://www.w3.org/2000/svg";
  const el = (tag, attrs = {}, ...children) => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v);
    e.append(...children);
    return e;
  };
  const svg = (tag, attrs = {}, ...children) => {
    const e = document.createElementNS(ns, tag);
    for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v);
    e.append(...children);
    return e;
  };
  const show = (v) => v === null || v === undefined ? "n/a" : Number(v.toPrecision(4)).toString().replace("-", "−");

  // Tables sort by their numbers, in three states: down, up, as published.
  for (const table of document.querySelectorAll("main table")) {
    const body = table.tBodies[0], published = [...body.rows];
    [...table.tHead.rows[0].cells].forEach((head, k) => {
      const button = el("button", { type: "button" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort") || "none"];
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        if (next === "none") { body.append(...published); return; }
        head.setAttribute("aria-sort", next);
        const numbers = published.some((r) => r.cells[k].dataset.v !== undefined);
        const sign = next === "ascending" ? 1 : -1;
        const key = (r) => numbers ? (r.cells[k].dataset.v === undefined ? null : Number(r.cells[k].dataset.v)) : r.cells[k].textContent;
        body.append(...[...published].sort((a, b) => {
          const x = key(a), y = key(b);
          if (x === null || y === null) return (x === null) - (y === null); // without a number: last, both ways
          return sign * (numbers ? x - y : x.localeCompare(y, "en"));
        }));
      });
    });
    if (published.length > 6) {
      const input = el("input", { type: "search", placeholder: "any text" });
      const count = el("span", { class: "count", role: "status" });
      table.parentElement.before(el("div", { class: "tools" }, el("label", {}, "Filter rows ", input), count));
      input.addEventListener("input", () => filter(table, input, count));
      table.filter = () => filter(table, input, count);
    }
  }
  const hidden = new Set(); // optimizers
  function filter(table, input, count) {
    const want = input ? input.value.toLowerCase() : "";
    let shown = 0;
    for (const r of table.tBodies[0].rows) {
      r.hidden = hidden.has(r.dataset.group) || !r.textContent.toLowerCase().includes(want);
      if (!r.hidden) shown++;
    }
    if (count) count.textContent = shown === table.tBodies[0].rows.length ? "" : `${shown} of ${table.tBodies[0].rows.length} rows`;
  }

  // One choice of optimizers for all tables and plots.
  const main = document.getElementById("board");
  const redraw = [];
  if (data.optimizers.length > 1) {
    const set = el("fieldset", {}, el("legend", {}, "Optimizers shown"));
    data.optimizers.forEach((name, i) => {
      const box = el("input", { type: "checkbox" });
      box.checked = true;
      box.addEventListener("change", () => {
        if (box.checked) hidden.delete(name); else hidden.add(name);
        for (const t of document.querySelectorAll("main table")) if (t.filter) t.filter(); else filter(t);
        for (const f of redraw) f();
      });
      const sample = svg("svg", { class: "swatch", viewBox: "-8 -8 16 16", "aria-hidden": "true" }, mark(i, 0, 0, 6));
      set.append(el("label", {}, box, sample, " " + name));
    });
    main.prepend(set);
  }

  // The trials behind a row.
  const dialog = document.getElementById("trials");
  main.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-trials]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const at = [];
    for (const part of link.dataset.trials.split(",")) {
      const [from, to] = part.split("-").map(Number);
      for (let i = from; i <= (to === undefined ? from : to); i++) at.push(i);
    }
    const body = el("tbody");
    for (const i of at.slice(0, 500)) {
      const [id, w, o, c, seed, status] = data.trials[i];
      body.append(el("tr", {}, el("th", { scope: "row" }, el("code", {}, id)), el("td", {}, data.workloads[w].name), el("td", {}, data.optimizers[o]),
        el("td", {}, data.configs[c]), el("td", { class: "n" }, String(seed)), el("td", {}, data.statuses[status]), el("td", { class: "n" }, show(data.tests[i]))));
    }
    const head = el("tr");
    for (const name of ["trial", "workload", "optimizer", "configuration", "seed", "status", "test error"]) head.append(el("th", { scope: "col" }, name));
    const close = el("button", { type: "button", class: "plain" }, "Close");
    close.addEventListener("click", () => dialog.close());
    const more = at.length > 500 ? `The first 500 of ${at.length}; all are in data.csv.` : "";
    dialog.replaceChildren(el("h2", { id: "trials-title" }, `${at.length} trial${at.length === 1 ? "" : "s"} behind ${link.textContent}`),
      el("p", {}, "Their records lie in .bench/trials/; every number is in data.csv. ", more),
      el("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Trials" }, el("table", {}, el("thead", {}, head), body)), close);
    dialog.showModal();
  });

  function mark(k, x, y, r, cls = "mark") {
    const fill = palette[k % palette.length], shape = shapes[k % shapes.length];
    const polygon = (points) => svg("polygon", { points: points.map(([a, b]) => `${x + r * a},${y + r * b}`).join(" "), fill, class: cls });
    switch (shape) {
      case "square": return svg("rect", { x: x - .9 * r, y: y - .9 * r, width: 1.8 * r, height: 1.8 * r, fill, class: cls });
      case "triangle": return polygon([[0, -1.2], [1.1, .8], [-1.1, .8]]);
      case "diamond": return polygon([[0, -1.3], [1.1, 0], [0, 1.3], [-1.1, 0]]);
      case "down": return polygon([[0, 1.2], [1.1, -.8], [-1.1, -.8]]);
      default: return svg("circle", { cx: x, cy: y, r, fill, class: cls });
    }
  }

  // Axes of a plot: linear, or logarithmic where all values are positive and a decade apart.
  const W = 720, H = 420, left = 70, right = 15, top = 15, bottom = 50;
  function axis(values, from, to) {
    let lo = Math.min(...values), hi = Math.max(...values);
    const log = lo > 0 && hi / lo > 10;
    const f = log ? Math.log10 : (v) => v;
    let a = f(lo), b = f(hi);
    const pad = (b - a) * .05 || Math.abs(a) * .05 || 1;
    a -= pad; b += pad;
    const ticks = [];
    if (log) {
      for (let e = Math.floor(a); e <= b; e++) for (const m of b - a > 2 ? [1] : [1, 2, 5]) {
        const v = m * 10 ** e;
        if (f(v) >= a && f(v) <= b) ticks.push(v);
      }
    } else {
      const raw = (b - a) / 6, unit = 10 ** Math.floor(Math.log10(raw));
      const step = [1, 2, 5, 10].find((m) => m * unit >= raw) * unit;
      for (let v = Math.ceil(a / step) * step; v <= b + 1e-9 * step; v += step) ticks.push(Math.abs(v) < 1e-9 * step ? 0 : v);
    }
    return { log, f, at: (v) => from + (f(v) - a) / (b - a) * (to - from), ticks };
  }
  function frame(plot, x, y, xname, yname) {
    for (const v of x.ticks) plot.append(svg("line", { x1: x.at(v), x2: x.at(v), y1: top, y2: H - bottom, class: "grid" }),
      svg("text", { x: x.at(v), y: H - bottom + 16, "text-anchor": "middle" }, show(v)));
    for (const v of y.ticks) plot.append(svg("line", { x1: left, x2: W - right, y1: y.at(v), y2: y.at(v), class: "grid" }),
      svg("text", { x: left - 6, y: y.at(v) + 4, "text-anchor": "end" }, show(v)));
    plot.append(svg("line", { x1: left, x2: W - right, y1: H - bottom, y2: H - bottom, class: "axis" }),
      svg("line", { x1: left, x2: left, y1: top, y2: H - bottom, class: "axis" }),
      svg("text", { x: (left + W - right) / 2, y: H - 12, "text-anchor": "middle" }, xname + (x.log ? ", log scale" : "")),
      svg("text", { x: 16, y: (top + H - bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 16 ${(top + H - bottom) / 2})` }, yname + (y.log ? ", log scale" : "")));
  }
  // Least squares through the points of a group, on the scale of the axes.
  function fit(points, x, y) {
    const xs = points.map((p) => x.f(p.x)), ys = points.map((p) => y.f(p.y)), n = xs.length;
    const mx = xs.reduce((a, b) => a + b, 0) / n, my = ys.reduce((a, b) => a + b, 0) / n;
    let sxx = 0, sxy = 0;
    for (let i = 0; i < n; i++) { sxx += (xs[i] - mx) ** 2; sxy += (xs[i] - mx) * (ys[i] - my); }
    return n < 3 || sxx === 0 ? null : (v) => my + sxy / sxx * (v - mx);
  }
  // Kendall's τ_b, as in the tables.
  function tau(points) {
    let s = 0, ux = 0, uy = 0;
    points.forEach((p, i) => points.slice(0, i).forEach((q) => {
      const a = Math.sign(p.x - q.x), b = Math.sign(p.y - q.y);
      s += a * b; ux += a * a; uy += b * b;
    }));
    return ux && uy ? s / Math.sqrt(ux * uy) : null;
  }
  const select = (label, names, chosen) => {
    const s = el("select");
    names.forEach((n, i) => s.append(new Option(n, i, i === chosen, i === chosen)));
    return [s, el("label", {}, label + " ", s)];
  };
  data.workloads.forEach((w) => {
    const section = el("section", { "aria-label": "Plots of " + w.name });
    if (w.points && w.points.length && w.x.length && w.y.length) {
      const [xs, xl] = select("across", w.x.map((a) => a.name), 0), [ys, yl] = select("up", w.y.map((a) => a.name), 0);
      const lines = el("input", { type: "checkbox" });
      lines.checked = true;
      const plot = svg("svg", { class: "plot", viewBox: `0 0 ${W} ${H}`, role: "img" }), said = el("p", { role: "status" });
      const draw = () => {
        const i = Number(xs.value), k = Number(ys.value), ax = w.x[i], ay = w.y[k];
        const points = w.points.filter((p) => !hidden.has(data.optimizers[p.o]) && p.x[i] !== null && p.y[k] !== null)
          .map((p) => ({ ...p, x: p.x[i] * ax.scale, y: p.y[k] * ay.scale }));
        plot.replaceChildren();
        const name = (a) => a.name + (a.unit ? ` (${a.unit})` : "");
        const t = tau(points);
        said.textContent = points.length ? `${name(ay)} against ${name(ax)}: ${points.length} configurations, Kendall's τ ${t === null ? "n/a" : t.toFixed(2).replace("-", "−")} (without an interval: see the tables).` : "No configuration has both.";
        plot.setAttribute("aria-label", said.textContent);
        if (!points.length) return;
        const x = axis(points.map((p) => p.x), left, W - right), y = axis(points.map((p) => p.y), H - bottom, top);
        frame(plot, x, y, name(ax), name(ay));
        if (lines.checked) data.optimizers.forEach((_, o) => {
          const of = points.filter((p) => p.o === o), f = fit(of, x, y);
          if (!f) return;
          const lo = of.reduce((a, p) => x.f(p.x) < x.f(a) ? p.x : a, of[0].x), hi = of.reduce((a, p) => x.f(p.x) > x.f(a) ? p.x : a, of[0].x);
          const py = (v) => y.at(y.log ? 10 ** f(x.f(v)) : f(x.f(v)));
          plot.append(svg("line", { x1: x.at(lo), y1: py(lo), x2: x.at(hi), y2: py(hi), stroke: palette[o % palette.length], "stroke-width": 1.5, "stroke-dasharray": "5 3" }));
        });
        for (const p of [...points].sort((a, b) => a.s - b.s)) {
          const m = mark(p.o, x.at(p.x), y.at(p.y), p.s ? 7 : 5, p.s ? "mark selected" : "mark");
          m.append(svg("title", {}, `${data.optimizers[p.o]} ${p.c}${p.s ? ", selected" : ""}: ${show(p.x)}, ${show(p.y)}, ${p.n} seed${p.n === 1 ? "" : "s"}`));
          plot.append(m);
        }
      };
      for (const e of [xs, ys, lines]) e.addEventListener("change", draw);
      redraw.push(draw);
      section.append(el("h2", {}, "Any metric against any error on ", el("code", {}, w.name)), el("div", { class: "tools" }, xl, yl, el("label", {}, lines, "a line an optimizer")), plot, said);
      draw();
    }
    if (w.curves && w.curves.length) {
      const plot = svg("svg", { class: "plot", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "Training loss by epoch of the selected configurations, a line a seed" });
      const draw = () => {
        plot.replaceChildren();
        const curves = w.curves.filter((c) => !hidden.has(data.optimizers[c.o]));
        if (!curves.length) return;
        const x = axis(curves.flatMap((c) => c.p.map((p) => p[0])), left, W - right), y = axis(curves.flatMap((c) => c.p.map((p) => p[1])), H - bottom, top);
        frame(plot, x, y, "epoch", "training loss");
        for (const c of curves) {
          const line = svg("polyline", { points: c.p.map((p) => `${x.at(p[0]).toFixed(1)},${y.at(p[1]).toFixed(1)}`).join(" "), fill: "none", stroke: palette[c.o % palette.length], "stroke-opacity": .6, "stroke-width": 1.2 });
          line.append(svg("title", {}, `${data.optimizers[c.o]}, seed ${c.seed}`));
          plot.append(line);
        }
      };
      redraw.push(draw);
      section.append(el("h2", {}, "Learning curves on ", el("code", {}, w.name)), plot,
        el("p", {}, "The loss of the batches as they were trained, selected configurations, a line a seed. It is no evaluation."));
      draw();
    }
    main.append(section);
  });
})();
