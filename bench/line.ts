/** One measured figure beside its peer, as `npm run bench` prints it: one JSON object a line.
 *  `ratio` is peerValue / value: above 1 we are faster (or smaller). Medians of at least five runs. */
export interface BenchLine {
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly peer: string | null
  readonly peerValue: number | null
  readonly ratio: number | null
}

/** Median of `runs` timings of `work`, in microseconds per call of `work`. */
export function medianMicroseconds(work: () => void, repeats: number, runs = 7): number {
  const timings: number[] = []
  for (let run = 0; run < runs; run++) {
    const start = process.hrtime.bigint()
    for (let n = 0; n < repeats; n++) work()
    timings.push(Number(process.hrtime.bigint() - start) / 1_000 / repeats)
  }
  timings.sort((a, b) => a - b)
  return timings[Math.floor(timings.length / 2)] ?? Number.NaN
}

/** Medians of two things that are compared, in microseconds per call. They take turns: whatever else keeps the
 *  machine busy keeps both. */
export function medianPair(
  ours: { readonly work: () => void; readonly repeats: number },
  peer: { readonly work: () => void; readonly repeats: number },
  runs = 7,
): readonly [ours: number, peer: number] {
  const timed = Array.from({ length: runs }, () =>
    [ours, peer].map(({ work, repeats }) => medianMicroseconds(work, repeats, 1)),
  )
  const medianOf = (which: 0 | 1): number => {
    const timings = timed.map((pair) => pair[which] ?? Number.NaN).sort((a, b) => a - b)
    return timings[Math.floor(timings.length / 2)] ?? Number.NaN
  }
  return [medianOf(0), medianOf(1)]
}

export function line(
  name: string,
  unit: string,
  value: number,
  peer: { readonly name: string; readonly value: number } | null,
): BenchLine {
  return {
    name,
    unit,
    value,
    peer: peer?.name ?? null,
    peerValue: peer?.value ?? null,
    ratio: peer === null ? null : peer.value / value,
  }
}
