import { expect, it } from 'vitest'
import { permissionWords, tokenReachWords } from '~/ui/tokens/token-words'

it('a token’s permissions are worded in one line, and unknown permissions are shown as stored', () => {
  expect(permissionWords(['deploy.dispatch', 'deploy.read'])).toBe('Deploy, read deploys and their logs')
  expect(permissionWords(['audit.read', 'moon.land'])).toBe('Read the audit trail, moon.land')
})

it.each([
  [{ environments: [], surfaces: null }, null],
  [{ environments: ['staging'], surfaces: null }, 'all of staging'],
  [{ environments: ['staging', 'production'], surfaces: null }, 'all of staging and production'],
  [{ environments: ['staging'], surfaces: ['api-staging', 'console-staging'] }, 'api-staging, console-staging only'],
])('the scope %j is worded as "%s"', (scope, words) => {
  expect(tokenReachWords(scope)).toBe(words)
})
