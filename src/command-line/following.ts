import { z } from 'zod'
import { HOW_A_STOP_ENDS } from '~/domain/deploy/queue'
import { kindWords } from '~/domain/deploy/source'
import { visible } from '~/domain/foreign-text'
import { refLabel, shortSha } from '~/domain/ref'
import {
  type ApprovalAnswer,
  approvalAnswer,
  type DeployAnswer,
  deployAnswer,
  type QueuedAnswer,
  queuedAnswer,
  surfaceAnswer,
} from './answers.ts'
import { NoAnswer, Refused } from './api.ts'
import { EXIT, type ExitCode, Stop } from './exit-codes.ts'
import { type OperatorContext, operatorCommand, printJson } from './operator-command.ts'

const EVERY_MS = 2_000
const LONGEST_PAUSE_MS = 60_000

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export const watch = operatorCommand({
  name: 'watch',
  summary: 'follows a deploy to its end: its id, or the id of a surface, whose newest deploy is followed',
  operand: { name: 'deploy', value: '<deploy>' },
  input: z.object({ deploy: z.string('required') }),
  run: async (context, { deploy }) => {
    if (UUID.test(deploy)) return followDeploy(context, deploy)
    const { last_deploy: newest } = await context.api.call('GET', surfacePath(deploy), surfaceAnswer)
    if (newest === null) throw new Stop(EXIT.failed, `${visible(deploy)} has no deploy.`)
    return followDeploy(context, newest.id)
  },
})

export const cancel = operatorCommand({
  name: 'cancel',
  summary: 'asks GitHub to stop the run of a deploy',
  options: { watch: { type: 'boolean', summary: 'follows the deploy to its end' } },
  operand: { name: 'deploy', value: '<deploy>' },
  input: z.object({ deploy: z.uuid('the id of a deploy is required'), watch: z.boolean().default(false) }),
  run: async (context, { deploy, watch: isFollowed }) => {
    const answer = await context.api.call('POST', `/api/internal/deploys/${deploy}/cancel`, z.looseObject({}))
    await context.tell('The cancel is requested. The deploy ends when GitHub says so.')
    if (isFollowed) return followDeploy(context, deploy)
    if (context.json) await printJson(context, answer)
    return EXIT.succeeded
  },
})

const watchAnswer = z.looseObject({
  watch: z.object({ sentences: z.array(z.string()) }).nullable(),
})

export const stopWatching = operatorCommand({
  name: 'stop-watching',
  summary: 'disarms the rollback of a deploy whose surface declares one',
  operand: { name: 'deploy', value: '<deploy>' },
  input: z.object({ deploy: z.uuid('the id of a deploy is required') }),
  run: async (context, { deploy }) => {
    const answer = await context.api.call('POST', `/api/internal/deploys/${deploy}/stop-watching`, watchAnswer)
    if (context.json) await printJson(context, answer)
    for (const sentence of context.json ? [] : (answer.watch?.sentences ?? [])) await context.print(sentence)
    return EXIT.succeeded
  },
})

export const surfacePath = (id: string, part = ''): string => `/api/internal/surfaces/${encodeURIComponent(id)}${part}`

/** Prints what happens to a deploy until it has ended. */
export async function followDeploy(context: OperatorContext, id: string): Promise<ExitCode> {
  const seen = { head: false, phases: new Map<string, string>(), line: 0, quiet: '', warnings: new Set<string>() }
  for (;;) {
    const deploy = await askUntilAnswered(context, () =>
      context.api.call('GET', `/api/internal/deploys/${id}`, deployAnswer),
    )
    for (const line of newsOf(deploy, seen)) await context.tell(line)
    if (deploy.terminal) {
      await context.tell(`${deploy.headline}.`)
      for (const sentence of deploy.sentences) await context.tell(`  ${sentence}`)
      if (deploy.run_url !== null) await context.tell(`  ${visible(deploy.run_url)}`)
      for (const sentence of deploy.watch?.sentences ?? []) await context.tell(`  ${sentence}`)
      if (deploy.watch?.stoppable === true) await context.tell(`  Disarm it with: stop-watching ${id}`)
      if (context.json) await printJson(context, deploy)
      return exitOfStatus(deploy.status)
    }
    await context.pause(EVERY_MS)
  }
}

const exitOfStatus = (status: string): ExitCode =>
  status === 'succeeded' ? EXIT.succeeded : status === 'cancelled' ? EXIT.cancelled : EXIT.failed

/** Follows an approval until it is decided, and then its deploy. */
export async function followApproval(context: OperatorContext, approval: ApprovalAnswer): Promise<ExitCode> {
  for (let now = approval; ; ) {
    if (now.deploy_id !== null) return followDeploy(context, now.deploy_id)
    if (now.state !== 'waiting') {
      const by = now.decision === null ? '' : ` by ${visible(now.decision.by)}`
      const why = now.decision?.reason == null ? '' : `: ${visible(now.decision.reason)}`
      await context.tell(`The request was ${visible(now.state)}${by}${why}. Nothing was deployed.`)
      if (context.json) await printJson(context, now)
      return now.state === 'withdrawn' ? EXIT.cancelled : EXIT.notAllowed
    }
    await context.pause(EVERY_MS)
    now = await askUntilAnswered(context, () =>
      context.api.call('GET', `/api/internal/approvals/${approval.id}`, approvalAnswer),
    )
  }
}

/** The ref and commit of a queued request, or where a promotion comes from. */
export function whatIsQueued(queued: Pick<QueuedAnswer, 'kind' | 'source_id' | 'ref' | 'sha'>): string {
  const kind = kindWords({ kind: queued.kind, sourceId: queued.source_id })
  const ref = queued.ref === queued.sha ? '' : `${visible(refLabel(queued.ref))} at `
  return `${kind === null ? '' : `${visible(kind)}: `}${ref}${shortSha(queued.sha)}`
}

/** Where a request waits, and for what. */
export function placeInQueue({ position, deploy_ahead: ahead, stop, wait }: QueuedAnswer): string {
  const place =
    position === null ? 'In the queue' : position === 1 ? 'Next in the queue' : `Number ${position} in the queue`
  const behind =
    ahead === null ? '' : `, behind the deploy of ${visible(refLabel(ahead.ref))} by ${visible(ahead.requested_by)}`
  const held = wait === null ? '' : ` ${visible(wait)}`
  return `${place}${behind}.${held}${stop === null ? '' : ` ${visible(stop.why)} The queue has stopped. ${HOW_A_STOP_ENDS}`}`
}

/** Follows a queued request to its turn, and then its deploy. */
export async function followQueued(context: OperatorContext, queued: QueuedAnswer): Promise<ExitCode> {
  let said = placeInQueue(queued)
  for (let now = queued; ; ) {
    if (now.deploy_id !== null) return followDeploy(context, now.deploy_id)
    if (now.state !== 'waiting') {
      const by = now.end === null || now.end.by === 'console' ? '' : ` by ${visible(now.end.by)}`
      const why = now.end?.reason == null ? '' : `: ${visible(now.end.reason)}`
      await context.tell(`The queued request was ${visible(now.state)}${by}${why}. Nothing was deployed.`)
      if (context.json) await printJson(context, now)
      return now.state === 'withdrawn' || now.state === 'replaced' ? EXIT.cancelled : EXIT.failed
    }
    const place = placeInQueue(now)
    if (place !== said) await context.tell(place)
    said = place
    await context.pause(EVERY_MS)
    now = await askUntilAnswered(context, () =>
      context.api.call('GET', `/api/internal/queue/${queued.id}`, queuedAnswer),
    )
  }
}

/** While the console cannot answer, asks again. What happens meanwhile is not known. */
async function askUntilAnswered<Answer>(context: OperatorContext, ask: () => Promise<Answer>): Promise<Answer> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await ask()
    } catch (error) {
      const isTemporary =
        error instanceof NoAnswer || (error instanceof Refused && [429, 502, 503, 504].includes(error.status))
      if (!isTemporary) throw error
      if (failures === 0)
        context.note(`${error.message} The progress of the deploy is not known right now. Trying again.`)
      const asked = error instanceof Refused ? (error.retryAfterSeconds ?? 0) * 1_000 : 0
      await context.pause(Math.min(Math.max(asked, EVERY_MS * 2 ** Math.min(failures, 5)), LONGEST_PAUSE_MS))
    }
  }
}

interface Seen {
  head: boolean
  readonly phases: Map<string, string>
  line: number
  quiet: string
  readonly warnings: Set<string>
}

/** The lines about what is new since the last answer. */
function newsOf(deploy: DeployAnswer, seen: Seen): string[] {
  const news: string[] = []
  if (!seen.head) {
    seen.head = true
    const at = deploy.sha === null ? '' : ` at ${shortSha(deploy.sha)}`
    news.push(
      `Deploy ${deploy.id} of ${visible(deploy.surface.id)} (${visible(deploy.surface.environment)}): ${visible(deploy.ref)}${at}, by ${visible(deploy.requested_by)}`,
    )
  }
  for (const { key, label, state } of deploy.phases) {
    if (seen.phases.get(key) === state) continue
    seen.phases.set(key, state)
    if (state !== 'pending') news.push(`  ${label}: ${state.replaceAll('_', ' ')}`)
  }
  const lines = deploy.log_tail.filter(({ seq }) => seq > seen.line)
  const missed = (lines[0]?.seq ?? seen.line + 1) - seen.line - 1
  if (missed > 0) news.push(`  │ (${missed} earlier lines are not shown)`)
  for (const { seq, line } of lines) {
    seen.line = seq
    news.push(`  │ ${logLine(line)}`)
  }
  const quiet = deploy.quiet?.sentence ?? ''
  if (quiet !== seen.quiet && quiet !== '') news.push(`  ${quiet}`)
  seen.quiet = quiet
  for (const warning of deploy.warnings) {
    if (seen.warnings.has(warning)) continue
    seen.warnings.add(warning)
    news.push(`  ! ${warning}`)
  }
  return news
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with this control character.
const COLOURS = /\u001b\[[0-9;]*m/g

/** Without colours. Other controls could change what the terminal shows, so they are made visible. */
const logLine = (line: string): string => visible(line.replaceAll(COLOURS, '').replaceAll('\t', '  '))
