import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  allowedFrom,
  awaitsRun,
  CALLBACK_STATUSES,
  canTransition,
  DEPLOY_STATUSES,
  FAILURE_STAGES,
  hasPosition,
  isCallbackStatus,
  isKnownStatus,
  isTerminal,
  PHASES,
  phaseOfStage,
  positionAt,
  provesShipped,
  STATUS_OF_STEP,
  STATUSES_BEFORE_SHIPPING,
  STATUSES_BEFORE_SUCCESS,
  sourcesOf,
  stageWord,
  statusWord,
  TERMINAL_STATUSES,
  UNFINISHED_STATUSES,
} from '~/domain/deploy/status'

const docs = path.resolve(import.meta.dirname, '../../../../docs')
const contract = readFileSync(path.join(docs, 'contract.md'), 'utf8')
const connect = readFileSync(path.join(docs, 'operations/connect.md'), 'utf8')
const sectionOf = (heading: string) =>
  contract.split(/^## /m).find((section) => section.startsWith(`${heading}\n`)) ?? ''
const quoted = (text: string) => [...text.matchAll(/`([a-z_]+)`/g)].map(([, word = '']) => word)

/** The rows of the first table of a section of docs/contract.md, by the statuses in their first cell. */
const tableOf = (heading: string) =>
  sectionOf(heading)
    .split('\n')
    .map((line) => line.split('|').slice(1, -1))
    .flatMap(([first = '', ...cells]) => quoted(first).map((status) => [status, cells] as const))

describe('the record of statuses', () => {
  it('allows exactly the transitions of docs/contract.md', () => {
    const documented = new Map(tableOf('Status').map(([from, [to = '']]) => [from, quoted(to)]))
    expect([...documented.keys()]).toEqual(UNFINISHED_STATUSES)
    for (const from of DEPLOY_STATUSES) expect(allowedFrom(from)).toEqual(documented.get(from) ?? [])
  })

  it('places the phases as docs/contract.md does', () => {
    const documented = tableOf('Phases')
    expect(documented.map(([status]) => status)).toEqual(DEPLOY_STATUSES.filter(hasPosition))
    for (const [status, cells] of documented) {
      const states = cells.map((cell) => cell.replace('*', '').trim())
      expect([status, hasPosition(status) && Object.values(positionAt(status))]).toEqual([status, states])
    }
  })

  it('lets the console alone set the statuses that docs/contract.md names, and a workflow report all others', () => {
    const sentence = /The console alone sets (.*?)\. A workflow may report the others\./s.exec(contract)?.[1] ?? ''
    expect(DEPLOY_STATUSES.filter((status) => !isCallbackStatus(status))).toEqual(quoted(sentence))
  })

  it('lets a workflow report exactly the statuses that docs/operations/connect.md lists, in their order', () => {
    const rows = connect.split('| status | report it |')[1]?.split('\n\n')[0]?.split('\n') ?? []
    expect(rows.flatMap((row) => quoted(row.split('|')[1] ?? ''))).toEqual(CALLBACK_STATUSES)
  })

  it('has no status that can be reached from itself', () => {
    const reachable = (from: string, seen = new Set<string>()): Set<string> => {
      for (const to of allowedFrom(from)) if (!seen.has(to)) reachable(to, seen.add(to))
      return seen
    }
    for (const status of DEPLOY_STATUSES) expect(reachable(status)).not.toContain(status)
  })

  it('reaches every status from requested, and failed from every status that is not final', () => {
    const reached = new Set(['requested', ...DEPLOY_STATUSES.flatMap(allowedFrom)])
    expect([...reached].sort()).toEqual([...DEPLOY_STATUSES].sort())
    for (const status of DEPLOY_STATUSES) expect(isTerminal(status) || canTransition(status, 'failed')).toBe(true)
  })

  it('has four final statuses', () => {
    expect(TERMINAL_STATUSES).toEqual(['succeeded', 'failed', 'timed_out', 'cancelled'])
  })

  it('names the statuses from which a status can be reached', () => {
    expect(sourcesOf('building')).toEqual(['dispatched', 'smoke_gate_passed', 'freeze_check_passed'])
    expect(sourcesOf('requested')).toEqual([])
  })

  it('leaves requested, dispatched, timed_out and cancelled to the console', () => {
    const sent: readonly string[] = CALLBACK_STATUSES
    expect(DEPLOY_STATUSES.filter((status) => !sent.includes(status))).toEqual([
      'requested',
      'dispatched',
      'timed_out',
      'cancelled',
    ])
  })

  it('lets a deploy be given up only before its workflow has reported', () => {
    expect(DEPLOY_STATUSES.filter(awaitsRun)).toEqual(['requested', 'dispatched'])
  })

  it('probes a surface often from the status building on, and counts the deploy as shipped from deploying on', () => {
    const openOrSucceeded = DEPLOY_STATUSES.filter(hasPosition)
    expect(openOrSucceeded.filter((status) => !STATUSES_BEFORE_SHIPPING.includes(status))).toEqual([
      'building',
      'deploying',
      'succeeded',
    ])
    expect(DEPLOY_STATUSES.filter(provesShipped)).toEqual(['deploying', 'succeeded'])
  })

  it('lets a successful run prove the deploy phase and the gates that had started', () => {
    expect(STATUSES_BEFORE_SUCCESS).toEqual(['smoke_gate_passed', 'freeze_check_passed', 'building', 'deploying'])
  })

  it('gives every status a notify step, except the final ones', () => {
    const open = CALLBACK_STATUSES.filter((status) => !isTerminal(status))
    expect([...STATUS_OF_STEP.values()]).toEqual(open)
  })

  it('concludes nothing from an unknown status', () => {
    for (const status of ['canary_started', 'toString']) {
      expect(isKnownStatus(status)).toBe(false)
      expect(isTerminal(status)).toBe(false)
      expect(allowedFrom(status)).toEqual([])
      expect(statusWord(status)).toBe(status)
    }
  })
})

describe('the failure stages', () => {
  it('are those of docs/contract.md', () => {
    const sentence = /`failure_stage` is one of .*/.exec(sectionOf('Phases'))?.[0] ?? ''
    expect(quoted(sentence).slice(1)).toEqual(FAILURE_STAGES)
  })

  it('belong to a phase each, except the dispatch', () => {
    const keys: readonly (string | null)[] = PHASES.map(({ key }) => key)
    expect(FAILURE_STAGES.filter((stage) => !keys.includes(phaseOfStage(stage)))).toEqual(['dispatch_failed'])
  })

  it('have no word and no phase if they are unknown', () => {
    expect([stageWord('canary_failed'), phaseOfStage('canary_failed')]).toEqual([null, null])
  })
})
