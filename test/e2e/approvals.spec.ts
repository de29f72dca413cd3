import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { expect, type Page } from '@playwright/test'
import pg from 'pg'
import { runningDatabaseUrl } from '~/launch/embedded-postgres'
import { startDeploy, test, tile } from './operator'

const SURFACE = 'status-page'
let client: pg.Client
test.beforeAll(async ({ product }) => {
  client = new pg.Client({ connectionString: await runningDatabaseUrl(path.join(product.dataDir, 'postgres')) })
  await client.connect()
  await client.query('UPDATE surfaces SET requires_approval = true WHERE id = $1', [SURFACE])
})
test.afterAll(async () => {
  await client.query('UPDATE surfaces SET requires_approval = false WHERE id = $1', [SURFACE])
  await client.end()
})

/** Asks for a deploy of the surface, as whoever is signed in, and gives the approval that waits. */
async function askFor(page: Page): Promise<string> {
  await startDeploy(page, SURFACE)
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await dialog.getByLabel(/Type .* to deploy/).fill(SURFACE)
  await dialog.getByRole('button', { name: 'Ask for approval' }).click()
  await expect(dialog.getByRole('status')).toContainText('Waiting for approval by another person')
  return new URL(page.url()).searchParams.get('approval') ?? ''
}

/** The same request, by another member. */
async function askedByAda(approvalId: string): Promise<string> {
  const [id, ada] = [randomUUID(), randomUUID()]
  await client.query(`INSERT INTO users (id, name, email) VALUES ($1, 'ada', $2)`, [ada, `${ada}@example.com`])
  await client.query(
    `INSERT INTO members (user_id, role, all_environments, added_by, added_at_utc) VALUES ($1, 'deployer', true, 'test', now())`,
    [ada],
  )
  await client.query(
    `INSERT INTO approvals (id, surface_id, environment, repository, workflow, workflow_ref, kind, ref, sha, reason,
       requested_by, requested_by_user_id, requested_at_utc, expires_at_utc, idempotency_key, request_digest, state)
     SELECT $1::uuid, surface_id, environment, repository, workflow, workflow_ref, kind, ref, sha, 'Release 42',
       'ada', $2, now(), now() + interval '1 hour', $4, request_digest, 'waiting'
     FROM approvals WHERE id = $3`,
    [id, ada, approvalId, id],
  )
  return id
}

test('one asks, nothing ships and it can be taken back; what another asked for ships once it is approved', async ({
  page,
}) => {
  const dialog = page.getByRole('dialog')
  const own = await askFor(page)
  await expect(dialog.getByText(/expires in \d+ min/)).toBeVisible()
  await expect(dialog.getByRole('button', { name: /Approve/ })).toHaveCount(0)
  await expect(tile(page, SURFACE)).toContainText('for approval · expires in')
  const others = await askedByAda(own)
  await dialog.getByRole('button', { name: 'Withdraw' }).click()
  await expect(dialog.getByRole('status')).toContainText('Withdrawn by')
  await dialog.getByRole('button', { name: 'Close' }).first().click()

  const strip = page.getByRole('region', { name: 'Approvals' })
  await expect(strip).toHaveAttribute('data-waiting', '1')
  await strip.getByRole('button', { name: /ada/ }).click()
  await expect(dialog).toContainText('asked for by ada')
  await expect(dialog).toContainText('“Release 42”')
  await dialog.getByRole('button', { name: /^Approve [0-9a-f]{7} for/ }).click()
  await expect(dialog).toContainText('ada, approved by ')
  await expect(dialog.locator('[data-status="succeeded"]')).toBeVisible({ timeout: 120_000 })
  expect(new URL(page.url()).searchParams.get('deploy')).not.toBeNull()
  const { rows } = await client.query('SELECT state FROM approvals WHERE id = $1', [others])
  expect(rows).toEqual([{ state: 'granted' }])
})

test('a no says why, to everybody', async ({ page }) => {
  const id = await askedByAda(await askFor(page))
  await page.goto(new URL(`/?approval=${id}`, page.url()).href)
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Refuse' }).click()
  await dialog.getByLabel(/Why not/).fill('Not on a Friday')
  await dialog.getByRole('button', { name: 'Refuse' }).click()
  await expect(dialog.getByRole('status')).toContainText('Refused by')
  await expect(dialog).toContainText('“Not on a Friday”')
  await page.goto(new URL('/approvals', page.url()).href)
  await expect(page.locator(`[data-approval="${id}"]`)).toContainText('Not on a Friday')
})
