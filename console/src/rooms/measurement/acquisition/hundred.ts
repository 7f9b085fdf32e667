// Shares of a hundred yuan in whole yuan: what is left by rounding goes to the largest remainders, so that they add up to 100.

export function ofHundred(amounts: number[]): number[] {
  const total = amounts.reduce((sum, one) => sum + one, 0);
  if (total <= 0) return amounts.map(() => 0);
  const exact = amounts.map((one) => (one * 100) / total);
  const whole = exact.map(Math.floor);
  const left = 100 - whole.reduce((sum, one) => sum + one, 0);
  const order = exact
    .map((one, at) => ({ at, rest: one - Math.floor(one) }))
    .toSorted((a, b) => b.rest - a.rest || a.at - b.at);
  for (const { at } of order.slice(0, left)) whole[at]! += 1;
  return whole;
}
