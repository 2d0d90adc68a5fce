/** Addresses and ids for the eye: in groups of four for comparing, shortened only where nothing is decided. */

/** Groups of four from the left, `0x` counted, as the device's own screen has them. */
export function groupsOfFour(text: string): readonly string[] {
  return text.match(/.{1,4}/gsu) ?? []
}

/** Head and tail of a long id. Never for an address that a person is to approve. */
export function shortId(text: string, head: number, tail: number): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`
}

/** Hides look-alikes from the eye's weakness: control and bidirectional characters become visible boxes. */
export function visibleText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '\u25af')
}
