import fc from 'fast-check'
import { expect, it } from 'vitest'
import { accountKey } from '~/server/auth/accounts.sql'

it('two accounts have one key only if issuer and subject are both equal', () => {
  const issuer = fc.constantFrom('https://a.example', 'https://a.example/', 'https://a.example/b')
  const subject = fc.oneof(
    fc.string(),
    fc.tuple(issuer, fc.string()).map((parts) => parts.join(' ')),
  )
  const account = fc.tuple(issuer, subject)
  fc.assert(
    fc.property(account, account, ([issuerA, subjectA], [issuerB, subjectB]) => {
      const same = issuerA === issuerB && subjectA === subjectB
      expect(accountKey(issuerA, subjectA) === accountKey(issuerB, subjectB)).toBe(same)
    }),
  )
})
