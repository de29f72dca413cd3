import { describe, expect, it } from 'vitest'
import {
  allowedFrom,
  CALLBACK_STATUSES,
  canTransition,
  DEPLOY_STATUSES,
  isKnownStatus,
  isTerminal,
  sourcesOf,
  TERMINAL_STATUSES,
  TRANSITIONS,
} from '~/domain/deploy/status'

/** The table of docs/contract.md, "Status", copied by hand: the code must not be compared with itself. */
const CONTRACT: Record<string, string> = {
  requested: 'dispatched failed timed_out cancelled',
  dispatched: 'smoke_gate_started freeze_check_started building failed timed_out cancelled',
  smoke_gate_started: 'smoke_gate_passed failed timed_out cancelled',
  smoke_gate_passed: 'freeze_check_started building failed timed_out cancelled',
  freeze_check_started: 'freeze_check_passed failed timed_out cancelled',
  freeze_check_passed: 'building failed timed_out cancelled',
  building: 'deploying failed timed_out cancelled',
  deploying: 'succeeded failed timed_out cancelled',
  succeeded: '',
  failed: '',
  timed_out: '',
  cancelled: '',
}

describe('the transition table', () => {
  it('is the contract’s, edge for edge', () => {
    const table = Object.fromEntries(DEPLOY_STATUSES.map((from) => [from, TRANSITIONS[from].join(' ')]))
    expect(table).toEqual(CONTRACT)
  })

  it('never leads back: every status reachable from a status cannot reach it again', () => {
    const reachable = (from: string, seen = new Set<string>()): Set<string> => {
      for (const to of allowedFrom(from)) if (!seen.has(to)) reachable(to, seen.add(to))
      return seen
    }
    for (const status of DEPLOY_STATUSES) expect(reachable(status)).not.toContain(status)
  })

  it('reaches every status from requested, and a terminal one from every other', () => {
    const seen = new Set<string>(['requested'])
    for (const status of DEPLOY_STATUSES) for (const to of TRANSITIONS[status]) seen.add(to)
    expect([...seen].sort()).toEqual([...DEPLOY_STATUSES].sort())
    for (const status of DEPLOY_STATUSES) {
      expect(isTerminal(status) || canTransition(status, 'failed')).toBe(true)
    }
  })

  it('derives terminality and sources from the same table', () => {
    expect(TERMINAL_STATUSES).toEqual(['succeeded', 'failed', 'timed_out', 'cancelled'])
    expect(sourcesOf('building')).toEqual(['dispatched', 'smoke_gate_passed', 'freeze_check_passed'])
    expect(sourcesOf('requested')).toEqual([])
  })

  it('leaves requested, dispatched, timed_out and cancelled to the console', () => {
    expect(DEPLOY_STATUSES.filter((status) => !CALLBACK_STATUSES.some((known) => known === status))).toEqual([
      'requested',
      'dispatched',
      'timed_out',
      'cancelled',
    ])
  })

  it('concludes nothing about a status a newer version wrote', () => {
    expect(isKnownStatus('canary_started')).toBe(false)
    expect(isTerminal('canary_started')).toBe(false)
    expect(allowedFrom('canary_started')).toEqual([])
  })
})
