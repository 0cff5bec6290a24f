// Predicted against received scores, a plot for each kind of task; shown once something was predicted.
'use strict';
const Predictions = (() => {
  const kNames = { image: 'Pictures', text: 'Prompts' };
  const kTones = { gathering: 'warn', calibrated: 'good', broken: 'bad' };
  const kUnder = .03, kAxis = .07;  // below the least score that is shown: of refused results, and of withheld ones
  const kBreaks = { offset: 'the bias is too large', shift: 'the newest lie elsewhere than those before them', refusals: 'what seemed safe was refused' };
  const plots = new Map();  // by kind: its figure, and the chart in it
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const known = score => score.predicted !== null;
  const signed = n => `${n < 0 ? '−' : '+'}${Math.abs(n).toFixed(3)}`;
  const ended = (scores, end) => scores.filter(s => known(s) && s.end === end);

  // A group's plot in words: its state, and bias, error, how often right, and what that means for what is sent.
  function wordsFor({ calibration, sides, scores }) {
    const { state, why, pairs, offset, error } = calibration, parts = [];
    const withheld = ended(scores, 'withheld').length, waiting = ended(scores, 'waiting').length, failing = scores.filter(s => !known(s)).length;
    if (state === 'gathering') parts.push(`${times(pairs, 'accepted result')} so far of the ${count(calibration.least_pairs)} from which on bias and error are measured; until then the error is taken for ${fixed(error, 3)}.`);
    if (state === 'calibrated') parts.push(`by ${times(pairs, 'accepted result')}: received scores lie at ${signed(offset)} from the predicted ones (bias), two thirds of them within ${fixed(error, 3)} of that (error).`);
    if (state === 'broken') parts.push(`what is received fits the predictions no longer${kBreaks[why] ? `: ${kBreaks[why]}` : ''}${offset === null ? '' : ` (bias ${signed(offset)}, error ${fixed(error, 3)})`}. Has a validator changed its networks? Nothing is withheld until they are calibrated anew.`);
    if (sides.judged) parts.push(`${count(sides.right)} of ${count(sides.judged)} judged were on the predicted side of the threshold (${percent(sides.right, sides.judged)}).`);
    if (withheld) parts.push(`${times(withheld, 'result')} withheld, as ${withheld === 1 ? 'it' : 'they'} would probably be refused.`);
    if (waiting) parts.push(`${count(waiting)} not judged.`);
    if (failing) parts.push(`${count(failing)} predicted as no number, over which a validator fails.`);
    return [{ gathering: 'Gathering:', calibrated: 'Calibrated', broken: 'Broken:' }[state] || state, parts.join(' ')];
  }

  // As much of the scale as the scores need, in tenths.
  function range(scores, threshold) {
    const predicted = scores.filter(known).map(s => s.predicted), received = ended(scores, 'accepted').map(s => s.received);
    const tenth = (n, round) => round(n * 10 - (round === Math.floor ? 1e-9 : -1e-9)) / 10;
    const least = tenth(Math.min(threshold - .05, ...predicted, ...received), Math.floor);
    return { x: [Math.max(least, -.1), tenth(Math.max(1, ...predicted), Math.ceil)], low: Math.max(0, tenth(Math.min(threshold - .05, ...received), Math.floor)) };
  }

  const dots = (label, scores, y, tint, extra) => ({ label, data: scores.map(s => ({ x: s.predicted, y: y(s), score: s })), borderColor: colour(tint), backgroundColor: colour(tint) + '99',
    pointRadius: scores.length > 200 ? 2 : 3.5, pointHoverRadius: 6, pointHitRadius: 5, clip: 6, ...extra });
  const lineOf = (label, points, tint, extra = {}) => ({ label, data: points.map(([x, y]) => ({ x, y })), type: 'line', borderColor: colour(tint), borderWidth: 1.5, pointStyle: 'line', pointRadius: 0, pointHitRadius: 0, order: 1, ...extra });

  function datasets({ calibration, scores }, { x, low }, threshold) {
    const [from, to] = x, dashed = { borderDash: [5, 4] };
    return [
      dots('accepted', ended(scores, 'accepted'), s => s.received, '--good', {}),
      dots('refused: below the threshold, not known where', ended(scores, 'refused'), () => low - kUnder, '--bad', { pointStyle: 'crossRot', borderWidth: 2 }),
      dots('withheld', ended(scores, 'withheld'), () => low - kAxis, '--second', { pointStyle: 'line', rotation: 90, borderWidth: 2, pointRadius: 6, pointHoverRadius: 8, clip: false }),
      lineOf('as predicted', [[from, from], [to, to]], '--faint'),
      ...(calibration.state === 'calibrated' ? [lineOf('as calibrated', [[from, from + calibration.offset], [to, to + calibration.offset]], '--accent', dashed)] : []),
      lineOf(`threshold ${threshold}`, [[from, threshold], [threshold, threshold], [threshold, low - kAxis]], '--warn', dashed)];
  }

  const partsOf = parts => Object.entries(parts).map(([name, value]) => `${name} ${fixed(value, 3)}`).join(', ');
  const told = score => `predicted ${fixed(score.predicted, 3)}, ${score.end === 'accepted' ? `received ${fixed(score.received, 3)}` : `${score.end} (threshold ${score.threshold})`}`;

  function options({ x, low }) {
    const grid = { color: colour('--line') }, ticks = { color: colour('--faint'), maxRotation: 0 };
    const named = text => ({ display: true, text, color: colour('--faint') });
    return {
      responsive: true, maintainAspectRatio: false, animation: false, interaction: { mode: 'nearest', intersect: true },
      onClick: (_, items) => items[0]?.element.$context.raw.score && Detail.open(items[0].element.$context.raw.score.task, now),
      scales: {
        x: { type: 'linear', min: x[0], max: x[1], grid, ticks: { ...ticks, stepSize: .1 }, title: named('predicted') },
        y: { type: 'linear', min: low - kAxis, max: 1, grid, title: named('received'),
          // Below `low` there is no scale: refused and withheld results have no score.
          afterBuildTicks: scale => { scale.ticks = scale.ticks.filter(t => t.value >= low - 1e-9); }, ticks: { ...ticks, stepSize: .1, callback: v => v.toFixed(1) } },
      },
      plugins: {
        legend: { labels: { color: colour('--ink'), usePointStyle: true, boxHeight: 7, filter: (item, data) => data.datasets[item.datasetIndex].data.length > 0 } },
        tooltip: { filter: item => !!item.raw.score, callbacks: { title: items => items.length ? `Task ${items[0].raw.score.task}` : '', label: item => [told(item.raw.score), partsOf(item.raw.score.parts)] } },
      },
    };
  }

  function figureFor(kind) {
    const canvas = make('canvas', { role: 'img' }), caption = make('figcaption');
    const figure = make('figure', {}, make('h3', {}, kNames[kind] || kind), make('div', { class: 'plot tall' }, canvas), caption);
    $('predictions').append(figure);
    return { figure, canvas, caption, chart: null };
  }

  function draw(plot, group) {
    const threshold = group.scores[0].threshold, scale = range(group.scores, threshold), [state, words] = wordsFor(group);
    plot.caption.replaceChildren(make('b', { class: kTones[group.calibration.state] || 'warn' }, state), ` ${words}`);
    plot.canvas.setAttribute('aria-label', `Predicted against received scores, ${kNames[group.kind] || group.kind}. ${state} ${words}`);
    const data = { datasets: datasets(group, scale, threshold) };
    if (!plot.chart) {
      plot.chart = new Chart(plot.canvas, { type: 'scatter', data, options: options(scale) });
      return;
    }
    plot.chart.data = data;
    plot.chart.options = options(scale);
    plot.chart.update('none');
  }

  // groups: `kinds` of /api/predictions.
  function show(groups) {
    const shown = groups.filter(g => g.scores.length);
    $('predictions-section').hidden = !shown.length;
    for (const [kind, plot] of plots) {
      if (shown.some(g => g.kind === kind)) continue;
      plot.chart.destroy();
      plot.figure.remove();
      plots.delete(kind);
    }
    for (const group of shown) {
      if (!plots.has(group.kind)) plots.set(group.kind, figureFor(group.kind));
      draw(plots.get(group.kind), group);
    }
  }
  return { show };
})();
