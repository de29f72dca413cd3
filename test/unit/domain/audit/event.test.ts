import { expect, it } from 'vitest'
import { readAuditEvent, toStoredEvent } from '~/domain/audit/event'

const released = {
  action: 'console.deploy.released',
  status: null,
  payload: { stood_at: 'succeeded', run_id: null, reason: 'Checked by hand' },
} as const

it('stores nothing that the schema of the event does not name', () => {
  const payload = { ...released.payload, confirmation: 'a password, pasted into the wrong field' }
  expect(toStoredEvent({ ...released, payload })).toEqual(released)
})

it('refuses to store an event whose payload lacks a required member', () => {
  const incomplete = JSON.parse(
    '{ "action": "console.deploy.run_found", "status": null, "payload": { "run_id": "1" } }',
  )
  expect(() => toStoredEvent(incomplete)).toThrow(/source/)
})

it('reads a row with members that a newer version added', () => {
  expect(readAuditEvent({ ...released, payload: { ...released.payload, newer: 1 } })).toEqual(released)
})

it.each([
  ['an action', { ...released, action: 'console.deploy.canary' }],
  ['a status', { ...released, action: 'console.deploy.callback', status: 'canary_started' }],
  ['a payload', { ...released, payload: null }],
])('reads nothing from a row with %s that this version does not know', (_, row) => {
  expect(readAuditEvent(row)).toBeNull()
})
