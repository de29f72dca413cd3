import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import type { PhaseState } from '~/domain/deploy/phases'
import { DEPLOY_STATUSES, hasPosition, statusWord } from '~/domain/deploy/status'
import { deployAnnouncement, gridAnnouncement } from '~/ui/status/announcements'
import { PhaseMark } from '~/ui/status/marks'
import { outcomeOf, phaseWord } from '~/ui/status/status-words'
import { tabFace } from '~/ui/tab/tab-face'
import { deployThrough, tile } from './fixtures'

const started = ['requested', 'dispatched', 'smoke_gate_started']
const named = (...statuses: string[]) => ({ surface: 'console', deploy: deployThrough(statuses) })

describe('the browser tab', () => {
  test('names the running phase of the one deploy that runs', () => {
    expect(tabFace(null, [named(...started)])).toEqual({
      title: '● console: Smoke gate — Deploy Console',
      icon: 'running',
    })
    expect(tabFace(null, [named('requested', 'dispatched')]).title).toBe('● console: Dispatched — Deploy Console')
  })

  test('counts several running deploys, and names the one that is open', () => {
    const running = [named(...started), named('requested', 'dispatched')]
    expect(tabFace(null, running).title).toBe('● 2 deploys running — Deploy Console')
    expect(tabFace(named(...started), running).title).toBe('● console: Smoke gate — Deploy Console')
  })

  test('shows the outcome of the open deploy', () => {
    expect(tabFace(named('requested', 'failed'), [])).toEqual({
      title: '✕ console: Failed — Deploy Console',
      icon: 'stopped',
    })
    expect(tabFace(named('requested', 'dispatched', 'building', 'deploying', 'succeeded'), [])).toEqual({
      title: '✓ console: Succeeded — Deploy Console',
      icon: 'succeeded',
    })
  })

  test('shows the product’s name if nothing runs', () => {
    expect(tabFace(null, [])).toEqual({ title: 'Deploy Console', icon: 'idle' })
  })

  test('shows an unknown status as stored', () => {
    expect(tabFace(null, [named('requested', 'dispatched', 'canary_started')]).title).toBe(
      '● console: canary_started — Deploy Console',
    )
  })
})

describe('the words for a deploy', () => {
  test('show an unknown status as stored, with a neutral mark', () => {
    expect(statusWord('canary_started')).toBe('canary_started')
    expect(outcomeOf('canary_started')).toBe('unknown')
  })
})

describe('an announcement', () => {
  test('is the same for the same status, so that a live region says it once', () => {
    expect(deployAnnouncement(deployThrough(started))).toBe(deployAnnouncement(deployThrough(started)))
  })

  test('differs for every status on the way', () => {
    const path = DEPLOY_STATUSES.filter(hasPosition)
    const said = path.map((_, index) => deployAnnouncement(deployThrough(path.slice(0, index + 1))))
    expect(new Set(said).size).toBe(path.length)
  })

  test('of the grid names only the surfaces that changed', () => {
    const before = [tile('console', { lastDeploy: deployThrough(['requested', 'dispatched']) }), tile('api-prod')]
    const after = [tile('console', { lastDeploy: deployThrough(started) }), tile('api-prod')]
    expect(gridAnnouncement(before, after)).toBe('console, production: Smoke gate running.')
    expect(gridAnnouncement(after, after)).toBe('')
  })
})

test('a phase in a state that only a newer server knows is shown as unknown', () => {
  const newer: PhaseState = JSON.parse('"paused"')
  expect(phaseWord(newer, false)).toBe('Unknown')
  expect(renderToStaticMarkup(createElement(PhaseMark, { state: newer }))).toBe(
    renderToStaticMarkup(createElement(PhaseMark, { state: 'unknown' })),
  )
})
