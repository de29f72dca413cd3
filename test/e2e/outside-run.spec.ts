import { expect } from '@playwright/test'
import { deploy, expectPhases, test, tile } from '~test/e2e/operator'
import { lookForOutsideRuns } from '~test/support/product-database'

/** The console looks for outside runs once a minute. The test asks for a look earlier. */
const timeout = 100_000

test('a run started by hand appears on its tile as outside the console until a deploy replaces it', async ({
  page,
  product,
  sandbox,
}) => {
  await sandbox.runByHand('deploy-status-page.yml', { environment: 'production' })
  await lookForOutsideRuns(product)
  const shown = tile(page, 'status-page')
  await expect(shown.getByTitle(/^Outside the console: run #\d+ by .+, (running|succeeded)$/)).toBeVisible({ timeout })
  await expect(shown.getByRole('link', { name: /^run #\d+/ })).toHaveAttribute('href', /\/actions\/runs\/\d+$/)
  await expect(tile(page, 'customer-docs').getByTitle(/^Outside the console/)).toHaveCount(0)

  // The outside run finishes first: the workflow of one environment runs one at a time.
  await deploy(page, 'status-page')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'done', health_check: 'done' })
  await page.keyboard.press('Escape')
  await expect(shown.getByTitle(/^Outside the console/)).toHaveCount(0, { timeout })
})
