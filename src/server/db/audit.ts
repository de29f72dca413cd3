import 'server-only'
import { z } from 'zod'
import { type AuditEvent, TRANSITION_ACTIONS } from '~/domain/audit-event'
import type { Transition } from '~/domain/phases'
import type { DatabaseHandle } from '~/server/db/client'

/** Who did it, to what, and when. */
export interface AuditSubject {
  readonly actor: string
  readonly at: Date
  readonly deployId?: string
  readonly surfaceId?: string
}

/** Appends one row; always inside the transaction of the change it records. */
export async function appendAuditEvent(tx: DatabaseHandle, subject: AuditSubject, event: AuditEvent): Promise<void> {
  await tx.auditEvent.create({
    data: {
      at: subject.at,
      actor: subject.actor,
      action: event.action,
      deployId: subject.deployId ?? null,
      surfaceId: subject.surfaceId ?? null,
      status: event.status,
      payload: event.payload,
    },
    select: { id: true },
  })
}

/** Whether a deploy has a row of this kind already; for what is recorded once, under the deploy's lock. */
export async function hasAuditEvent(
  tx: DatabaseHandle,
  deployId: string,
  action: AuditEvent['action'],
): Promise<boolean> {
  return (await tx.auditEvent.findFirst({ where: { deployId, action }, select: { id: true } })) !== null
}

/** The accepted transitions of several deploys at once, oldest first, by deploy. */
export async function readTransitions(
  db: DatabaseHandle,
  deployIds: readonly string[],
): Promise<Map<string, Transition[]>> {
  const rows = await db.auditEvent.findMany({
    where: { deployId: { in: [...deployIds] }, action: { in: [...TRANSITION_ACTIONS] } },
    orderBy: { id: 'asc' },
    select: { deployId: true, status: true, at: true, payload: true },
  })
  const transitions = new Map<string, Transition[]>()
  for (const { deployId, status, at, payload } of rows) {
    if (deployId === null || status === null) continue
    const known = transitions.get(deployId) ?? []
    known.push({ status, at: occurredAt(payload) ?? at.toISOString() })
    transitions.set(deployId, known)
  }
  return transitions
}

const occurred = z.object({ occurred_at: z.iso.datetime() })

/** GitHub's time of an event the reconciler found later; null for rows written when the event happened. */
export function occurredAt(payload: unknown): string | null {
  return occurred.safeParse(payload).data?.occurred_at ?? null
}
