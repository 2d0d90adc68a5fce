/** Splits a byte stream into lines without ever holding more than one bounded line. */

export interface LineReader {
  /** Complete lines so far, or undefined once a line outgrew the limit. */
  push(chunk: Buffer): readonly string[] | undefined
}

export function createLineReader(maxBytes: number): LineReader {
  let parts: Buffer[] = []
  let held = 0
  return {
    push: (chunk) => {
      const lines: string[] = []
      let start = 0
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        if (held + end - start > maxBytes) return undefined
        lines.push(Buffer.concat([...parts, chunk.subarray(start, end)]).toString('utf8'))
        parts = []
        held = 0
        start = end + 1
      }
      if (start < chunk.length) {
        parts.push(chunk.subarray(start))
        held += chunk.length - start
      }
      return held > maxBytes ? undefined : lines
    },
  }
}
