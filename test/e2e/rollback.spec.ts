import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { expect } from '@playwright/test'
import pg from 'pg'
import type { RunFacts } from '~/domain/deploy/run-record'
import { runningDatabase } from '~/launch/database/embedded-postgres'
import { test } from './operator'

const CHECK = 'console_deploys_status_check'

/** GitHub's record of a run that shipped, as it is stored with a deploy. */
const RECORD = {
  seenAt: '2026-11-28T10:00:00.000Z',
  attempt: 1,
  over: true,
  conclusion: 'success',
  phases: { smoke_gate: 'ended', freeze_check: 'ended', deploy: 'ended', health_check: 'ended' },
} satisfies RunFacts

const insertDeploy = (client: pg.Client, id: string, status: string) =>
  client.query(
    `INSERT INTO console_deploys (id, surface_id, environment, repository, workflow, ref, workflow_ref, status, requested_by,
       idempotency_key, request_digest, phase_callbacks, requested_at_utc, last_event_at_utc, finished_at_utc)
     SELECT $1::uuid, id, environment, repository, workflow, ref, ref, $2, 'operator', $1::text, 'd', true, now(), now(),
       CASE $2 WHEN 'succeeded' THEN now() END
     FROM surfaces WHERE id = 'status-page'`,
    [id, status],
  )

test('a deploy with an unknown status is shown as stored in the dialog, on the grid and in the history', async ({
  page,
  product,
}) => {
  const client = new pg.Client({
    connectionString: (await runningDatabase(path.join(product.dataDir, 'postgres'), 'sandbox'))?.ownerUrl,
  })
  await client.connect()
  const { rows } = await client.query<{ definition: string }>(
    'SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = $1',
    [CHECK],
  )
  const id = randomUUID()
  try {
    await client.query(`ALTER TABLE console_deploys DROP CONSTRAINT ${CHECK}`)
    await insertDeploy(client, id, 'canary_started')
    await client.query(`UPDATE surfaces SET last_deploy_id = $1 WHERE id = 'status-page'`, [id])
    await page.goto(`${product.url}/?deploy=${id}`)
    await expect(page.getByRole('dialog')).toContainText('canary_started')
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(page.getByText('canary_started').first()).toBeVisible()
    await page.goto(`${product.url}/surfaces/status-page`)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.getByText('canary_started').first()).toBeVisible()
  } finally {
    await client.query(`UPDATE surfaces SET last_deploy_id = NULL WHERE id = 'status-page'`)
    await client.query('DELETE FROM console_deploys WHERE id = $1', [id])
    await client.query(`ALTER TABLE console_deploys ADD CONSTRAINT ${CHECK} ${rows[0]?.definition}`)
    await client.end()
  }
})

test('at 360 px the link to return to an earlier version fits on the screen', async ({ page, product }) => {
  const client = new pg.Client({
    connectionString: (await runningDatabase(path.join(product.dataDir, 'postgres'), 'sandbox'))?.ownerUrl,
  })
  await client.connect()
  const id = randomUUID()
  try {
    await insertDeploy(client, id, 'succeeded')
    await client.query(
      `UPDATE console_deploys SET shipped = 'yes', sha = $2, finished_at_utc = now() - interval '1 day', run_record = $3
       WHERE id = $1`,
      [id, 'b'.repeat(40), RECORD],
    )
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto(`${product.url}/surfaces/status-page`)
    await expect(page.locator(`[data-deploy="${id}"]`).getByRole('link', { name: 'Return to this' })).toBeInViewport({
      ratio: 1,
    })
  } finally {
    await client.query('DELETE FROM console_deploys WHERE id = $1', [id])
    await client.end()
  }
})
