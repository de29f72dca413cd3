import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import type { ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import type { ApprovalView } from '~/domain/deploy/approval'
import type { FailedLog } from '~/domain/deploy/failed-log'
import type { DeployView } from '~/domain/deploy/view'
import { describeWatch } from '~/domain/deploy/watch'
import type { Review } from '~/domain/surface/review'
import { ApprovalRow } from '~/ui/approvals/approvals-page'
import { AuditRow } from '~/ui/audit/audit-table'
import { ReviewedFacts } from '~/ui/deploy-modal/approval/approval-screen'
import { Consequence, DeployHeadline, DeployWarnings, QuietSentence } from '~/ui/deploy-modal/follow/deploy-progress'
import { DeployFacts } from '~/ui/deploy-modal/follow/deploy-screen'
import { LogRow } from '~/ui/deploy-modal/follow/log-tail'
import { RunJobs } from '~/ui/deploy-modal/follow/run-jobs'
import { Timeline } from '~/ui/deploy-modal/follow/timeline'
import { RefOptionRow } from '~/ui/deploy-modal/new-deploy/choose-ref'
import { ConfirmStep } from '~/ui/deploy-modal/new-deploy/confirm-step'
import { flowReducer, startFlow } from '~/ui/deploy-modal/new-deploy/flow'
import { ReviewWarnings } from '~/ui/deploy-modal/review/review-warnings'
import { DeployFactList } from '~/ui/deploy-page/deploy-fact-list'
import { FreezeRow } from '~/ui/freezes/freeze-row'
import { ApprovalStrip } from '~/ui/grid/approval-strip'
import { FreezeStrip } from '~/ui/grid/freeze-strip'
import { Problems, RunningStrip } from '~/ui/grid/running-strip'
import { TileGroup } from '~/ui/grid/tile-group'
import { DeployRow } from '~/ui/history/deploy-row'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { withRaw } from '~/ui/shell/member'
import { BASIS, deployThrough, tile } from './fixtures'

const AT = '2026-11-21T03:00:00.000Z'
const SHA = 'a'.repeat(40)
const nothing = () => undefined

const jobNamed = (name: string) => ({
  ...{ id: '7', name, url: 'https://example.com/7', moreSteps: 0, createdAt: AT, labels: [name] },
  ...{ status: 'completed', conclusion: 'failure', startedAt: AT, endedAt: AT },
  steps: [{ number: 1, name, status: name, conclusion: null, startedAt: AT, endedAt: null }],
})

const logOf = (text: string): FailedLog => ({
  ...{ jobId: '7', step: text, of: 'step', lines: [text], unread: null, readAt: AT },
})

/** The main views, with `text` wherever somebody else can choose the text. */
function mainViews(text: string): Readonly<Record<string, ReactNode>> {
  const failed = { ...deployThrough(['requested', 'dispatched', 'failed']), ref: text, requestedBy: text }
  const surface = { id: 'api', name: text, environment: text, url: 'https://example.com' }
  const queued = {
    ...{ id: 'q', position: 1, kind: 'promotion' as const, ref: text, sha: SHA, requestedAt: AT, expiresAt: AT },
    sourceId: text,
    ...{ requestedBy: text, requestedByOwner: text },
  }
  const deploy: DeployView = {
    ...failed,
    surface,
    repository: 'acme/platform',
    workflow: 'deploy.yml',
    inputs: [{ name: 'version', value: text }],
    checklist: [text],
    queue: { waiting: [queued], stop: { deployId: 'x', why: text }, wait: null, continueAfter: 'x' },
    reason: text,
    overrideReason: text,
    requestedByOwner: text,
    kind: 'rollback',
    approvedBy: text,
    failureDetail: text,
    runId: null,
    runAttempt: null,
    runUrl: null,
    runAttempts: [2, 1].map((attempt) => ({
      attempt,
      seenAt: AT,
      jobs: [jobNamed(text)],
      moreJobs: 0,
      failedLog: logOf(text),
    })),
    quiet: { sentence: text, since: AT, onGithub: false },
    waitingEnvironments: {
      runId: '1',
      runAttempt: 1,
      readAt: AT,
      environments: [{ id: '1', name: text, reviewable: true }],
    },
    approvalId: null,
    watch: {
      mode: 'auto',
      state: 'offered',
      minutes: 10,
      healthyAt: AT,
      until: AT,
      turnedAt: AT,
      detail: text,
      target: null,
      rollbackDeployId: null,
      approvalId: null,
      reason: text,
      sentences: describeWatch({
        mode: 'auto',
        state: 'offered',
        minutes: 10,
        healthyAt: AT,
        until: AT,
        turnedAt: AT,
        detail: text,
        target: null,
        rollbackDeployId: null,
        approvalId: null,
        reason: 'A sentence.',
        finishedAt: AT,
        approval: null,
      }),
      stoppable: false,
    },
    lateRunUrl: null,
    cancel: null,
    warnings: [text],
    alarms: [text],
    timeline: [
      {
        at: AT,
        actor: text,
        action: 'console.deploy.dispatch_refused',
        status: null,
        note: text,
        proof: 'github_answer',
      },
    ],
    logTail: [],
    logDeletedAt: null,
    logCursor: null,
  }
  const freeze = { id: 'f', kind: 'frozen', reason: text, until: AT, since: AT, by: text } as const
  const production = tile('api', {
    name: text,
    ref: text,
    paths: [text],
    confirm: text,
    health: { state: 'unhealthy', detail: text, checkedAt: AT },
    version: {
      sha: SHA,
      tag: text,
      url: 'https://example.com',
      seenAt: AT,
      behindBy: 2,
      aheadBy: 1,
      comparedAt: AT,
      shippedHere: true,
    },
    lastDeploy: failed,
    freezes: [freeze],
  })
  const elsewhere = { ...production, id: 'b', environment: text, freezes: [], outsideRun: outsideRun(text) }
  const running = {
    ...elsewhere,
    id: 'c',
    outsideRun: null,
    lastDeploy: { ...failed, status: 'building', terminal: false },
  }
  const waiting = {
    ...running,
    id: 'd',
    lastDeploy: null,
    waiting: { approvalId: 'x', requestedBy: text, requestedByOwner: text, sha: SHA, expiresAt: AT },
  }
  const byVariable = { ...production, lastDeploy: null, deployFreeze: { reason: text, readAt: AT } }
  const tiles = [production, elsewhere, running, waiting]
  const commit = { sha: SHA, title: text, author: text, at: AT, url: 'https://example.com' }
  const review: Review = {
    surfaceId: 'api',
    ref: text,
    sha: SHA,
    head: commit,
    runningSha: 'b'.repeat(40),
    comparison: {
      kind: 'ahead',
      adds: 1,
      removes: 0,
      commits: [commit],
      removed: [commit],
      touching: { paths: [text], known: { adds: 1, removes: 0, shas: [] } },
      url: 'https://example.com',
    },
    pullsComplete: true,
    pulls: [{ number: 7, title: text, author: text, url: 'https://example.com', sha: SHA }],
    checks: {
      checks: [{ name: text, state: 'red', word: text, url: 'https://example.com' }],
      counts: { red: 1, pending: 0, other: 0, green: 0 },
      complete: true,
    },
    warnings: [{ kind: 'checks_red', text, blocking: false }],
    freezeIds: ['f'],
    asked: [],
    workflowRef: null,
    checklist: [text],
    basis: BASIS,
  }
  const approval: ApprovalView = {
    id: 'x',
    state: 'refused',
    surface,
    repository: 'acme/platform',
    workflow: 'deploy.yml',
    kind: 'promotion',
    sourceId: text,
    ref: text,
    sha: SHA,
    expectedRunningSha: null,
    inputs: [],
    checklist: [text],
    commitUrl: 'https://example.com',
    reason: text,
    overrideReason: text,
    overrideFreezeIds: [],
    requestedBy: text,
    requestedByOwner: text,
    requestedAt: AT,
    expiresAt: AT,
    decision: { by: text, at: AT, reason: text },
    deployId: null,
    yours: false,
    decidable: false,
  }
  const chosen = flowReducer(startFlow(null, null), { type: 'chosen', ref: text })
  const overridden = flowReducer(chosen, { type: 'overriding', text })
  const flow = flowReducer(overridden, {
    type: 'reviewed',
    sha: SHA,
    reviewed: review,
    inputs: {},
    freezeIds: ['f'],
    key: 'key-of-a-request',
  })
  if (flow.step !== 'confirm') throw new Error('not at the last step')
  const past = { ...deploy, requestedAt: AT, finishedAt: AT }
  const inTable = (row: ReactNode) => (
    <table>
      <tbody>{row}</tbody>
    </table>
  )
  return {
    tiles: (
      <TileGroup
        view="tiles"
        collapsed={false}
        onCollapse={nothing}
        group={{ environment: text, tiles }}
        current={null}
        onCurrent={nothing}
        onDeploy={nothing}
        onOpen={nothing}
        onReturn={nothing}
      />
    ),
    'what runs': <RunningStrip tiles={tiles} onOpen={nothing} onShow={nothing} />,
    problems: <Problems tiles={tiles} onShow={nothing} />,
    'what is frozen': <FreezeStrip tiles={tiles} />,
    'what DEPLOY_FREEZE holds': (
      <>
        <FreezeStrip tiles={[byVariable]} />
        <TileGroup
          view="tiles"
          collapsed={false}
          onCollapse={nothing}
          group={{ environment: text, tiles: [byVariable] }}
          current={null}
          onCurrent={nothing}
          onDeploy={nothing}
          onOpen={nothing}
          onReturn={nothing}
        />
      </>
    ),
    'what waits': <ApprovalStrip tiles={tiles} onOpen={nothing} />,
    'a ref to choose': (
      <RefOptionRow
        option={{ ref: text, kind: 'branch', label: text, sha: null, detail: text, at: null }}
        runningSha={null}
      />
    ),
    review: (
      <>
        <ReviewWarnings warnings={review.warnings} onFollow={nothing} />
        <ReviewedFacts review={review} tile={production} onFollow={() => undefined} />
      </>
    ),
    'the sentence one confirms': (
      <ConfirmStep
        surface={production}
        flow={flow}
        act={nothing}
        onSubmit={nothing}
        onQueue={nothing}
        onFollow={nothing}
        ready={false}
      />
    ),
    'a deploy': (
      <>
        <DeployHeadline deploy={deploy} />
        <DeployFacts deploy={deploy} />
        <DeployWarnings deploy={deploy} />
        <QuietSentence deploy={deploy} />
        <RunJobs deploy={deploy} />
        <Consequence deploy={deploy} />
        <Timeline entries={deploy.timeline} />
        <DeployFactList deploy={deploy} />
      </>
    ),
    'a line of the log': (
      <LogRow
        ref={() => undefined}
        item={{ index: 0, start: 0 }}
        total={1}
        line={{ seq: 1, line: text, at: AT }}
        wraps
        isFound={false}
      />
    ),
    'a row of the history': inTable(<DeployRow deploy={past} surfaceId="api" returnable={false} />),
    'a row of the audit trail': inTable(
      <AuditRow
        entry={{
          id: '1',
          at: AT,
          actor: text,
          action: 'console.deploy.requested',
          deployId: null,
          surfaceId: text,
          status: null,
          payload: { reason: text },
        }}
      />,
    ),
    'an approval': <ApprovalRow approval={approval} />,
    'a freeze': (
      <FreezeRow
        freeze={{
          id: 'f',
          kind: 'freeze',
          rollbacksPass: false,
          recurrence: null,
          occurrence: null,
          state: 'over',
          environment: text,
          surface: null,
          reason: text,
          startsAt: AT,
          endsAt: null,
          createdBy: text,
          createdAt: AT,
          lifted: { by: text, at: AT },
        }}
        onChanged={nothing}
      />
    ),
  }
}

const outsideRun = (by: string) =>
  ({ number: 7, url: 'https://example.com', by, at: AT, state: 'succeeded', environmentKnown: false }) as const

const HARMFUL = [
  '\u202e',
  '\u202d',
  '\u202b',
  '\u2066',
  '\u2067',
  '\u2069',
  '\u200f',
  '\u061c',
  '\u200b',
  '\ufeff',
  '\u2028',
  '\u009f',
]
const MARK = 'mark'

/** A name with a harmful character, and sometimes with letters that run from right to left. */
const hostileName = fc
  .tuple(fc.array(fc.constantFrom(...HARMFUL, 'a', 'א', 'ب', ' ', '1'), { maxLength: 6 }), fc.constantFrom(...HARMFUL))
  .map(([before, harm]) => `${before.join('')}${MARK}${harm}`)

const DIRECTION_OR_UNSEEN = /(?!\n)\p{Cc}|[\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u
const ISOLATED = /\u2068[^\u2066-\u2069]*\u2069/gu
const SHOWN_ATTRIBUTE = /\s(?:title|aria-label|alt|placeholder)="([^"]*)"/g

/** The texts that a reader sees, with whether they are isolated, and the texts of attributes. */
function textsOf(markup: string) {
  const texts: { text: string; isolated: boolean }[] = []
  let isolates = 0
  for (const [, tag, text] of markup.matchAll(/<([^>]*)>([^<]*)/g)) {
    if (tag?.startsWith('bdi')) isolates += 1
    if (tag === '/bdi') isolates -= 1
    texts.push({ text: text ?? '', isolated: isolates > 0 })
  }
  const attributes = [...markup.matchAll(SHOWN_ATTRIBUTE)].map(([, value = '']) => value)
  return { texts, attributes }
}

describe('text that others wrote', () => {
  it.each(Object.keys(mainViews('x')))(
    'does not change anything around it in the view "%s"',
    (view) => {
      fc.assert(
        fc.property(hostileName, (name) => {
          const { texts, attributes } = textsOf(renderToStaticMarkup(mainViews(name)[view]))
          expect(texts.some(({ text }) => text.includes(MARK))).toBe(true)
          for (const { text, isolated } of texts) {
            const outside = text.replaceAll(ISOLATED, '')
            expect(outside).not.toMatch(DIRECTION_OR_UNSEEN)
            // In a sentence of one string, a name without letters from right to left needs no isolate.
            if (!isolated) expect(outside).not.toMatch(/[א-ۿ]/)
          }
          for (const value of attributes) expect(value.replaceAll(ISOLATED, '')).not.toMatch(DIRECTION_OR_UNSEEN)
        }),
        { numRuns: 8 },
      )
    },
    30_000,
  )

  it('has a placeholder for a character that would reorder the line to confirm', () => {
    const view = mainViews('main\u202eb.gnigats')['the sentence one confirms']
    expect(renderToStaticMarkup(view)).toContain('>main⟨U+202E⟩b.gnigats</bdi>')
  })

  it('is shortened if it is long, with the whole text in its title', () => {
    const long = '𝒳'.repeat(1_000)
    const markup = renderToStaticMarkup(<ForeignText text={long} />)
    expect(markup).toContain(`title="${long}"`)
    expect(markup).toContain(`>${'𝒳'.repeat(199)}…</bdi>`)
    expect(renderToStaticMarkup(<ForeignText text={long} whole />)).toContain(`>${long}</bdi>`)
  })

  it('is copied as written if all of it is selected', () => {
    const foreign = [
      { shown: 'main⟨U+202E⟩x', raw: 'main\u202ex' },
      { shown: '⟨ESC⟩[0m', raw: '\u001b[0m' },
    ]
    expect(withRaw('Deploy main⟨U+202E⟩x at ⟨ESC⟩[0m', foreign)).toBe('Deploy main\u202ex at \u001b[0m')
    expect(withRaw('ain⟨U+202E⟩x at ⟨ESC⟩[0m', foreign)).toBe('ain⟨U+202E⟩x at \u001b[0m')
  })
})

describe('the screens', () => {
  const FIELDS =
    'name|ref|title|reason|author|requestedBy|approvedBy|failureDetail|detail|overrideReason|createdBy|addedBy|email|note|by|actor|line|environment'
  /** `{tile.name}` between tags, but not `text={tile.name}`. */
  const shownAsItIs = new RegExp(String.raw`(?<![=\w$])\{\s*(?:[\w?]+\.)+(?:${FIELDS})\s*\}`, 'g')
  /** Declared in the console's own files. */
  const OWN = ['{flag.name}']

  it('show text that others wrote only through ForeignText', () => {
    const directory = path.resolve(import.meta.dirname, '../../../src/ui')
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.tsx'))
    const found = files.flatMap((file) =>
      [...readFileSync(path.join(directory, file), 'utf8').matchAll(shownAsItIs)].map(([text]) => `${file} ${text}`),
    )
    expect(found.filter((place) => !OWN.some((own) => place.endsWith(own)))).toEqual([])
    expect('<p>{tile.name} · {deploy?.ref}</p>'.match(shownAsItIs)).toHaveLength(2)
    expect('<ForeignText text={tile.name} />'.match(shownAsItIs)).toBeNull()
  })
})
