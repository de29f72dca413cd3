import { Dialog } from '@base-ui/react/dialog'
import { createElement, type ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import type { Phase } from '~/domain/deploy/phases'
import type { SurfaceTile } from '~/domain/surface/tile'
import { DeployWarnings } from '~/ui/deploy-modal/follow/deploy-progress'
import { Stepper } from '~/ui/deploy-modal/follow/stepper'
import { ConfirmStep } from '~/ui/deploy-modal/new-deploy/confirm-step'
import { type FlowAction, flowReducer, startFlow } from '~/ui/deploy-modal/new-deploy/flow'
import { HeldSurface } from '~/ui/deploy-modal/new-deploy/held-surface'
import { TileGroup } from '~/ui/grid/tile-group'
import { BASIS, deployThrough, tile } from './fixtures'

const nothing = () => undefined
const SHA = 'd'.repeat(40)
const AT = '2026-11-21T03:00:00.000Z'

const words = (view: ReactNode) =>
  renderToStaticMarkup(createElement(Dialog.Root, null, view))
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\p{Cf}/gu, '')

const grid = (surface: SurfaceTile) =>
  renderToStaticMarkup(
    <TileGroup
      view="tiles"
      collapsed={false}
      onCollapse={nothing}
      group={{ environment: 'production', tiles: [surface] }}
      current={null}
      onCurrent={nothing}
      onDeploy={nothing}
      onOpen={nothing}
      onReturn={nothing}
    />,
  )

describe('a surface that an ended deploy holds', () => {
  const held = tile('api', { held: { deployId: 'd', runId: '7' } })

  it('is shown as held, with what ends the hold, before a deploy is chosen', () => {
    const said = words(<HeldSurface surface={held} onFollow={nothing} />)
    expect(said).toContain(
      'Blocked. Run 7 of an earlier deploy of api is not proven to be over and may still change it.',
    )
    expect(said).toContain('Another deploy can start once that run is over, or once somebody releases the surface.')
    expect(said).toContain('Open that deploy')
  })

  it('disables Deploy on a form that was already open', () => {
    const reviewed = { runningSha: null, comparison: null, pulls: [], checklist: [], basis: BASIS }
    const actions: FlowAction[] = [
      { type: 'reviewed', sha: SHA, reviewed, key: 'key', inputs: {}, freezeIds: [] },
      { type: 'typed', text: 'api' },
    ]
    const flow = actions.reduce(flowReducer, startFlow('main'))
    if (flow.step !== 'confirm') throw new Error('not at the last step')
    const form = (surface: SurfaceTile) =>
      renderToStaticMarkup(
        <ConfirmStep
          surface={surface}
          flow={flow}
          act={nothing}
          onSubmit={nothing}
          onQueue={nothing}
          onFollow={nothing}
          ready
        />,
      )
    expect(form(tile('api'))).not.toContain('disabled=')
    expect(form(held)).toMatch(/<button[^>]*disabled=[^>]*>Deploy</)
    expect(form(held)).toContain('is not proven to be over')
  })

  it('shows the hold beside an alarm', () => {
    expect(grid({ ...held, alarm: 'Another commit runs.' })).toContain('held by run 7')
  })
})

it.each(['ref_unfit', 'surface_changed', 'inputs_refused', 'frozen'])(
  'a refusal with %s offers a new review',
  (appCode) => {
    const reviewed = { runningSha: null, comparison: null, pulls: [], checklist: [], basis: BASIS }
    const confirm = flowReducer(startFlow('main'), {
      type: 'reviewed',
      sha: SHA,
      reviewed,
      key: 'key',
      inputs: {},
      freezeIds: [],
    })
    if (confirm.step !== 'confirm') throw new Error('not at the last step')
    const refusal = { kind: 'refused' as const, appCode, message: 'Refused.', details: {} }
    const flow = { ...confirm, attempt: { state: 'open' as const, key: 'key', refusal, sentBefore: false } }
    const form = (
      <ConfirmStep
        surface={tile('api')}
        flow={flow}
        act={nothing}
        onSubmit={nothing}
        onQueue={nothing}
        onFollow={nothing}
        ready
      />
    )
    expect(words(form)).toContain('Review again')
  },
)

it('the tile of an archived surface offers its running deploy, and no new one', () => {
  const lastDeploy = { ...deployThrough(['requested', 'dispatched']), finishedAt: null }
  const running = grid(tile('api', { archived: true, lastDeploy }))
  expect(running).toContain('removed from surfaces.yaml')
  expect(running).toMatch(/<button[^>]*aria-disabled="false"[^>]*>Follow</)
  const held = grid(tile('api', { archived: true, held: { deployId: 'd', runId: '7' } }))
  expect(held).toMatch(/<button[^>]*aria-disabled="true"[^>]*title="No longer declared in surfaces.yaml"[^>]*>Deploy</)
})

describe('an alarm', () => {
  it('is red in the dialog, on the tile and on its frame, and a warning is not', () => {
    const alarms = renderToStaticMarkup(
      <DeployWarnings deploy={{ warnings: ['GitHub is silent.', 'Two runs.'], alarms: ['Two runs.'], watch: null }} />,
    )
    expect([...alarms.matchAll(/border-(bad|warn)/g)].map(([, tone]) => tone)).toEqual(['warn', 'bad'])
    expect(grid(tile('api', { alarm: 'Two runs.' }))).toMatch(/<li[^>]*border-bad/)
    expect(grid(tile('api'))).not.toMatch(/<li[^>]*border-bad/)
  })
})

describe('the version of a tile', () => {
  it('is the reported tag, linked to its commit', () => {
    const version = { sha: SHA, tag: 'v1.4.0', url: 'https://example.com/c', seenAt: AT, behindBy: 3, aheadBy: 0 }
    const shown = grid(tile('api', { version: { ...version, comparedAt: AT, shippedHere: true }, paths: ['docs'] }))
    expect(shown).toMatch(/href="https:\/\/example\.com\/c"[^>]*>.*v1\.4\.0/)
    expect(shown).toContain('only commits in the history of docs')
  })

  it('is the reported name and why its commit is unknown, or not reported', () => {
    const shown = grid(tile('api', { unknownVersion: { name: 'latest', why: 'That tag was moved.' } }))
    expect(shown).toMatch(/title="That tag was moved\."[^>]*><bdi>latest<\/bdi> · commit unknown/)
    expect(grid(tile('api'))).toContain('not reported')
  })
})

describe('a tile whose version this console did not deploy', () => {
  const version = {
    sha: SHA,
    tag: null,
    url: '',
    seenAt: AT,
    behindBy: 3,
    aheadBy: 2,
    comparedAt: null,
    shippedHere: false,
  }
  const drifted = tile('api', { version, lastDeploy: deployThrough(['requested', 'failed']) })

  it('says so beside its distance from the default ref, even beside an alarm', () => {
    for (const surface of [drifted, { ...drifted, alarm: 'Two runs.' }]) {
      expect(grid(surface)).toContain('3 behind, 2 ahead of')
      expect(grid(surface)).toContain('which no deploy of this console shipped')
    }
  })
})

it('a phase whose end is proven without a time is shown without a duration, which would go on to grow', () => {
  const phase = (state: Phase['state'], endedAt: string | null): Phase => ({
    ...{ key: 'smoke_gate', label: 'Smoke gate', state, startedAt: AT, endedAt },
  })
  const time = (...phases: Phase[]) => renderToStaticMarkup(<Stepper phases={phases} ended />).includes('tabular-nums')
  expect(time(phase('done', null))).toBe(false)
  expect(time(phase('done', AT))).toBe(true)
  expect(time(phase('active', null))).toBe(true)
})

it('what a phase usually takes is shown as an estimate before and while it runs, and not once it is over', () => {
  const usual = { deploy: { median: 80_000, p90: 125_000, deploys: 20 } }
  const shown = (state: Phase['state'], ended = false) => {
    const phase: Phase = { key: 'deploy', label: 'Deploy', state, startedAt: null, endedAt: null }
    return renderToStaticMarkup(<Stepper phases={[phase]} ended={ended} usual={usual} />)
  }
  for (const state of ['pending', 'active'] as const) expect(shown(state)).toContain('usually 1:20, p90 2:05')
  expect(shown('active')).toContain('Estimate from the last 20 successful deploys')
  expect(shown('done')).not.toContain('usually')
  expect(shown('pending', true)).not.toContain('usually')
})
