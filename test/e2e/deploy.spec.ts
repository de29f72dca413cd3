import { expect } from '@playwright/test'
import { deploy, expectAtSmokeGate, expectPhases, phase, startDeploy, test, tile } from '~test/e2e/operator'

test('an operator ships to production by typing the name, and sees each phase become active and then done in order', async ({
  page,
  sandbox,
}) => {
  const before = await sandbox.versionOf('console')
  // The run waits at each step until the test releases it.
  const steps = ['Smoke gate', 'Freeze check', 'Build', 'Health check'] as const
  for (const step of steps) await sandbox.pause(step)
  const dialog = page.getByRole('dialog')

  await deploy(page, 'console')
  await expectAtSmokeGate(page)
  await expect(tile(page, 'console')).toHaveAttribute('data-running', 'true')
  await sandbox.resume('Smoke gate')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'active', deploy: 'pending', health_check: 'pending' })
  await sandbox.resume('Freeze check')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'active', health_check: 'pending' })
  expect(await sandbox.versionOf('console')).toBe(before)
  await sandbox.resume('Build')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'done', health_check: 'active' })
  await sandbox.resume('Health check')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'done', health_check: 'done' })

  // The log holds the lines that the workflow sent.
  const log = dialog.getByRole('log')
  await expect(log).toContainText('Smoke gate started.')
  await expect(log).toContainText('No freeze is in force.')
  await expect(log).toContainText('Healthy, running')
  await expect(dialog.getByRole('link', { name: 'Run on GitHub' })).toHaveAttribute('href', /\/actions\/runs\/\d+$/)
  // Webhooks made the console read the jobs while the run went on.
  await expect(dialog.locator('[data-job="smoke"]')).toHaveAttribute('data-state', 'done')

  // The tile shows the version that the surface reports.
  const after = await sandbox.versionOf('console')
  expect(after).not.toBe(before)
  await dialog.getByRole('button', { name: 'Done', exact: true }).click()
  await expect(tile(page, 'console')).toContainText(after.slice(0, 7))
  await expect(tile(page, 'console')).toHaveAttribute('data-running', 'false')
})

test('a failed smoke gate ends the deploy in its first phase, and nothing is deployed', async ({ page, sandbox }) => {
  const before = await sandbox.versionOf('api-prod')
  await sandbox.behave('api-prod', 'fail-smoke')
  await deploy(page, 'api-prod')
  await expectPhases(page, {
    smoke_gate: 'failed',
    freeze_check: 'pending',
    deploy: 'pending',
    health_check: 'pending',
  })
  await expect(page.getByRole('dialog')).toContainText('Nothing was deployed')
  expect(await sandbox.versionOf('api-prod')).toBe(before)
  await sandbox.behave('api-prod', 'quick')
})

test('on staging the freeze check is shown as skipped', async ({ page, sandbox }) => {
  // A freeze does not apply to staging.
  await sandbox.freeze('Release week')
  await deploy(page, 'console-staging')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'skipped', deploy: 'done', health_check: 'done' })
  await sandbox.freeze('')
})

test('a cancelled deploy ends in its phase once GitHub confirms it, and nothing is deployed afterwards', async ({
  page,
  sandbox,
}) => {
  const before = await sandbox.versionOf('api-prod')
  await sandbox.pause('Freeze check')
  await deploy(page, 'api-prod')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'active', deploy: 'pending', health_check: 'pending' })
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Cancel deploy' }).click()
  await expect(dialog.getByRole('button', { name: 'Keep it running' })).toBeFocused()
  await dialog.getByRole('button', { name: 'Keep it running' }).click()
  await dialog.getByRole('button', { name: 'Cancel deploy' }).click()
  await dialog.getByRole('button', { name: 'Yes, cancel it' }).click()
  await expect(dialog.locator('[data-status]')).toHaveAttribute('data-status', 'cancelled')
  await expectPhases(page, {
    smoke_gate: 'done',
    freeze_check: 'cancelled',
    deploy: 'pending',
    health_check: 'pending',
  })
  await expect(dialog).toContainText('Nothing was deployed')
  await dialog.getByText('Timeline').click()
  await expect(dialog.getByRole('list', { name: 'Timeline' })).toContainText('Cancellation requested.')
  await expect(dialog.getByRole('list', { name: 'Timeline' })).toContainText('GitHub is cancelling run')
  await sandbox.resume('Freeze check')
  expect(await sandbox.versionOf('api-prod')).toBe(before)
})

test('DEPLOY_FREEZE in the repository blocks a production deploy at the review, and the strip names the repository', async ({
  page,
  sandbox,
}) => {
  await sandbox.freeze('Release week')
  await startDeploy(page, 'status-page')
  const dialog = page.getByRole('dialog')
  const warning = dialog.locator('[data-warning="deploy_freeze"]')
  await expect(warning).toContainText('Production is frozen by DEPLOY_FREEZE in acme/platform: “Release week”')
  await expect(dialog.getByRole('button', { name: 'Cannot be deployed now' })).toHaveAttribute('aria-disabled', 'true')
  await expect(dialog.getByLabel(/^Override it/)).toBeHidden()
  await page.keyboard.press('Escape')
  // The review has read the variable, and the grid shows its value.
  await expect(page.getByRole('region', { name: 'Freeze' })).toContainText('frozen by DEPLOY_FREEZE in acme/platform')
  await expect(tile(page, 'status-page')).toContainText('by DEPLOY_FREEZE: Release week')
  await sandbox.freeze('')
  await startDeploy(page, 'status-page')
  await expect(dialog.getByRole('button', { name: 'Continue' })).toHaveAttribute('aria-disabled', 'false')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('region', { name: 'Freeze' })).toContainText('Production is not frozen by this console')
})

test('a DEPLOY_FREEZE set after the review stops a production deploy at the freeze check, with its reason', async ({
  page,
  sandbox,
}) => {
  const before = await sandbox.versionOf('status-page')
  await page.route(/deploys\.dispatch/, async (route) => {
    await sandbox.freeze('Release week')
    await route.continue()
  })
  await deploy(page, 'status-page')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'failed', deploy: 'pending', health_check: 'pending' })
  await expect(page.getByRole('dialog')).toContainText('Release week')
  expect(await sandbox.versionOf('status-page')).toBe(before)
  await sandbox.freeze('')
})

test('an unhealthy version fails the health check', async ({ page, sandbox }) => {
  await sandbox.behave('api-staging', 'unhealthy')
  await sandbox.healthCheckFor(3)
  await sandbox.pause('Health check')
  await deploy(page, 'api-staging')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'skipped', deploy: 'done', health_check: 'active' })
  await sandbox.resume('Health check')
  await expect(phase(page, 'health_check')).toHaveAttribute('data-state', 'failed', { timeout: 90_000 })
  await sandbox.behave('api-staging', 'quick')
  await sandbox.healthCheckFor(30)
})

test('closing the modal does not stop the deploy, and its link reopens the deploy', async ({ page, sandbox }) => {
  await sandbox.pause('Build')
  await deploy(page, 'customer-docs')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'active', health_check: 'pending' })
  const address = page.url()
  expect(new URL(address).searchParams.get('deploy')).toMatch(/^[0-9a-f-]{36}$/)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(tile(page, 'customer-docs')).toHaveAttribute('data-running', 'true')

  await page.goto(address)
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'active', health_check: 'pending' })
  await sandbox.resume('Build')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'done', health_check: 'done' })
})

test('a dispatch that GitHub refuses fails at once with the reason, and no phase is shown as failed', async ({
  page,
  sandbox,
}) => {
  await sandbox.failDispatch(429)
  await deploy(page, 'api-prod')
  await expectPhases(page, {
    smoke_gate: 'pending',
    freeze_check: 'pending',
    deploy: 'pending',
    health_check: 'pending',
  })
  await expect(page.getByRole('dialog').locator('[data-status]')).toHaveAttribute('data-status', 'failed')
  await expect(page.getByRole('dialog')).toContainText('rate limit')
})

test('a dispatch whose answer is lost is not sent again: its callbacks prove that GitHub accepted it', async ({
  page,
  sandbox,
}) => {
  await sandbox.failDispatch(502, true)
  await deploy(page, 'api-staging')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'skipped', deploy: 'done', health_check: 'done' })
  await expect(page.getByRole('dialog').getByRole('link', { name: 'Run on GitHub' })).toBeVisible()
})

test('a surface whose workflow knows nothing of the console is followed by the jobs that it declares', async ({
  page,
  sandbox,
}) => {
  await sandbox.pause('Upload the pages')
  await deploy(page, 'storefront')
  // Its environment on GitHub needs a reviewer.
  await expect.poll(async () => (await sandbox.status()).waiting.length).toBe(1)
  await expectPhases(page, {
    smoke_gate: 'done',
    freeze_check: 'absent',
    deploy: 'pending',
    health_check: 'pending',
  })
  const quiet = page.getByRole('dialog').locator('[data-quiet]')
  await expect(quiet).toContainText('The run waits for a reviewer of the environment “')
  await sandbox.review('approved')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'absent', deploy: 'active', health_check: 'pending' })
  await expect(quiet).toBeHidden()
  await sandbox.resume('Upload the pages')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'absent', deploy: 'done', health_check: 'done' })
})
