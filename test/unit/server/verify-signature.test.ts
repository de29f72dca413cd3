import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { verifySignature } from '~/server/platform/verify-signature'

const NOW = new Date('2026-11-21T03:00:00Z')
const SECRET = `whsec_${randomBytes(32).toString('base64')}`
const BODY = Buffer.from('{ "status" : "building", "log_line": "\\u2665 – ♥" }\n')

function signed(overrides: { secret?: string; at?: Date; body?: Buffer; id?: string } = {}) {
  const { secret = SECRET, at = NOW, body = BODY, id = 'msg_1' } = overrides
  return {
    id,
    timestamp: String(Math.floor(at.getTime() / 1000)),
    signature: new Webhook(secret).sign(id, at, body.toString('utf8')),
    body,
  }
}

describe('verifying a signature', () => {
  it('accepts a signature of the standardwebhooks package', () => {
    expect(verifySignature([SECRET], signed(), NOW)).toBe('msg_1')
  })

  it('uses a secret without a prefix as its UTF-8 bytes', () => {
    const plain = 'a plain secret of more than 24 bytes – ♥'
    const message = signed({ secret: Buffer.from(plain).toString('base64') })
    expect(verifySignature([plain], message, NOW)).toBe('msg_1')
  })

  it('accepts every secret of a rotation, and any of several signatures', () => {
    const older = `whsec_${randomBytes(24).toString('base64')}`
    expect(verifySignature([SECRET, older], signed({ secret: older }), NOW)).toBe('msg_1')
    const message = signed()
    expect(verifySignature([SECRET], { ...message, signature: `v1,AAAA v2,xyz ${message.signature}` }, NOW)).toBe(
      'msg_1',
    )
  })

  it.each([
    ['no secret is configured', [] as string[], signed()],
    ['another secret signed it', [`whsec_${randomBytes(32).toString('base64')}`], signed()],
    ['the body was changed by one byte', [SECRET], { ...signed(), body: Buffer.concat([BODY, Buffer.from(' ')]) }],
    ['the id was changed', [SECRET], { ...signed(), id: 'msg_2' }],
    ['the timestamp was changed', [SECRET], { ...signed(), timestamp: String(NOW.getTime() / 1000 + 1) }],
    ['the id is missing', [SECRET], { ...signed(), id: null }],
    ['the timestamp is missing', [SECRET], { ...signed(), timestamp: null }],
    ['the timestamp is not a number', [SECRET], { ...signed(), timestamp: 'now' }],
    ['the signature is missing', [SECRET], { ...signed(), signature: null }],
    ['the signature is empty', [SECRET], { ...signed(), signature: '' }],
    [
      'the signature is of another version',
      [SECRET],
      { ...signed(), signature: signed().signature.replace('v1,', 'v2,') },
    ],
    ['the signature is shortened', [SECRET], { ...signed(), signature: signed().signature.slice(0, -8) }],
    ['the message is more than five minutes old', [SECRET], signed({ at: new Date(NOW.getTime() - 301_000) })],
    ['the message is more than five minutes ahead', [SECRET], signed({ at: new Date(NOW.getTime() + 301_000) })],
  ])('refuses a message if %s', (_, secrets, message) => {
    expect(verifySignature(secrets, message, NOW)).toBeNull()
  })

  it('accepts a message that is exactly five minutes old', () => {
    expect(verifySignature([SECRET], signed({ at: new Date(NOW.getTime() - 300_000) }), NOW)).toBe('msg_1')
  })
})
