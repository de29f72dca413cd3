import { expect, it } from 'vitest'
import { createTestDatabase } from '~test/support/database'
import { restHours } from '~test/support/rest-hours'
import { sumOf } from '~test/support/resting-github'

// A tenth of the set-up in docs/performance.md: 20 surfaces in 10 repositories, two workers and no deploys.

it.each([
  [150, 'without webhooks, with an App’s new tokens', { webhooks: false, hours: 1, app: true }, 0.4],
  [30, 'while webhooks arrive', { webhooks: true, hours: 3 }, 0.8],
])('an hour without deploys costs at most %i requests to GitHub %s', async (atMost, _, options, unchangedPart) => {
  const database = await createTestDatabase()
  const { requests, unchanged } = await restHours(database.url, { repositories: 10, ...options })
  await database.drop()
  expect(sumOf(requests)).toBeGreaterThan((atMost * options.hours) / 2)
  expect(sumOf(requests)).toBeLessThanOrEqual(atMost * options.hours)
  expect(sumOf(unchanged)).toBeGreaterThan(sumOf(requests) * unchangedPart)
})
