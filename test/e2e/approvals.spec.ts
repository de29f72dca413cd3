import path from 'node:path'
import { expect, type Page } from '@playwright/test'
import pg from 'pg'
import { runningDatabase } from '~/launch/database/embedded-postgres'
import { deploy, invite, startDeploy, test, tile } from './operator'

const SURFACE = 'status-page'
let client: pg.Client
test.beforeAll(async ({ product }) => {
  client = new pg.Client({
    connectionString: (await runningDatabase(path.join(product.dataDir, 'postgres'), 'sandbox'))?.ownerUrl,
  })
  await client.connect()
  await client.query('UPDATE surfaces SET requires_approval = true WHERE id = $1', [SURFACE])
})
test.afterAll(async () => {
  await client.query('UPDATE surfaces SET requires_approval = false WHERE id = $1', [SURFACE])
  await client.end()
})

/** Requests a deploy of the surface that needs approval, and returns the approval's id. */
async function askFor(page: Page): Promise<string> {
  await startDeploy(page, SURFACE)
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await dialog.getByLabel(/Type .* to deploy/).fill(SURFACE)
  await dialog.getByRole('button', { name: 'Ask for approval' }).click()
  await expect(dialog.getByRole('status')).toContainText('Waiting for approval by another person')
  // The dialog grows until the review is shown, and a button could move away under the pointer.
  await expect(dialog.getByText(/Read from GitHub and the surface at/)).toBeVisible()
  return new URL(page.url()).searchParams.get('approval') ?? ''
}

const dialogOf = (page: Page) => page.getByRole('dialog')

test('a requester cannot approve their own request, and an approver sees the review, approves, and both follow the deploy', async ({
  page,
  browser,
}) => {
  const grace = await invite(page, browser, { name: 'Grace', email: 'grace@example.com', role: 'approver' })
  await askFor(page)
  await expect(dialogOf(page).getByText(/expires in \d+ min/)).toBeVisible()
  await expect(dialogOf(page).getByRole('button', { name: /Approve/ })).toHaveCount(0)
  await expect(tile(page, SURFACE)).toContainText('for approval · expires in')

  const counted = grace.getByRole('link', { name: 'Approvals 1 waits for your decision' })
  await expect(counted).toBeVisible()
  await expect(grace).toHaveTitle(/^\(1\) /)
  await expect(page.getByRole('link', { name: /for your decision/ })).toHaveCount(0)

  await grace.setViewportSize({ width: 360, height: 740 })
  const strip = grace.getByRole('region', { name: 'Approvals' })
  await expect(strip).toHaveAttribute('data-waiting', '1')
  const waiting = strip.getByRole('button', { name: /Status page/ })
  await expect(waiting, 'the whole request is visible on a phone').toBeInViewport({ ratio: 1 })
  await waiting.click()
  await expect(dialogOf(grace)).toContainText('requested by')
  await expect(dialogOf(grace)).toContainText('Neither frozen nor locked.')
  await expect(dialogOf(grace).getByRole('button', { name: 'Withdraw' })).toHaveCount(0)
  await dialogOf(grace)
    .getByRole('button', { name: /^Approve [0-9a-f]{7} for/ })
    .click()

  for (const view of [page, grace]) {
    await expect(dialogOf(view)).toContainText('approved by grace@example.com')
    await expect(dialogOf(view).locator('[data-status="succeeded"]')).toBeVisible({ timeout: 120_000 })
    expect(new URL(view.url()).searchParams.get('deploy')).not.toBeNull()
  }
  await expect(grace).not.toHaveTitle(/^\(1\) /)
  await grace.context().close()
})

test('an approver approves the environment of GitHub that holds the run, and the requester cannot', async ({
  page,
  browser,
  sandbox,
}) => {
  const grace = await invite(page, browser, { name: 'Grace', email: 'rosa@example.com', role: 'approver' })
  await deploy(page, 'storefront')
  const control = (view: Page) =>
    dialogOf(view).getByRole('button', { name: /^Approve in GitHub’s environment “live”/ })
  await expect(control(page)).toBeDisabled()
  await grace.goto(page.url())
  await grace.setViewportSize({ width: 360, height: 740 })
  await control(grace).click()
  await dialogOf(grace).getByRole('button', { name: 'Back' }).click()
  await control(grace).click()
  await dialogOf(grace)
    .getByLabel(/Reason, optional/)
    .fill('Checked the pages')
  const send = dialogOf(grace).getByRole('button', { name: 'Approve “live” on GitHub' })
  await send.scrollIntoViewIfNeeded()
  await expect(send, 'the whole button is visible on a phone').toBeInViewport({ ratio: 1 })
  await send.click()
  await expect(dialogOf(grace)).toContainText('GitHub took the decision: approved.')
  await expect.poll(async () => (await sandbox.status()).waiting.length).toBe(0)
  await expect(control(page)).toHaveCount(0)
  await expect(dialogOf(page).locator('[data-status="succeeded"]')).toBeVisible({ timeout: 120_000 })
  await grace.context().close()
})

test('a request is withdrawn by its requester, or refused by an approver with a reason that both see', async ({
  page,
  browser,
}) => {
  const grace = await invite(page, browser, { name: 'Grace', email: 'hana@example.com', role: 'approver' })
  await askFor(page)
  await dialogOf(page).getByRole('button', { name: 'Withdraw' }).click()
  await expect(dialogOf(page).getByRole('status')).toContainText('Withdrawn by')
  await page.goto(new URL('/', page.url()).href)

  const id = await askFor(page)
  await grace.goto(new URL(`/?approval=${id}`, page.url()).href)
  await dialogOf(grace).getByRole('button', { name: 'Refuse' }).click()
  await dialogOf(grace)
    .getByLabel(/Reason/)
    .fill('Not on a Friday')
  await grace.keyboard.press('Escape')
  const question = grace.getByRole('alertdialog', { name: 'Discard your reason?' })
  await question.getByRole('button', { name: 'Keep editing' }).click()
  await dialogOf(grace).getByRole('button', { name: 'Refuse' }).click()
  for (const view of [page, grace]) {
    await expect(dialogOf(view).getByRole('status')).toContainText('Refused by hana@example.com')
    await expect(dialogOf(view)).toContainText('“Not on a Friday”')
  }
  await page.goto(new URL('/approvals', page.url()).href)
  await expect(page.locator(`[data-approval="${id}"]`)).toContainText('Not on a Friday')
  await grace.context().close()
})
