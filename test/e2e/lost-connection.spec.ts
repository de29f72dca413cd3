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
  await expect(page.getByRole('dialog').getByText(/clocks too, is as of \d\d:\d\d:\d\d UTC/)).toBeVisible()
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

test('offline, every age and every running clock stands still at the last answer, and goes on with the next one', async ({
  page,
  context,
  sandbox,
}) => {
  await page.clock.install()
  await page.reload()
  await sandbox.hold('Build')
  await deploy(page, 'status-page')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'active', health_check: 'pending' })
  const soFar = page.getByText(/\d:\d\d so far/)
  const clocks = () => page.locator('time, [title^="since "]').allTextContents()

  await context.setOffline(true)
  await expect(page.getByText(/clocks too, is as of \d\d:\d\d:\d\d UTC/)).toBeVisible()
  const [shown, said] = [await clocks(), await soFar.textContent()]
  expect(shown.length).toBeGreaterThan(5)
  // Five minutes in which every poll fails and every timer of the page runs.
  await page.clock.runFor('05:00')
  expect(await clocks()).toEqual(shown)

  await context.setOffline(false)
  await expect(page.getByText('Connection to the console lost.')).toHaveCount(0)
  await expect(soFar).not.toHaveText(said ?? '')
  await sandbox.release('Build')
})
