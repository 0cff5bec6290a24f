// Does it earn? One word, and why.
'use strict';
const Verdict = (() => {
  const kHour = 3600e3;
  const kTones = { good: '✓', wait: '…', warn: '!', bad: '✕' };

  // now: /api/now, or null; all, hour: counts of /api/stats, of the newest tasks and of those pulled in the last hour, or
  // null while they are not known.
  function judge(now, all, hour) {
    if (!now) return ['wait', 'connecting', ''];
    if (now.phase === 'loading') return ['wait', 'loading', 'The model is being loaded; no task is pulled yet.'];
    if (now.phase === 'draining') return ['warn', 'stopping', now.reason];
    if (now.status !== 'healthy') return ['bad', 'not earning', now.reason];
    if (!all) return ['wait', 'ready', ''];
    const judged = judgedOf(all), last = all.last_accepted;
    if (!judged) {
      return now.tasks.length ? ['wait', 'at work', all.generations ? 'Nothing is judged yet.' : 'The first task is being made; nothing is judged yet.']
        : ['wait', 'ready', all.generations + all.skipped ? 'Nothing is judged yet.' : 'No task yet: the validators are asked in turn.'];
    }
    if (!all.accepted) return ['bad', 'not earning', `${times(judged, 'result')} judged, none accepted. Look at them below.`];
    const since = Date.now() - last, recent = judgedOf(hour);
    if (since > 2 * kHour) return ['warn', 'earns nothing just now', ['The last result was accepted ', when(last), '.']];
    if (since > kHour) return ['warn', 'earns little', [`Nothing was accepted in the last hour${recent ? `, of ${times(recent, 'result')} judged` : ''}; the last time was `, when(last), '.']];
    const good = hour.accepted ? `Of the tasks of the last hour ${times(hour.accepted, 'result')} accepted${recent > hour.accepted ? ` of ${recent} judged` : ''}, mean score ${fixed(hour.mean_score, 3)}; reward` : 'Reward';
    return [now.notice ? 'warn' : 'good', 'earning', [`${good} now ${rewards(all.reward)}. The last one was accepted `, when(last), now.notice ? `. But ${now.notice}.` : '.']];
  }

  function show([tone, word, why]) {
    $('verdict').className = `verdict ${tone}`;
    $('sign').textContent = kTones[tone];
    if ($('status').textContent !== word) $('status').textContent = word;
    $('because').replaceChildren(...(Array.isArray(why) ? why : [why]));
    document.title = `${tone === 'bad' ? '⚠ ' : ''}miner: ${word}`;
  }
  return { show: (now, all, hour) => show(judge(now, all, hour)), unreached: () => show(['bad', 'not reached', 'The miner does not answer; this page tries again by itself. What stands below is of before.']) };
})();
