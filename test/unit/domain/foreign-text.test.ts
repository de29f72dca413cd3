import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inSentence, isVisible, visible, visibleSentence } from '~/domain/foreign-text'

const DIRECTION = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u00AD\u200B\u2060-\u206F\uFEFF\u202A-\u202E]/u

/** Any text, with harmful characters as often as others. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\u202e',
        '\u202d',
        '\u2066',
        '\u2067',
        '\u2068',
        '\u2069',
        '\u200f',
        '\u061c',
        '\u0000',
        '\u001b',
        '\ud800',
      ),
      fc.constantFrom('\u200b', '\u200d', '\ufeff', '\u2028', '\ufe0f', '\u{e0041}', '\n', '\u00ad', '\u3164'),
      fc.constantFrom('a', 'א', 'ب', 'क', '李', '👩', '🏴', ' ', '1', '⟨'),
      fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''))

describe('foreign text', () => {
  it('shows a placeholder for each invisible character', () => {
    expect(visible('live \u202e… staging.b')).toBe('live ⟨U+202E⟩… staging.b')
    expect(visible('\u001b[31m\u0000\u007f\u0085')).toBe('⟨ESC⟩[31m⟨NUL⟩⟨DEL⟩⟨U+0085⟩')
    expect(visible('a\u200bb\ufeffc\u2028d\u{e0041}\ud800')).toBe('a⟨U+200B⟩b⟨U+FEFF⟩c⟨U+2028⟩d⟨U+E0041⟩⟨U+D800⟩')
  })

  it('leaves nothing in a sentence that could reverse or hide the words around it', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = inSentence(text)
        const inner = shown.replace(/^\u2068(.*)\u2069$/su, '$1')
        expect(inner).not.toMatch(DIRECTION)
        expect(inner).not.toMatch(UNSEEN)
      }),
      { numRuns: 1_000 },
    )
  })

  it('keeps only isolates that are closed, and shows every other direction mark', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const left = visibleSentence(text)
          .replaceAll('\n', '')
          .replace(/\u2068[^\u2066-\u2069]*\u2069/gu, '')
        expect(left).not.toMatch(DIRECTION)
        expect(left).not.toMatch(UNSEEN)
      }),
      { numRuns: 1_000 },
    )
  })

  it('shows an isolate inside a name, which could make the name look like another', () => {
    expect(visible('main\u2068\u2069')).toBe('main⟨U+2068⟩⟨U+2069⟩')
  })

  it('leaves a sentence of the console unchanged', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const sentence = `Roll back ${inSentence(text)} on Console?`
        expect(visibleSentence(sentence)).toBe(sentence)
      }),
      { numRuns: 1_000 },
    )
  })

  it('replaces noncharacters, which no XML may hold', () => {
    expect(visible('a\uFFFEb\uFFFF\uFDD0\u{1FFFE}')).toBe('a⟨U+FFFE⟩b⟨U+FFFF⟩⟨U+FDD0⟩⟨U+1FFFE⟩')
    expect(isVisible('v1\uFFFF')).toBe(false)
  })

  it('leaves a visible text unchanged', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'é', 'Ж', 'א', 'ع', '字', '👍', '👍🏽', ' ', '-', '/', '❤️') }),
        (text) => {
          expect(visible(text)).toBe(text)
          expect(isVisible(text)).toBe(true)
        },
      ),
    )
  })

  it.each(['شكراً جزيلاً', 'שלום עולם', 'می‌خواهم', 'क्‍ष', 'ශ්‍රී', '👩‍👩‍👧‍👦', '👩🏽‍🚀', '🏳️‍🌈', '🏴󠁧󠁢󠁷󠁬󠁳󠁿', '1️⃣', '❤️‍🔥', '葛󠄀'])(
    'keeps %s, whose joiners and selectors are part of the visible text',
    (text) => {
      expect(visible(text)).toBe(text)
      expect(inSentence(text).replace(/[\u2068\u2069]/g, '')).toBe(text)
    },
  )

  it('isolates letters that run from right to left, and no others', () => {
    expect(inSentence('release/1.4')).toBe('release/1.4')
    expect(inSentence('ענף')).toBe('\u2068ענף\u2069')
  })
})
