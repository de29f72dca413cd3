import 'server-only'
import { TRANSITION_ACTIONS } from '~/domain/audit/actions'
import { type AuditEvent, toStoredEvent } from '~/domain/audit/event'
import type { Transition } from '~/domain/deploy/phases'
import type { DatabaseHandle } from '~/server/platform/database'

/** The actor, the time, and the deploy or surface of an audit event. */
export interface AuditSubject {
  readonly actor: string
  readonly at: Date
  readonly deployId?: string
  readonly surfaceId?: string
}

/** Appends one event. Call it inside the transaction of the change that it records. */
export async function appendAuditEvent(tx: DatabaseHandle, subject: AuditSubject, event: AuditEvent): Promise<void> {
  const { actor, at, deployId = null, surfaceId = null } = subject
  await tx.auditEvent.create({
    data: { actor, at, deployId, surfaceId, ...toStoredEvent(event) },
    select: { id: true },
  })
}

/** Appends an event about a deploy unless an equal one exists. The caller holds the deploy's lock. */
export async function appendAuditEventOnce(
  tx: DatabaseHandle,
  subject: AuditSubject & { readonly deployId: string },
  event: AuditEvent,
): Promise<void> {
  const { action, payload } = toStoredEvent(event)
  const same = { deployId: subject.deployId, action, payload: { equals: payload } }
  const found = await tx.auditEvent.findFirst({ where: same, select: { id: true } })
  if (found === null) await appendAuditEvent(tx, subject, event)
}

/** The owner of a token, for the payload. Empty for a person, whose address is the actor. */
export const tokenOwner = ({ name, userId }: { readonly name: string; readonly userId: string }) =>
  name.startsWith('token:') ? { user_id: userId } : {}

/** Whether a deploy has an event of this kind. The caller holds the deploy's lock. */
export async function hasAuditEvent(
  tx: DatabaseHandle,
  deployId: string,
  action: AuditEvent['action'],
): Promise<boolean> {
  return (await tx.auditEvent.findFirst({ where: { deployId, action }, select: { id: true } })) !== null
}

/** The accepted transitions of several deploys, by deploy, oldest first. */
export async function readTransitions(
  db: DatabaseHandle,
  deployIds: readonly string[],
): Promise<Map<string, Transition[]>> {
  const rows = await db.auditEvent.findMany({
    where: { deployId: { in: [...deployIds] }, action: { in: [...TRANSITION_ACTIONS] } },
    orderBy: { id: 'asc' },
    select: { deployId: true, status: true, action: true, at: true, payload: true },
  })
  const transitions = new Map<string, Transition[]>()
  for (const { deployId, status, action, at, payload } of rows) {
    if (deployId === null || status === null) continue
    const known = transitions.get(deployId) ?? []
    known.push(transitionOf({ status, action, at: at.toISOString(), payload }))
    transitions.set(deployId, known)
  }
  return transitions
}

/** An event of TRANSITION_ACTIONS, as the phases read it. */
export const transitionOf = (row: {
  readonly status: string
  readonly action: string
  readonly at: string
  readonly payload: unknown
}): Transition => ({
  status: row.status,
  action: row.action,
  at: occurredAt(row.payload) ?? row.at,
  implied: isImplied(row.payload),
})

const isImplied = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && 'implied' in payload && payload.implied === true

/** The format of `Date.toISOString`. A regular expression, because every poll checks every row and a schema is slower. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

/** GitHub's time of an event that the reconciler found later. Null for events recorded when they happened. */
export function occurredAt(payload: unknown): string | null {
  if (typeof payload !== 'object' || payload === null || !('occurred_at' in payload)) return null
  const { occurred_at } = payload
  return typeof occurred_at === 'string' && ISO_TIME.test(occurred_at) ? occurred_at : null
}
