import 'server-only'
import { visible } from '~/domain/foreign-text'
import type { HealthState } from '~/domain/surface/tile'

export interface BadgeFacts {
  readonly name: string
  /** A short commit or a tag; null if it is not known. */
  readonly version: string | null
  readonly health: HealthState | 'archived'
}

/** Colours with a contrast of 4.5:1 to white (WCAG 2.2, 1.4.3). The word says the same. */
const COLOURS: Readonly<Record<BadgeFacts['health'], string>> = {
  healthy: '#1f7a3d',
  unhealthy: '#b3261e',
  unreachable: '#b3261e',
  unknown: '#5f6368',
  archived: '#5f6368',
}

const [NAME_AT_MOST, VERSION_AT_MOST] = [40, 24]
const [HEIGHT, PADDING, NARROW, WIDE] = [20, 7, 6.6, 12]

/** A picture of plain shapes and texts: no script, no style, no address. It looks the same in a light and a dark page. */
export function drawBadge({ name, version, health }: BadgeFacts): string {
  const left = clipped(name, NAME_AT_MOST)
  const right = `${version === null ? 'version unknown' : clipped(version, VERSION_AT_MOST)} · ${health}`
  const [leftWidth, rightWidth] = [widthOf(left) + 2 * PADDING, widthOf(right) + 2 * PADDING]
  const width = leftWidth + rightWidth
  const title = escaped(`${left}: ${right}`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${HEIGHT}" rx="3" fill="${COLOURS[health]}"/>`,
    `<path d="M3 0h${leftWidth - 3}v${HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#33363b"/>`,
    '<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">',
    textAt(PADDING, left),
    textAt(leftWidth + PADDING, right),
    '</g></svg>\n',
  ].join('')
}

/** Whatever font the viewer has, the text takes the width that was reserved for it. */
const textAt = (x: number, text: string): string =>
  `<text x="${x}" y="14" textLength="${widthOf(text)}" lengthAdjust="spacingAndGlyphs" direction="ltr" unicode-bidi="isolate">${escaped(text)}</text>`

function clipped(text: string, limit: number): string {
  const characters = [...visible(text)]
  return characters.length <= limit ? characters.join('') : `${characters.slice(0, limit - 1).join('')}…`
}

/** East Asian characters and pictographs are about as wide as two letters. */
const WIDE_CHARACTER =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}\uFF01-\uFF60]/u
const widthOf = (text: string): number =>
  Math.ceil([...text].reduce((width, character) => width + (WIDE_CHARACTER.test(character) ? WIDE : NARROW), 0))

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
