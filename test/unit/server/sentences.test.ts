import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refuseDispatch, refuseWhileDeploying } from '~/domain/deploy/admission'
import { AppError } from '~/domain/errors'
import { decideFreeze } from '~/domain/freeze/decide-freeze'
import { outcomeMessage } from '~/server/deliveries/send/outcome-texts'

const HARMFUL = ['\u202e', '\u2066', '\u2068', '\u2069', '\u200f', '\u200b', '\u001b', '\u2028']
const name = fc
  .array(fc.constantFrom(...HARMFUL, 'a', 'א', 'ב', ' '), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.join(''))

/** Every sentence that contains a name, made with this one. */
function sentencesWith(text: string): string[] {
  const surface = { name: text, environment: text, confirm: text, archived: false }
  const base = { id: 'f', reason: text, until: null, since: '', by: text, byUserId: null, declaredAt: new Date(0) }
  const freeze = { ...base, kind: 'frozen' } as const
  const freezes = [freeze, { ...freeze, kind: 'locked' as const }]
  const refusals = [
    refuseDispatch({ surface: { ...surface, archived: true }, confirmation: '' }),
    refuseDispatch({ surface, confirmation: 'something else' }),
    ...decideFreeze({ surface, freezes, override: null, asker: null }).refusals,
    ...decideFreeze({ surface, freezes: [{ ...freeze, closed: true }], override: null, asker: null }).refusals,
    refuseWhileDeploying({ requestedBy: text, ref: text }),
  ]
  return refusals.map((refusal) => refusal?.message ?? '')
}

const ISOLATED = /\u2068[^\u2066-\u2069]*\u2069/gu

describe('a sentence of the server', () => {
  it('keeps its direction and hides nothing, whatever the names in it are', () => {
    fc.assert(
      fc.property(name, (text) => {
        for (const sentence of sentencesWith(text)) {
          expect(sentence).toMatch(/[a-z]{4}/)
          expect(sentence.replaceAll(ISOLATED, '')).not.toMatch(
            /[\p{Cc}\u2028\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069א-ת]/u,
          )
        }
      }),
    )
  })

  it('shows invisible characters that its author left in an error, and keeps its lines apart', () => {
    expect(new AppError('internal', 'a\u202eb\nc\u001bd').message).toBe('a⟨U+202E⟩b\nc⟨ESC⟩d')
  })
})

describe('the message to Slack', () => {
  it('names a branch and a tag as the screen does', () => {
    const message = (ref: string) =>
      outcomeMessage({ ...ended('x'), ref }, { headline: 'Failed', sentences: [] }, 'https://console.example.com')
    expect(message('refs/heads/main')).toContain('main by')
    expect(message('refs/heads/main')).not.toContain('refs/heads')
    expect(message('refs/tags/v1')).toContain('tag v1 by')
  })

  const at = new Date('2026-11-28T10:00:00Z')
  const ended = (text: string) => ({
    id: '0199aaaa-0000-7000-8000-000000000000',
    status: 'failed',
    failureDetail: `${text}\n${text}`,
    ref: text,
    sha: null,
    requestedBy: text,
    requestedAt: at,
    finishedAt: at,
    surface: { name: text, environment: text },
  })

  it('has five lines whatever the names in it are', () => {
    fc.assert(
      fc.property(name, (text) => {
        const message = outcomeMessage(
          ended(text),
          { headline: 'Failed', sentences: [] },
          'https://console.example.com',
        )
        expect(message.split('\n')).toHaveLength(5)
        expect(message.replaceAll(ISOLATED, '')).not.toMatch(
          /(?!\n)\p{Cc}|[\u2028\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/u,
        )
      }),
    )
  })
})
