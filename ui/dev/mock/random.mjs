/** The same "random" data on every start, so that pictures can be compared. */
export function generator(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const whole = (from, to) => from + Math.floor(next() * (to - from + 1));
  const pick = (list) => list[Math.floor(next() * list.length)];
  const weighted = (pairs) => {
    let at = next() * pairs.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [value, weight] of pairs) if ((at -= weight) < 0) return value;
    return pairs[0][0];
  };
  const uuid = () => {
    const hex = (n) => Array.from({ length: n }, () => whole(0, 15).toString(16)).join('');
    return `0190${hex(4)}-${hex(4)}-7${hex(3)}-a${hex(3)}-${hex(12)}`;
  };
  return { next, whole, pick, weighted, uuid };
}
