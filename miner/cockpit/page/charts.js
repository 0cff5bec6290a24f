// The two curves over time, by Chart.js.
'use strict';
const Charts = (() => {
  const kWindow = 20;
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const time = at => new Date(at).toLocaleString(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let success, score;

  function options(percent) {
    const axis = { ticks: { color: colour('--faint'), maxRotation: 0, autoSkipPadding: 24 }, grid: { color: colour('--line') } };
    return {
      responsive: true, maintainAspectRatio: false, animation: still.matches ? false : { duration: 300 },
      interaction: { mode: 'index', intersect: false },
      scales: { x: axis, y: { ...axis, min: 0, max: 1, ticks: { ...axis.ticks, stepSize: .25, callback: v => percent ? `${Math.round(v * 100)} %` : v } } },
      plugins: { legend: { labels: { color: colour('--ink'), boxWidth: 24, boxHeight: 2 } } },
    };
  }

  const line = (label, data, tint, extra = {}) =>
    ({ label, data, borderColor: colour(tint), backgroundColor: colour(tint) + '33', borderWidth: 2, pointRadius: 0, tension: .2, spanGaps: true, clip: 6, ...extra });

  // The mean of `value` over each task and the ones before it, kWindow in all.
  function rolling(tasks, value) {
    return tasks.map((_, i) => {
      const seen = tasks.slice(Math.max(0, i + 1 - kWindow), i + 1).map(value).filter(v => v !== null);
      return seen.length ? seen.reduce((a, b) => a + b, 0) / seen.length : null;
    });
  }

  function draw(chart, id, labels, datasets, percent) {
    if (!chart) return new Chart(document.getElementById(id), { type: 'line', data: { labels, datasets }, options: options(percent) });
    chart.data = { labels, datasets };
    chart.options = options(percent);
    chart.update('none');
    return chart;
  }

  // tasks: decided, oldest first.
  function show(tasks) {
    const labels = tasks.map(t => time(t.pulled_at));
    const first = rolling(tasks, t => t.outcome === 'passed' ? 1 : 0);
    const both = rolling(tasks, t => t.outcome === 'passed' || t.outcome === 'retry_passed' ? 1 : 0);
    success = draw(success, 'plot-success', labels, [
      line('first attempt alone', first, '--second'),
      line('with the retry', both, '--accent', { fill: '-1' })], true);
    const judged = tasks.filter(t => t.score !== null && t.bytes > 0);
    score = draw(score, 'plot-score', judged.map(t => time(t.pulled_at)), [
      line('score', judged.map(t => t.score), '--second', { showLine: false, pointRadius: 2.5 }),
      line('mean of the last 20', rolling(judged, t => t.score), '--accent')], false);
    const say = (id, what, values) => {
      const last = values.length ? values[values.length - 1] : null;
      document.getElementById(id).setAttribute('aria-label', last === null ? `${what}: nothing yet` : `${what}: ${last.toFixed(2)} at last, over ${values.length} tasks`);
    };
    say('plot-success', 'Success rate over time', both);
    say('plot-score', 'Score over time', rolling(judged, t => t.score));
  }
  return { show };
})();
