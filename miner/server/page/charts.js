// The two curves over time, by Chart.js. Never animated: what is drawn is right at once.
'use strict';
const Charts = (() => {
  const kWindow = 20;
  const kSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800].map(s => s * 1000);
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let success, score;

  // As much of a moment as tells it from its neighbours.
  function clock(at, step) {
    const date = new Date(at);
    if (step >= 86400e3) return date.toLocaleDateString(undefined, { month: 'short', day: 'numeric' });
    const midnight = date.getHours() + date.getMinutes() + date.getSeconds() === 0;
    if (midnight) return date.toLocaleDateString(undefined, { month: 'short', day: 'numeric' });
    return date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', ...(step < 60e3 ? { second: '2-digit' } : {}) });
  }

  // Round moments of local time, as many as the axis has room for.
  function ticks(scale) {
    const room = Math.max(2, Math.floor(scale.width / 110)), length = scale.max - scale.min;
    const step = kSteps.find(s => length / s <= room) || Math.ceil(length / room / 86400e3) * 86400e3;
    const zone = new Date(scale.min).getTimezoneOffset() * 60e3;
    const first = Math.ceil((scale.min - zone) / step) * step + zone;
    scale.ticks = [];
    for (let at = first; at <= scale.max; at += step) scale.ticks.push({ value: at, step });
  }

  function options(percent) {
    const axis = { ticks: { color: colour('--faint'), maxRotation: 0 }, grid: { color: colour('--line') } };
    const value = v => percent ? `${(v * 100).toFixed(1)} %` : v.toFixed(3);
    return {
      responsive: true, maintainAspectRatio: false, animation: false,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: { ...axis, type: 'linear', bounds: 'data', afterBuildTicks: ticks, ticks: { ...axis.ticks, align: 'inner', autoSkip: false, callback: (v, i, all) => clock(v, all[i].step) } },
        y: { ...axis, min: 0, max: 1, ticks: { ...axis.ticks, stepSize: .25, callback: v => percent ? `${Math.round(v * 100)} %` : v } },
      },
      plugins: {
        legend: { labels: { color: colour('--ink'), boxWidth: 24, boxHeight: 2 } },
        tooltip: { callbacks: { title: items => items.length ? new Date(items[0].parsed.x).toLocaleString() : '', label: item => `${item.dataset.label}: ${value(item.parsed.y)}` } },
      },
    };
  }

  const line = (label, data, tint, extra = {}) =>
    ({ label, data, borderColor: colour(tint), backgroundColor: colour(tint) + '55', borderWidth: 2, pointRadius: data.length === 1 ? 3 : 0, pointHitRadius: 8, spanGaps: true, clip: 6, ...extra });

  // Two are often pulled at once, and never decided at once.
  const decided = task => task.closed_at ?? task.finished_at ?? task.pulled_at;

  // The mean of `value` over each task and the ones before it, kWindow in all.
  function rolling(tasks, value) {
    return tasks.map((task, i) => {
      const seen = tasks.slice(Math.max(0, i + 1 - kWindow), i + 1).map(value);
      return { x: decided(task), y: seen.reduce((a, b) => a + b, 0) / seen.length };
    });
  }

  function draw(chart, id, datasets, percent) {
    const canvas = document.getElementById(id), empty = !datasets[0].data.length;
    canvas.parentElement.classList.toggle('empty', empty);
    if (empty) return chart;
    if (!chart) return new Chart(canvas, { type: 'line', data: { datasets }, options: options(percent) });
    chart.data = { datasets };
    chart.options = options(percent);
    chart.update('none');
    return chart;
  }

  // tasks: decided, in any order.
  function show(list) {
    const tasks = [...list].sort((a, b) => decided(a) - decided(b));
    const first = rolling(tasks, t => t.outcome === 'passed' ? 1 : 0);
    const both = rolling(tasks, t => t.outcome === 'passed' || t.outcome === 'retry_passed' ? 1 : 0);
    success = draw(success, 'plot-success', [
      line('first attempt alone', first, '--second'),
      line('with the retry', both, '--accent', { fill: '-1' })], true);
    const judged = tasks.filter(t => t.score !== null);
    const mean = rolling(judged, t => t.score);
    score = draw(score, 'plot-score', [
      line('score', judged.map(t => ({ x: decided(t), y: t.score })), '--second', { showLine: false, order: 1, borderWidth: 0, backgroundColor: colour('--second'), pointRadius: judged.length > 200 ? 2 : 3 }),
      line('mean of the last 20', mean, '--accent')], false);
    const say = (id, what, points) => {
      const last = points.length ? points[points.length - 1].y : null;
      document.getElementById(id).setAttribute('aria-label', last === null ? `${what}: nothing yet` : `${what}: ${last.toFixed(2)} at last, over ${points.length} tasks`);
    };
    say('plot-success', 'Success rate over time', both);
    say('plot-score', 'Score over time', mean);
  }
  return { show };
})();
