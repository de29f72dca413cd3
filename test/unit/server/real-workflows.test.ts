import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Evidence, evidenceBeyond } from '~/domain/deploy/evidence'
import { fillInputs } from '~/domain/deploy/inputs'
import { absentPhases, type Transition } from '~/domain/deploy/phases'
import { describeDeploy } from '~/domain/deploy/report'
import { factsOf, type RunRecord } from '~/domain/deploy/run-record'
import { type DeployStatus, isTerminal } from '~/domain/deploy/status'
import { checkWorkflow } from '~/domain/surface/setup'
import { resolveInputs } from '~/sandbox/runner/dispatch-inputs'
import { readWorkflowFile } from '~/sandbox/runner/workflow-files'
import { chooseInputs } from '~/server/deploys/admit/choose-inputs'
import { connectGitHub, type GitHub } from '~/server/github/client'
import { parseWorkflowFile } from '~/server/github/workflow-file'
import { readRun } from '~/server/github/workflow-runs'
import { createLogger } from '~/server/platform/logger'
import type { SurfaceDeclaration } from '~/server/surfaces/declare/declarations'
import { readSurfacesFile } from '~/server/surfaces/declare/read-surfaces-file'
import { answersOf, type RecordedRun, readRecordedRuns } from '~test/support/recorded-runs'
import { type ScriptedGitHub, startScriptedGitHub } from '~test/support/scripted-github'

const fixtures = path.resolve(import.meta.dirname, '../../fixtures')
const surfaces = readSurfacesFile(path.join(fixtures, 'surfaces.yaml'), undefined)
const textOf = (workflow: string) => readFileSync(path.join(fixtures, 'workflows', workflow), 'utf8')

const SHA = '0123456789abcdef0123456789abcdef01234567'
const FACTS = {
  id: '0199f2c4-7d1e-7b52-9c1a-5b0a4c1d2e3f',
  surfaceId: 'shape',
  environment: 'production',
  ref: 'refs/heads/main',
  sha: SHA,
  requestedBy: 'ada@example.com',
  reason: null,
  traceparent: '',
  phaseCallbacks: true,
}

/** What each workflow is sent. */
const SENT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  heroku: { git_ref: SHA },
  ecs: { sha: SHA, service: 'api' },
  'cloud-run': {},
  helm: { chart_ref: SHA, request: FACTS.id },
  vercel: { ref: SHA, target: 'production' },
  pages: {},
  terraform: { commit: SHA },
  ansible: { version: SHA, limit: 'all', check_mode: 'false' },
  's3-cloudfront': { revision: SHA },
  'npm-publish': {},
  'release-please': {},
  monorepo: { sha: SHA, services: '["api"]' },
  'reusable-caller': { revision: SHA },
  composite: { ref: SHA, environment: 'production' },
  environments: { build: SHA },
  'tag-only': {},
  'manual-inputs': {
    version: '0123456',
    deploy: FACTS.id,
    where: 'production',
    note: '',
    region: 'eu',
    replicas: '3',
    dry_run: 'true',
  },
  'container-job': { commit: SHA },
  'self-hosted': { firmware: SHA, line: '1' },
  concurrency: { sha: SHA },
}

/** Surfaces of which a declared name is only known to fit with the first run. */
const UNSURE = ['monorepo', 'manual-inputs']

let scripted: ScriptedGitHub
let github: GitHub
const logger = createLogger('silent')

beforeAll(async () => {
  scripted = await startScriptedGitHub()
  github = connectGitHub({ apiUrl: scripted.apiUrl, credentials: { kind: 'token', token: 'test' } }, logger)
})
afterAll(() => scripted.close())

it('each of the workflows has a surface and recorded runs', () => {
  const names = surfaces.map(({ id }) => id).toSorted()
  expect(names).toHaveLength(20)
  expect(readdirSync(path.join(fixtures, 'workflows'))).toEqual(names.map((name) => `${name}.yml`))
  expect(readdirSync(path.join(fixtures, 'runs'))).toEqual(names.map((name) => `${name}.yaml`))
})

describe.each(surfaces)('the workflow of $name', (surface) => {
  it('is valid for GitHub’s parser, and its declaration has no broken line', async () => {
    const text = textOf(surface.workflow)
    expect(await readWorkflowFile(`.github/workflows/${surface.workflow}`, text)).not.toHaveProperty('errors')
    const lines = checkWorkflow(surface, parseWorkflowFile(text))
    const doubtful = lines.filter(({ state }) => state !== 'ok')
    expect(doubtful.map(({ about, state }) => `${about}: ${state}`)).toEqual(
      UNSURE.includes(surface.id) ? ['Phases: unknown'] : [],
    )
  })

  it('gets inputs that GitHub accepts', async () => {
    const text = textOf(surface.workflow)
    const content = Buffer.from(text).toString('base64')
    scripted.script.onContents = () => ({ status: 200, body: { encoding: 'base64', content } })
    const { templates, asked } = await chooseInputs({ github, logger }, surface, {}, false)
    const sent = { ...fillInputs(templates, FACTS), ...asked }
    expect(sent).toEqual(SENT[surface.id])
    const file = await readWorkflowFile(`.github/workflows/${surface.workflow}`, text)
    const declared = 'workflow' in file ? (file.workflow.inputs ?? []) : []
    expect(resolveInputs(declared, sent)).toMatchObject({ inputs: sent })
  })

  it.each(readRecordedRuns(surface.id))('is reported as its record proves when $what', async (recorded) => {
    expect(say(surface, await look(recorded, surface))).toBe(recorded.says)
  })

  it.each(readRecordedRuns(surface.id))('is reported the same if looks came before, when $what', async (recorded) => {
    const end = await look(recorded, surface)
    let followed = DISPATCHED
    for (const moment of momentsOf(recorded)) {
      const run = await look(moment, surface)
      followed = follow(followed, surface, run)
      expect(isTerminal(followed.status)).toBe(false)
      const said = say(surface, run, followed)
      expect(said).not.toContain('shipped no')
      if (said.includes('shipped yes')) expect(recorded.says).toContain('shipped yes')
    }
    expect(say(surface, end, follow(followed, surface, end))).toBe(recorded.says)
  })
})

it.each(surfaces)('a mistyped pattern never denies what the workflow of $name may have deployed', async (surface) => {
  const { phaseJobs } = surface
  for (const recorded of readRecordedRuns(surface.id)) {
    const run = await look(recorded, surface)
    if (phaseJobs === null || factsOf(run, new Date(0)).phases.deploy === 'not_run') continue
    for (const deploy of (phaseJobs.deploy ?? []).flatMap((pattern) =>
      misspellingsOf(pattern, phaseJobs.deploy ?? []),
    )) {
      const said = say(surface, { ...run, phaseJobs: { ...phaseJobs, deploy } })
      expect(said, `${recorded.what}, with ${deploy.join(', ')}`).not.toContain('shipped no')
    }
  }
})

it.each(surfaces)(
  'without a declaration, names do not contradict what is proven about the workflow of $name',
  async (surface) => {
    for (const recorded of readRecordedRuns(surface.id)) {
      const run = await look(recorded, surface)
      const proven = factsOf(run, new Date(0)).phases.deploy
      const told = factsOf({ ...run, phaseJobs: null }, new Date(0)).phases.deploy
      if (told === 'ended' || told === 'not_run') expect(proven, recorded.what).toBe(told)
    }
  },
)

/** The patterns with each letter of one of them replaced, or left out. */
const misspellingsOf = (pattern: string, all: readonly string[]): string[][] =>
  [...pattern].flatMap((_, index) =>
    ['', 'x', '*'].map((letter) => {
      const other = `${pattern.slice(0, index)}${letter}${pattern.slice(index + 1)}`
      return all.map((one) => (one === pattern ? other : one))
    }),
  )

/** The jobs of a run as they appear one after the other, each when the one before has ended. */
function momentsOf({ jobs }: RecordedRun): { run: string; jobs: string }[] {
  const each = jobs.split(/\n(?=\S)/)
  return each.slice(1).map((_, index) => ({ run: 'in_progress', jobs: each.slice(0, index + 1).join('\n') }))
}

/** The record of a run, read as the reconciler reads it. */
async function look(
  recorded: Pick<RecordedRun, 'run' | 'jobs'>,
  { phaseJobs }: SurfaceDeclaration,
): Promise<RunRecord> {
  const answers = answersOf(recorded)
  scripted.script.onRun = () => ({ status: 200, body: answers.run })
  scripted.script.onJobs = () => ({ status: 200, body: answers.jobs })
  const run = await readRun(github, 'acme/shape', 7n, phaseJobs, AbortSignal.timeout(5_000))
  if (run === null) throw new Error('the run was not found')
  return run
}

interface Followed {
  readonly status: DeployStatus
  readonly failureStage: string | null
  readonly transitions: readonly Transition[]
}
const DISPATCHED: Followed = { status: 'dispatched', failureStage: null, transitions: [] }

/** A deploy after the reconciler has read the record of its run. */
function follow(before: Followed, surface: SurfaceDeclaration, run: RunRecord): Followed {
  const evidence = evidenceBeyond(before.status, run, { isProbed: surface.probeSeconds !== null })
  const last = evidence.at(-1)
  return last === undefined
    ? before
    : {
        status: last.status,
        failureStage: last.failureStage,
        transitions: [...before.transitions, ...evidence.map(transitionOf)],
      }
}

const transitionOf = ({ status, at, implied = false }: Evidence): Transition => ({
  status,
  at,
  action: 'console.deploy.reconciled',
  implied,
})

/** What the console says, in one line. */
function say(surface: SurfaceDeclaration, run: RunRecord, followed = follow(DISPATCHED, surface, run)): string {
  const { status, failureStage } = followed
  const { phases, shipped } = describeDeploy({
    ...followed,
    record: factsOf(run, new Date(0)),
    requestedAt: run.createdAt,
    sha: FACTS.sha,
    reportedSha: null,
    runId: '7',
    lateRun: null,
    holdsSurface: false,
    released: false,
    absent: absentPhases(surface.phaseJobs, surface.probeSeconds !== null),
  })
  const stage = failureStage === null ? '' : ` (${failureStage})`
  return `${status}${stage}, shipped ${shipped}: ${phases.map(({ state }) => state).join(', ')}`
}
