import { expect } from '@playwright/test'
import { deploy, expectPhases, test } from '~test/e2e/operator'

test('a lost connection is said once, and what was known stays as it was until the next answer', async ({
  page,
  sandbox,
}) => {
  await sandbox.hold('Build')
  await deploy(page, 'api-prod')
  const states = { smoke_gate: 'done', freeze_check: 'done', deploy: 'active', health_check: 'pending' } as const
  await expectPhases(page, states)
  await page.route('**/api/trpc/**', (route) => route.abort())

  const said = page.getByText('Connection to the console lost.')
  await expect(page.getByRole('dialog').getByText(/clocks too, is from/)).toBeVisible()
  const clock = page.getByText(/\d:\d\d so far/)
  const shown = await clock.textContent()
  // The grid tries twice before it gives up: by then it would have a notice of its own.
  for (let failed = 0; failed < 3; failed++) {
    await page.waitForEvent('requestfailed', (request) => request.url().includes('surfaces.list'))
  }
  await expect(said).toHaveCount(1)
  await expectPhases(page, states)
  expect(await clock.textContent()).toBe(shown)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(said).toHaveCount(1)

  await page.unroute('**/api/trpc/**')
  await expect(said).toHaveCount(0)
  await sandbox.release('Build')
})
