// Draws each chart of a page from data.js, in the theme that the reader chose; an ordinary script, as file:// allows no
// modules, workers or requests.
(function () {
  "use strict";
  var root = document.documentElement;
  var prefers = window.matchMedia("(prefers-color-scheme: dark)");
  var chosen = null;

  function theme() { return chosen || (prefers.matches ? "dark" : "light"); }

  function records(table) {
    return table.rows.map(function (row) {
      var record = {};
      table.columns.forEach(function (name, i) { record[name] = row[i]; });
      return record;
    });
  }

  function draw() {
    root.dataset.theme = theme();
    document.querySelectorAll(".chart").forEach(function (place) {
      var name = place.id.slice("chart-".length);
      var chart = window.REPORT.charts[name];
      var spec = JSON.parse(JSON.stringify(chart.spec));
      if (chart.data && chart.data.columns.length) { spec.data = { values: records(chart.data) }; }
      if (chart.datasets) {
        spec.datasets = {};
        Object.keys(chart.datasets).forEach(function (key) { spec.datasets[key] = records(chart.datasets[key]); });
      }
      if (!(spec.facet || spec.hconcat || spec.vconcat || spec.concat || (spec.encoding || {}).facet ||
            (spec.encoding || {}).column)) {
        spec.width = "container";
        spec.autosize = { type: "fit", contains: "padding" };
      }
      window.vegaEmbed(place, spec, {
        renderer: "svg", config: window.REPORT.themes[theme()], downloadFileName: name,
        actions: { export: true, source: false, compiled: false, editor: false }
      }).then(function (result) {
        place.dataset.drawn = "yes";
        place.view = result.view;
      }, function (error) { place.dataset.failed = String(error); console.error(name, error); });
    });
  }

  document.getElementById("theme").addEventListener("click", function () {
    chosen = theme() === "dark" ? "light" : "dark";
    draw();
  });
  prefers.addEventListener("change", draw);
  draw();
})();
