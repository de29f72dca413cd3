import { visible } from '~/domain/foreign-text'

export type AnsiColour = 'black' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'white'

export interface AnsiSpan {
  readonly text: string
  readonly colour: AnsiColour | null
  readonly bold: boolean
  readonly underline: boolean
}

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const
const ESC = '\u001b'

/**
 * Escape sequences of a terminal (ECMA-48, 5.4): a control sequence, whose parameters and last byte are caught; a string such as
 * the title of a window, up to its end; any other, of two bytes or more.
 */
const SEQUENCE = new RegExp(
  `${ESC}\\[([0-?]*)[ -/]*([@-~])|${ESC}[\\]PX^_][^\\u0007${ESC}]*(?:\\u0007|${ESC}\\\\)?|${ESC}[ -/]*[0-~]`,
  'g',
)

type Style = Omit<AnsiSpan, 'text'>
const PLAIN: Style = { colour: null, bold: false, underline: false }

/**
 * Splits a log line into spans of one style each. Background colours are dropped, so that every span is readable. Other
 * sequences are dropped, and other control characters are shown as placeholders.
 */
export function ansiSpans(line: string): readonly AnsiSpan[] {
  const spans: AnsiSpan[] = []
  let style = PLAIN
  let end = 0
  const add = (text: string) => {
    if (text !== '') spans.push({ ...style, text: text.split('\t').map(visible).join('\t') })
  }
  for (const found of line.matchAll(SEQUENCE)) {
    const [sequence, parameters, last] = found
    add(line.slice(end, found.index))
    if (last === 'm') style = restyled(style, parameters ?? '')
    end = found.index + sequence.length
  }
  add(line.slice(end))
  return spans
}

/** Select Graphic Rendition (ECMA-48, 8.3.117). */
function restyled(before: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(Number)
  let style = before
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index] ?? 0
    if (code === 0) style = PLAIN
    else if (code === 1) style = { ...style, bold: true }
    else if (code === 22) style = { ...style, bold: false }
    else if (code === 4) style = { ...style, underline: true }
    else if (code === 24) style = { ...style, underline: false }
    else if (code === 39) style = { ...style, colour: null }
    else if (code >= 30 && code <= 37) style = { ...style, colour: COLOURS[code - 30] ?? null }
    else if (code >= 90 && code <= 97) style = { ...style, colour: COLOURS[code - 90] ?? null }
    else if (code === 38 || code === 48) {
      const indexed = codes[index + 1] === 5
      if (code === 38)
        style = { ...style, colour: indexed ? ofPalette(codes[index + 2] ?? 0) : ofRgb(codes.slice(index + 2)) }
      index += indexed ? 2 : 4
    }
  }
  return style
}

/** Of the 256 colours: sixteen by name, a cube of six steps a side, and greys. */
function ofPalette(number: number): AnsiColour | null {
  if (number < 16) return COLOURS[number % 8] ?? null
  if (number > 231) return null
  const cell = number - 16
  return ofRgb([Math.floor(cell / 36), Math.floor(cell / 6) % 6, cell % 6].map((step) => step * 51))
}

/** The nearest of the named colours, which have enough contrast in both themes. */
function ofRgb(channels: readonly number[]): AnsiColour | null {
  const strongest = Math.max(...channels.slice(0, 3), 0)
  if (strongest === 0) return 'black'
  const bits = channels.slice(0, 3).reduce((sum, channel, index) => sum + (channel > strongest / 2 ? 2 ** index : 0), 0)
  return COLOURS[bits] ?? null
}
