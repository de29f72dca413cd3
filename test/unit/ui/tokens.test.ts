import { expect, it } from 'vitest'
import { permissionWords, tokenReachWords } from '~/ui/tokens/token-words'

it('says what a token may do in one line, and shows what a newer version wrote as it is stored', () => {
  expect(permissionWords(['deploy.dispatch', 'deploy.read'])).toBe('Deploy, read deploys and their logs')
  expect(permissionWords(['audit.read', 'moon.land'])).toBe('Read the audit trail, moon.land')
})

it.each([
  [{ environments: [], surfaces: null }, null],
  [{ environments: ['staging'], surfaces: null }, 'all of staging'],
  [{ environments: ['staging', 'production'], surfaces: null }, 'all of staging and production'],
  [{ environments: ['staging'], surfaces: ['api-staging', 'console-staging'] }, 'api-staging, console-staging only'],
])('%j reaches %s', (scope, words) => {
  expect(tokenReachWords(scope)).toBe(words)
})
