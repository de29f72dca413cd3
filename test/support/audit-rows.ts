import type { Deps } from '~/server/deps'

/** Fills the audit trail with rows like a year of deploys: few surfaces, actors and actions, one second apart. */
export async function insertAuditRows(deps: Deps, count: number, since: Date): Promise<void> {
  await deps.db.$executeRaw`
    INSERT INTO "audit_events" ("at_utc", "actor", "action", "deploy_id", "surface_id", "status", "payload")
    SELECT ${since}::timestamptz + n * interval '1 second',
      (ARRAY['workflow', 'workflow', 'workflow', 'console', 'operator'])[n % 5 + 1],
      (ARRAY['console.deploy.callback', 'console.deploy.callback', 'console.deploy.reconciled', 'console.deploy.requested'])[n % 4 + 1],
      ('00000000-0000-7000-8000-' || lpad((n / 10)::text, 12, '0'))::uuid,
      'surface-' || n % 7,
      'building',
      jsonb_build_object('n', n)
    FROM generate_series(1, ${count}::int) AS n`
  await deps.db.$executeRaw`ANALYZE "audit_events"`
}
