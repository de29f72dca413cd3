/** Markup that is safe to send: every interpolated text was escaped. */
export interface Markup {
  readonly markup: string
}

type Part = Markup | string | number | null | undefined | false | readonly Part[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '')

const isMarkup = (part: Part): part is Markup => typeof part === 'object' && part !== null && 'markup' in part

const render = (part: Part): string => {
  if (part === null || part === undefined || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') return escapeText(String(part))
  return isMarkup(part) ? part.markup : part.map(render).join('')
}

/** A template tag that escapes interpolated text. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: strings.reduce((text, piece, index) => text + piece + render(parts[index]), ''),
})
