import path from 'node:path'
import { expect, type Page } from '@playwright/test'
import pg from 'pg'
import { runningDatabase } from '~/launch/database/embedded-postgres'
import { breaches } from './axe'
import { deploy, invite, test, tile } from './operator'

const SURFACE = 'api-staging'
const LINE = 'Support knows about the new invoice page'

const dialogOf = (page: Page) => page.getByRole('dialog')

/** From the dialog of the deploy under way to a request that waits behind it. */
async function queueBehind(page: Page): Promise<void> {
  await tile(page, SURFACE)
    .getByRole('button', { name: /^Follow/ })
    .click()
  const dialog = dialogOf(page)
  await dialog.getByRole('button', { name: 'Queue a deploy' }).click()
  await dialog.getByRole('button', { name: 'Review main' }).click()
  await dialog.getByRole('button', { name: 'Continue to the queue' }).click()
  await expect(dialog).toContainText('This commit waits for its turn, for at most 60 minutes')
  expect(await breaches(page)).toEqual([])
  await dialog.getByLabel(/Type .* to queue/).fill(SURFACE)
  await dialog.getByRole('button', { name: 'Queue', exact: true }).click()
  await expect(dialog.getByRole('status')).toContainText('Next in the queue')
}

test('a second person queues, the first deploy ends, and the second person’s deploy starts and is followed', async ({
  page,
  browser,
  sandbox,
}) => {
  const quinn = await invite(page, browser, { name: 'Quinn', email: 'quinn@example.com', role: 'deployer' })
  await sandbox.pause('Smoke gate')
  await deploy(page, SURFACE)
  await expect(dialogOf(page).locator('[data-status]')).toBeVisible()
  await queueBehind(quinn)
  await expect(dialogOf(quinn)).toContainText('is deploying main')
  expect(await breaches(quinn)).toEqual([])
  await expect(dialogOf(page).getByRole('region', { name: 'Queue' })).toContainText('quinn@example.com')
  await expect(tile(page, SURFACE)).toContainText('1 queued')

  await quinn.setViewportSize({ width: 360, height: 740 })
  for (const name of ['Withdraw', 'Follow the deploy ahead']) {
    await expect(dialogOf(quinn).getByRole('button', { name })).toBeInViewport({ ratio: 1 })
  }
  const first = new URL(page.url()).searchParams.get('deploy')
  await sandbox.resume('Smoke gate')
  await expect(dialogOf(page).locator('[data-status="succeeded"]')).toBeVisible({ timeout: 120_000 })
  await expect(dialogOf(quinn).locator('[data-status="succeeded"]')).toBeVisible({ timeout: 120_000 })
  const second = new URL(quinn.url()).searchParams.get('deploy')
  expect([first, second]).toEqual([expect.stringMatching(/\S/), expect.stringMatching(/\S/)])
  expect(second).not.toBe(first)
  await quinn.context().close()
})

test('after a failed deploy the queue stops, and goes on when somebody says so', async ({ page, sandbox }) => {
  await sandbox.behave(SURFACE, 'fail-smoke')
  await sandbox.pause('Smoke gate')
  await deploy(page, SURFACE)
  await expect(dialogOf(page).locator('[data-status]')).toBeVisible()
  await page.keyboard.press('Escape')
  await queueBehind(page)
  await sandbox.resume('Smoke gate')
  const dialog = dialogOf(page)
  await expect(dialog).toContainText('The deploy ahead failed. The queue has stopped.', { timeout: 120_000 })
  await sandbox.behave(SURFACE, 'quick')
  await dialog.getByRole('button', { name: 'Continue with the queue' }).click()
  await expect(dialog.locator('[data-status="succeeded"]')).toBeVisible({ timeout: 120_000 })
})

test('a request is withdrawn from the queue, and the deploy ahead goes on', async ({ page, sandbox }) => {
  await sandbox.pause('Smoke gate')
  await deploy(page, SURFACE)
  await expect(dialogOf(page).locator('[data-status]')).toBeVisible()
  await page.keyboard.press('Escape')
  await queueBehind(page)
  const dialog = dialogOf(page)
  await dialog.getByRole('button', { name: 'Withdraw' }).click()
  await expect(dialog.getByRole('status')).toContainText('Withdrawn')
  await expect(dialog).toContainText(/operator@sandbox\.local.* took it out of the queue/)
  await page.keyboard.press('Escape')
  await expect(tile(page, SURFACE)).not.toContainText('queued')
  await tile(page, SURFACE)
    .getByRole('button', { name: /^Follow/ })
    .click()
  await sandbox.resume('Smoke gate')
  await expect(dialog.locator('[data-status="succeeded"]')).toBeVisible({ timeout: 120_000 })
})

test('the requester is told above the grid that somebody withdrew the request, asks again with one press, and dismisses it for good', async ({
  page,
  browser,
  sandbox,
}) => {
  const quinn = await invite(page, browser, { name: 'Quinn', email: 'quinn.told@example.com', role: 'deployer' })
  const own = quinn.getByRole('region', { name: 'Your requests' })
  await sandbox.pause('Smoke gate')
  await deploy(page, SURFACE)
  await expect(dialogOf(page).locator('[data-status]')).toBeVisible()
  await queueBehind(quinn)
  const request = new URL(quinn.url()).searchParams.get('queued')
  await quinn.keyboard.press('Escape')
  await expect(own).toContainText('Next in the queue')
  const before = await own.boundingBox()
  await page.goto(`${new URL(page.url()).origin}/?queued=${request}`)
  await dialogOf(page).getByRole('button', { name: 'Withdraw' }).click()
  await expect(own).toContainText('Withdrawn: API staging')
  await expect(own).toContainText(/operator@sandbox\.local.* took it out of the queue/)
  await expect(own).toContainText('Nothing was deployed.')
  expect(await own.boundingBox(), 'nothing moves').toEqual(before)
  expect(await breaches(quinn)).toEqual([])
  await quinn.setViewportSize({ width: 360, height: 740 })
  for (const action of [own.getByRole('link', { name: /^Ask again/ }), own.getByRole('button', { name: /^Dismiss/ })]) {
    await expect(action).toBeInViewport({ ratio: 1 })
  }
  await own.getByRole('link', { name: /^Ask again/ }).click()
  await expect(dialogOf(quinn).getByRole('button', { name: 'Continue to the queue' })).toBeVisible()
  await quinn.keyboard.press('Escape')
  await own.getByRole('button', { name: /^Dismiss/ }).click()
  await expect(own).toContainText('None of your requests waits in a queue')
  await quinn.reload()
  await expect(tile(quinn, SURFACE)).toBeVisible()
  await expect(own).toHaveCount(0)
  await quinn.context().close()
  await page.keyboard.press('Escape')
  await tile(page, SURFACE)
    .getByRole('button', { name: /^Follow/ })
    .click()
  await sandbox.resume('Smoke gate')
  await expect(dialogOf(page).locator('[data-status="succeeded"]')).toBeVisible({ timeout: 120_000 })
})

test('Deploy stays disabled until every line of the checklist is ticked, and the deploy keeps the lines', async ({
  page,
  product,
}) => {
  const database = await runningDatabase(path.join(product.dataDir, 'postgres'), 'sandbox')
  const client = new pg.Client({ connectionString: database?.ownerUrl })
  await client.connect()
  const declare = (lines: readonly string[]) =>
    client.query('UPDATE surfaces SET checklist = $2 WHERE id = $1', [SURFACE, lines])
  await declare([LINE, 'The migration was tried'])
  try {
    await tile(page, SURFACE)
      .getByRole('button', { name: /^Deploy/ })
      .click()
    const dialog = dialogOf(page)
    await dialog.getByRole('button', { name: 'Review main' }).click()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.getByLabel(/Type .* to deploy/).fill(SURFACE)
    const submit = dialog.getByRole('button', { name: 'Deploy', exact: true })
    expect(await breaches(page)).toEqual([])
    await dialog.getByRole('checkbox', { name: LINE }).check()
    await expect(submit).toBeDisabled()
    await dialog.getByRole('checkbox', { name: 'The migration was tried' }).check()
    await submit.click()
    await expect(dialog.locator('[data-status="succeeded"]')).toBeVisible({ timeout: 120_000 })
    await dialog.getByRole('link', { name: 'Open this deploy as a page' }).click()
    await expect(page.getByRole('region', { name: 'Checklist' })).toContainText(LINE)
  } finally {
    await declare([])
    await client.end()
  }
})
