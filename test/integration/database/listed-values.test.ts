import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHANNEL_KINDS } from '~/domain/delivery'
import { APPROVAL_STATES, DEPLOY_KINDS } from '~/domain/deploy/approval'
import { CALLBACK_WAYS } from '~/domain/deploy/callback'
import {
  DEPLOY_STATUSES,
  FAILURE_STAGES,
  SHIPPED,
  STOPPED_STATUSES,
  sourcesOf,
  TERMINAL_STATUSES,
} from '~/domain/deploy/status'
import { FREEZE_KINDS } from '~/domain/freeze/freeze'
import { LINK_KINDS } from '~/domain/member'
import { ROLES } from '~/domain/permissions'
import { createTestDatabase, type TestDatabase } from '~test/support/database'
import { applyStatusExample } from '~test/support/status-example'

/** The CHECKs that limit a column to a list, and the same list in the code. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  console_deploys_status_check: DEPLOY_STATUSES,
  console_deploys_ended_check: TERMINAL_STATUSES,
  console_deploys_failure_stage_check: FAILURE_STAGES,
  console_deploys_shipped_check: SHIPPED,
  console_deploys_kind_check: DEPLOY_KINDS,
  console_deploys_callbacks_check: CALLBACK_WAYS,
  surfaces_callbacks_check: CALLBACK_WAYS,
  approvals_kind_check: DEPLOY_KINDS,
  approvals_state_check: APPROVAL_STATES,
  members_role_check: ROLES,
  invitations_role_check: ROLES,
  invitations_kind_check: LINK_KINDS,
  delivery_channels_kind_check: CHANNEL_KINDS,
  freezes_kind_check: FREEZE_KINDS,
}

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

const readText = async (sql: string, values: readonly string[]) =>
  (await client.query<{ text: string }>(sql, [...values])).rows.map(({ text }) => text)
const valuesIn = (sql: string) => [...sql.matchAll(/'([a-z_]+)'/g)].map(([, value = '']) => value).sort()

describe('lists that are in the database and in the code', () => {
  it.each(Object.entries(LISTS))('the CHECK %s allows exactly the values in the code', async (constraint, list) => {
    const sql = 'SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = $1'
    const found = await readText(sql, [constraint])
    expect(found.map(valuesIn)).toEqual([[...list].sort()])
  })

  it.each([
    ['one_active_per_surface', 'excludes exactly the final statuses', TERMINAL_STATUSES],
    ['stopped', 'holds exactly the final statuses without success', STOPPED_STATUSES],
  ])('the index console_deploys_%s %s', async (name, _, statuses) => {
    const sql = `SELECT pg_get_expr(indpred, indrelid) AS text FROM pg_index WHERE indexrelid = $1::regclass`
    const found = await readText(sql, [`console_deploys_${name}`])
    expect(found.map(valuesIn)).toEqual([[...statuses].sort()])
  })

  it('no other index of deploys names statuses', async () => {
    const sql = `SELECT indexrelid::regclass::text AS text FROM pg_index
      WHERE indrelid = 'console_deploys'::regclass AND pg_get_expr(indpred, indrelid) ~ '\\mstatus\\M'`
    expect((await readText(sql, [])).toSorted()).toEqual([
      'console_deploys_one_active_per_surface',
      'console_deploys_stopped',
    ])
  })
})

/** The statuses from which PostgreSQL lets a deploy move to each status, and those of the code. */
async function compareMoves(statuses: readonly string[], allowed: (to: string) => readonly string[]) {
  const moves: Record<string, string[]> = {}
  await client.query('BEGIN')
  await client.query(
    `INSERT INTO surfaces (id, name, environment, repository, workflow, ref, url, health_url, confirm, timeout_minutes, position)
     VALUES ('api', 'api', 'production', 'acme/platform', 'deploy.yml', 'main', 'http://x', 'http://x', 'api', 30, 1)`,
  )
  for (const to of statuses) moves[to] = []
  for (const from of statuses) {
    await client.query('SAVEPOINT none')
    await client.query(
      `INSERT INTO console_deploys (id, surface_id, environment, repository, workflow, ref, workflow_ref, status, requested_by,
         idempotency_key, request_digest, phase_callbacks, requested_at_utc, last_event_at_utc, finished_at_utc)
       VALUES (gen_random_uuid(), 'api', 'production', 'acme/platform', 'deploy.yml', 'main', 'main', $1, 'operator', 'k', 'd',
         true, now(), now(), now())`,
      [from],
    )
    await client.query('SAVEPOINT inserted')
    for (const to of statuses.filter((status) => status !== from)) {
      const moved = await client.query('UPDATE console_deploys SET status = $1', [to]).then(
        () => true,
        ({ code }: { code: string }) => {
          if (code !== '23001') throw new Error(`unexpected error ${code}`)
          return false
        },
      )
      if (moved) moves[to]?.push(from)
      await client.query('ROLLBACK TO inserted')
    }
    await client.query('ROLLBACK TO none')
  }
  await client.query('ROLLBACK')
  expect(moves).toEqual(Object.fromEntries(statuses.map((to) => [to, allowed(to)])))
}

it('PostgreSQL allows a deploy exactly the transitions in the code, whoever writes the status', async () => {
  await compareMoves(DEPLOY_STATUSES, (to) => DEPLOY_STATUSES.filter((status) => status === to).flatMap(sourcesOf))
})

it('PostgreSQL refuses an ended deploy without an end time', async () => {
  const ended = client.query(
    `INSERT INTO console_deploys (id, surface_id, environment, repository, workflow, ref, workflow_ref, status, requested_by,
       idempotency_key, request_digest, phase_callbacks, requested_at_utc, last_event_at_utc)
     VALUES (gen_random_uuid(), 'api', '', '', '', '', '', 'cancelled', '', '', '', true, now(), now())`,
  )
  await expect(ended).rejects.toMatchObject({ constraint: 'console_deploys_ended_check' })
})

it('the migration in docs/adding-a-status.md allows exactly the statuses and transitions of its example', async () => {
  const example = await applyStatusExample()
  await client.query(example.migration)
  const sql = 'SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = $1'
  const [found = ''] = await readText(sql, ['console_deploys_status_check'])
  expect(valuesIn(found)).toEqual([...example.table.DEPLOY_STATUSES].sort())
  expect(valuesIn(found)).toHaveLength(DEPLOY_STATUSES.length + 1)
  const { DEPLOY_STATUSES: statuses, sourcesOf: sources } = example.table
  await compareMoves(statuses, (to) => statuses.filter((status) => status === to).flatMap(sources))
  example.remove()
})
