import { expect, it } from 'vitest'
import { compareSurfaces } from '~/server/surfaces/declare/compare-surfaces'
import { parseSurfaces } from '~/server/surfaces/declare/read-surfaces-file'

/** Declares one surface with these keys as well. */
function declare(more: Readonly<Record<string, unknown>> = {}) {
  const address = { url: 'https://api.example.com', health_url: 'https://api.example.com/health' }
  const surface = { id: 'api', name: 'API', environment: 'production', repository: 'acme/api', workflow: 'ship.yml' }
  return parseSurfaces(JSON.stringify({ surfaces: [{ ...surface, ...address, ...more }] }), 'surfaces.yaml', undefined)
}

/** The changed keys between two declarations, as `key: before → after`. */
function differenceOf(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>) {
  const stored = new Map(declare(before).map((surface) => [surface.id, { ...surface, archivedAt: null }]))
  const { changes } = compareSurfaces(declare(after), stored)
  return changes.flatMap(({ keys }) => keys.map((one) => `${one.key}: ${one.before} → ${one.after}`))
}

const INPUTS = { commit: `\${sha}` }

it.each([
  [{}, { name: 'The API' }, ['name: API → The API']],
  [{ approval: 'required' }, {}, ['approval: required → none']],
  [{}, { ref: 'release', timeout_minutes: 5 }, ['ref: main → release', 'timeout_minutes: 30 → 5']],
  [{}, { checklist: ['Ask support'] }, ['checklist: (not set) → ["Ask support"]']],
  [{ repository_id: 7 }, {}, ['repository_id: 7 → (not set)']],
  [
    { dispatch: { inputs: { ...INPUTS, target: 'eu' } } },
    { dispatch: { inputs: { ...INPUTS, target: 'us' }, ask: ['dry_run'] } },
    ['dispatch.inputs.target: eu → us', 'dispatch.ask: (not set) → ["dry_run"]'],
  ],
  [
    {},
    { dispatch: { from: 'chosen', inputs: {} } },
    [
      'dispatch.from: default → chosen',
      'dispatch.on_moved: (not set) → cancel',
      'dispatch.inputs: (not set) → no inputs',
    ],
  ],
  [
    { phases: { deploy: ['ship'], health_check: ['verify'] } },
    { phases: { deploy: ['ship'], health_check: 'probe' } },
    ['phases.health_check: ["verify"] → probe', 'phases.probe_seconds: (not set) → 120'],
  ],
  [
    { version: { json: 'build.commit' } },
    { version: { header: 'x-version', is: 'ref' } },
    ['version.json: build.commit → (not set)', 'version.is: commit → ref', 'version.header: (not set) → x-version'],
  ],
])('the difference from %j to %j names each key of surfaces.yaml with both values', (before, after, expected) => {
  expect(differenceOf(before, after)).toEqual(expected)
})

it('the difference shows no password, no query of an address and no input that looks like a secret', () => {
  const before = { health_url: 'https://ops:hunter2@api.example.com/health?token=hunter3' }
  const inputs = { ...INPUTS, api_token: 'hunter4' }
  expect(differenceOf(before, { health_url: 'https://api.example.com/health', dispatch: { inputs } })).toEqual([
    'health_url: https://(not shown)@api.example.com/health?(not shown) → https://api.example.com/health',
    `dispatch.inputs.commit: (not set) → \${sha}`,
    'dispatch.inputs.api_token: (not set) → (not shown)',
  ])
  const changed = { health_url: before.health_url.replace('hunter2', 'hunter5') }
  expect(differenceOf(before, changed), 'a change of the password alone is still a difference').toHaveLength(1)
})

it('the difference makes invisible characters and line breaks visible', () => {
  const inputs = { ...INPUTS, note: 'a\u202Eb\u001B[2J\nc' }
  expect(differenceOf({ dispatch: { inputs: INPUTS } }, { dispatch: { inputs } })).toEqual([
    'dispatch.inputs.note: (not set) → "a⟨U+202E⟩b\\u001b[2J\\nc"',
  ])
})
