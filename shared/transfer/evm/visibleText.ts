/** Foreign text as a reader must see it: what a screen would hide or turn around is written out. Pure.
 *  Controls, format characters (bidi, zero width, tags), separators other than the line feed, and private or
 *  unassigned letters become \u{…}; a literal backslash before u{ is doubled so that nothing can pretend. */

const unseen =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u{2028}\u{2029}\u{115F}\u{1160}\u{3164}\u{FFA0}\u{2800}]/gu
/** Spaces that are none of the keyboard's. */
const oddSpace = /[\u{00A0}\u{1680}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}]/gu

export interface VisibleText {
  readonly text: string
  /** True where something was written out. */
  readonly altered: boolean
}

/** Line feeds stay. */
export function visibleText(foreign: string): VisibleText {
  const text = foreign
    .replace(/\\(?=u\{)/g, '\\\\')
    .replace(unseen, (letter) => (letter === '\n' ? letter : written(letter)))
    .replace(oddSpace, written)
  return { text, altered: text !== foreign }
}

function written(letter: string): string {
  return `\\u{${letter.codePointAt(0)?.toString(16).toUpperCase()}}`
}
