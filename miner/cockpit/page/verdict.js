// Does it earn? One word, and why.
'use strict';
const Verdict = (() => {
  const kHour = 3600e3;
  const kTones = { good: '✓', wait: '…', warn: '!', bad: '✕' };

  // now: /api/now, or null; tasks: of /api/tasks, or null while they are not known; reward: as the validators last told it.
  function judge(now, tasks, reward) {
    if (!now) return ['wait', 'connecting', ''];
    if (now.phase === 'loading') return ['wait', 'loading', 'The model is being loaded; no task is pulled yet.'];
    if (now.phase === 'draining') return ['warn', 'stopping', now.reason];
    if (now.status !== 'healthy') return ['bad', 'not earning', now.reason];
    if (!tasks) return ['wait', 'ready', ''];
    const judged = tasks.filter(t => t.score !== null && t.closed_at !== null);
    const paid = judged.filter(t => t.score > 0);
    const last = paid.reduce((newest, t) => Math.max(newest, t.closed_at), 0);
    if (!last && !judged.length) {
      return now.tasks.length ? ['wait', 'at work', 'The first task is being made; nothing is judged yet.']
        : ['wait', 'ready', tasks.length ? 'Nothing is judged yet.' : 'No task yet: the validators are asked in turn.'];
    }
    if (!last) return ['bad', 'not earning', `${times(judged.length, 'result')} judged, none accepted. Look at them below.`];
    const since = Date.now() - kHour;
    const recent = judged.filter(t => t.closed_at >= since), good = recent.filter(t => t.score > 0);
    if (Date.now() - last > 2 * kHour) return ['warn', 'earns nothing just now', ['The last result was accepted ', when(last), '.']];
    if (!good.length) return ['warn', 'earns little', [`Nothing was accepted in the last hour${recent.length ? `, of ${times(recent.length, 'result')} judged` : ''}; the last time was `, when(last), '.']];
    const mean = recent.reduce((sum, t) => sum + t.score, 0) / recent.length;
    return ['good', 'earning', [`In the last hour ${times(good.length, 'result')} accepted${recent.length > good.length ? ` of ${recent.length}` : ''}, mean score ${fixed(mean, 3)}, reward now ${rewards(reward)}. The last one `, when(last), '.']];
  }

  function show([tone, word, why]) {
    $('verdict').className = `verdict ${tone}`;
    $('sign').textContent = kTones[tone];
    if ($('status').textContent !== word) $('status').textContent = word;
    $('because').replaceChildren(...(Array.isArray(why) ? why : [why]));
    document.title = `${tone === 'bad' ? '⚠ ' : ''}miner: ${word}`;
  }
  return { show: (now, tasks, reward) => show(judge(now, tasks, reward)), unreached: () => show(['bad', 'not reached', 'The miner does not answer; this page tries again by itself. What stands below is of before.']) };
})();
