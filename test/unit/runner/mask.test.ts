import { expect, test } from 'vitest'
import { createMask } from '~/sandbox/runner/mask'

const secret = 'p@ss"word/with+signs'

test('a secret is masked wherever it appears, whole or as one of its lines', () => {
  const { hide } = createMask([secret, 'first line\nsecond line'])
  expect(hide(`token=${secret}; again ${secret}`)).toBe('token=***; again ***')
  expect(hide('here is the second line of it')).toBe('here is the *** of it')
})

test('a secret is masked in its JSON, URL and base64 forms', () => {
  const { hide } = createMask([secret])
  expect(hide(JSON.stringify({ secret }))).toBe('{"secret":"***"}')
  expect(hide(`?q=${encodeURIComponent(secret)}`)).toBe('?q=***')
  for (const prefix of ['', 'a', 'ab']) {
    const encoded = Buffer.from(`${prefix}${secret}tail`).toString('base64')
    expect(hide(encoded)).not.toBe(encoded)
  }
})

test('a secret inside a longer secret leaves no part of the longer one', () => {
  expect(createMask(['abcd', 'abcdefgh']).hide('x abcdefgh y')).toBe('x *** y')
})

test('an empty secret masks nothing, and a secret that is added later is masked from then on', () => {
  const mask = createMask([''])
  expect(mask.hide('nothing here')).toBe('nothing here')
  mask.add('nothing')
  expect(mask.hide('nothing here')).toBe('*** here')
})
