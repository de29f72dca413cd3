import { crc32 } from 'node:zlib'
import { expect, it } from 'vitest'
import { TOKEN_PERMISSIONS } from '~/domain/api-token'
import { isToken, newToken, shortenToken } from '~/server/tokens/token-format'

it('a token is dc_, 256 random bits and a checksum that anybody can compute', () => {
  const token = newToken()
  expect(token).toMatch(/^dc_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/)
  expect(Buffer.from(token.slice(3, 46), 'base64url')).toHaveLength(32)
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const value = [...token.slice(46)].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0)
  expect(value).toBe(crc32(token.slice(0, 46)))
})

it('a thousand tokens are all different', () => {
  expect(new Set(Array.from({ length: 1000 }, newToken)).size).toBe(1000)
})

it('a token with one changed character or two swapped ones is recognised as mistyped', () => {
  const token = newToken()
  expect(isToken(token)).toBe(true)
  const characters = [...token]
  for (const [index, character] of characters.entries()) {
    const other = character === 'a' ? 'b' : 'a'
    expect(isToken(characters.with(index, other).join('')), `character ${index}`).toBe(false)
    const next = characters[index + 1]
    if (next === undefined || next === character) continue
    expect(
      isToken(
        characters
          .with(index, next)
          .with(index + 1, character)
          .join(''),
      ),
      `swap at ${index}`,
    ).toBe(false)
  }
})

it.each(['', 'dc_', 'Bearer', 'ghp_0123456789', `${newToken()} `, `${newToken()}\n`, newToken().slice(1)])(
  'the text %j is not a token',
  (text) => {
    expect(isToken(text)).toBe(false)
  },
)

it('the shown part of a token leaves more than 200 bits to guess', () => {
  const token = newToken()
  // The checksum follows from the secret, so its characters count as revealed bits.
  const revealed = (4 + 4) * 6
  expect(shortenToken(token)).toHaveLength(12)
  expect(shortenToken(token).startsWith(token.slice(0, 7))).toBe(true)
  expect(256 - revealed).toBeGreaterThan(200)
})

it('a token can neither manage tokens, members or accounts, nor approve', () => {
  for (const never of ['account.manage', 'member.manage', 'token.manage', 'deploy.approve']) {
    expect(TOKEN_PERMISSIONS).not.toContain(never)
  }
})
