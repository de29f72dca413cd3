import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { explainUnticked, linesToTick } from '~/domain/deploy/checklist'
import { changeSentence } from '~/domain/deploy/source'
import { armedWords } from '~/domain/deploy/watch'
import { visible } from '~/domain/foreign-text'
import { refLabel, shortSha } from '~/domain/ref'
import {
  deployAnswer,
  dispatchAnswer,
  type ReviewAnswer,
  reviewAnswer,
  type SurfaceAnswer,
  surfaceAnswer,
} from './answers.ts'
import { NoAnswer, Refused } from './api.ts'
import { EXIT, type ExitCode, Stop } from './exit-codes.ts'
import { followApproval, followDeploy, followQueued, placeInQueue, surfacePath } from './following.ts'
import { type OperatorContext, operatorCommand, printJson } from './operator-command.ts'
import { withFreshProof } from './proving.ts'

const OPTIONS = {
  confirm: { type: 'string', value: '<name>', summary: 'the confirm phrase, which a person types instead' },
  reason: { type: 'string', value: '<text>', summary: 'why, for the audit trail' },
  input: {
    type: 'string',
    multiple: true,
    value: '<name=value>',
    summary: 'an input that the surface asks for. May be given again',
  },
  checked: {
    type: 'string',
    multiple: true,
    value: '<line>',
    summary: 'a line of the checklist, which a person is asked about instead. May be given again',
  },
  'override-freeze': {
    type: 'string',
    value: '<reason>',
    summary: 'deploys in spite of the freezes and locks in force',
  },
  queue: { type: 'boolean', summary: 'waits in the queue of the surface while a deploy is under way' },
  watch: { type: 'boolean', summary: 'follows the deploy to its end' },
} as const

const asked = z.object({
  surface: z.string('required'),
  confirm: z.string().optional(),
  reason: z.string().optional(),
  input: z
    .array(z.string().regex(/^[^=]+=/, 'expected <name>=<value>'))
    .default([])
    .transform((given) =>
      Object.fromEntries(given.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)])),
    ),
  checked: z.array(z.string()).optional(),
  'override-freeze': z.string().min(1, 'say why').optional(),
  queue: z.boolean().default(false),
  watch: z.boolean().default(false),
})
type Asked = z.output<typeof asked>

const operand = { name: 'surface', value: '<surface>' } as const

export const deploy = operatorCommand({
  name: 'deploy',
  summary: 'deploys a ref to a surface',
  options: {
    ref: {
      type: 'string',
      value: '<ref>',
      summary: 'a branch, a tag or a commit. Default: the default ref of the surface',
    },
    sha: { type: 'string', value: '<commit>', summary: 'refuses the deploy if the ref points at another commit' },
    ...OPTIONS,
  },
  operand,
  input: asked.extend({
    ref: z.string().optional(),
    sha: z
      .string()
      .regex(/^[0-9a-f]{40}$/, 'expected a full commit SHA')
      .optional(),
  }),
  run: async (context, input) => {
    const surface = await context.api.call('GET', surfacePath(input.surface), surfaceAnswer)
    return ship(context, surface, { ref: input.ref ?? surface.ref, sha: input.sha }, input)
  },
})

export const rollback = operatorCommand({
  name: 'rollback',
  summary: 'deploys the commit of an earlier deploy again',
  options: {
    to: {
      type: 'string',
      value: '<deploy>',
      summary: 'the earlier deploy. Default: the last that is proven to have shipped another commit',
    },
    ...OPTIONS,
  },
  operand,
  input: asked.extend({ to: z.uuid('expected the id of a deploy').optional() }),
  run: async (context, input) => {
    const surface = await context.api.call('GET', surfacePath(input.surface), surfaceAnswer)
    const back = input.to === undefined ? surface.last_good : await earlierDeploy(context, input.to)
    if (back === null) {
      throw new Stop(
        EXIT.failed,
        `No earlier deploy of ${visible(surface.name)} is proven to have shipped. Nothing was deployed. Deploy a ref instead.`,
      )
    }
    return ship(context, surface, { ref: back.sha, source: { kind: 'rollback', deploy: back.deploy_id } }, input)
  },
})

export const promote = operatorCommand({
  name: 'promote',
  summary: 'deploys the commit that a surface of another environment runs',
  options: { from: { type: 'string', value: '<surface>', summary: 'the surface that runs it' }, ...OPTIONS },
  operand,
  input: asked.extend({ from: z.string('required') }),
  run: async (context, input) => {
    const [surface, from] = await Promise.all([
      context.api.call('GET', surfacePath(input.surface), surfaceAnswer),
      context.api.call('GET', surfacePath(input.from), surfaceAnswer),
    ])
    if (from.version === null) {
      throw new Stop(EXIT.failed, `${visible(from.name)} has not reported which commit it runs. Nothing was deployed.`)
    }
    return ship(context, surface, { ref: from.version.sha, source: { kind: 'promotion', surface: from.id } }, input)
  },
})

async function earlierDeploy({ api }: OperatorContext, id: string) {
  const { sha } = await api.call('GET', `/api/internal/deploys/${id}`, deployAnswer)
  return sha === null ? null : { deploy_id: id, sha }
}

interface Choice {
  readonly ref: string
  readonly sha?: string | undefined
  readonly source?:
    | { readonly kind: 'rollback'; readonly deploy: string }
    | { readonly kind: 'promotion'; readonly surface: string }
}

/** Reviews, asks for the name, and sends the request once. */
async function ship(context: OperatorContext, surface: SurfaceAnswer, choice: Choice, input: Asked): Promise<ExitCode> {
  const { source } = choice
  const query = new URLSearchParams({
    ref: choice.ref,
    ...(source?.kind === 'rollback' ? { rollback: source.deploy } : {}),
    ...(source?.kind === 'promotion' ? { promotion: source.surface } : {}),
  })
  const review = await context.api.call('GET', surfacePath(surface.id, `/review?${query}`), reviewAnswer)
  for (const line of describeReview(surface, review, source)) await context.tell(line)
  const override = input['override-freeze']
  stopIfHeld(review, { override, queue: input.queue })
  const checklist = await tickedLines(context, surface, { declared: review.checklist, source }, input.checked)
  const body = {
    surface: surface.id,
    ref: source === undefined ? review.ref : choice.ref,
    confirmation: await confirmed(context, surface, input.confirm),
    expected_sha: source === undefined ? (choice.sha ?? review.sha) : choice.ref,
    expected_running_sha: review.running_sha ?? 'unknown',
    basis: review.basis,
    ...(input.reason === undefined ? {} : { reason: input.reason }),
    ...(checklist.length === 0 ? {} : { checklist }),
    ...(Object.keys(input.input).length === 0 ? {} : { inputs: input.input }),
    ...(override === undefined ? {} : { override_freeze: { reason: override, freeze_ids: review.freeze_ids } }),
    ...(source === undefined ? {} : { source }),
    ...(input.queue ? { queue: true } : {}),
  }
  const answer = await sendOnce(context, body)
  if ('approval' in answer) {
    const { approval } = answer
    await context.tell(`Another person must approve this: request ${approval.id}. Nothing is deployed yet.`)
    if (input.watch) return followApproval(context, approval)
  } else if ('queued' in answer) {
    const { queued } = answer
    await context.tell(
      `${placeInQueue(queued)} Nothing is deployed yet. Request ${queued.id} waits until ${queued.expires_at}.`,
    )
    if (input.watch) return followQueued(context, queued)
  } else {
    await context.tell(`Deploy ${answer.id} was requested.`)
    if (input.watch) return followDeploy(context, answer.id)
    await context.tell(`Follow it with: watch ${answer.id}`)
  }
  if (context.json) await printJson(context, answer)
  return EXIT.succeeded
}

const SHOWN_COMMITS = 10

function describeReview(surface: SurfaceAnswer, review: ReviewAnswer, source: Choice['source']): string[] {
  const { comparison } = review
  const runs = review.running_sha === null ? 'a commit that is not known' : shortSha(review.running_sha)
  const ref = review.ref === review.sha ? 'commit' : visible(refLabel(review.ref))
  return [
    `${visible(surface.name)} (${visible(surface.environment)}) runs ${runs}. To deploy: ${ref} at ${shortSha(review.sha)}.`,
    `${changeSentence(comparison)}.`,
    ...(comparison === null ? [] : commitLines('+', comparison.commits, comparison.adds)),
    ...(comparison === null ? [] : commitLines('-', comparison.removed, comparison.removes)),
    ...armedLines(surface, source),
    ...review.warnings.map(({ text }) => `  ! ${text}`),
  ]
}

/** What the console does if the surface turns unhealthy after this deploy. From a rollback, it never rolls back by itself. */
function armedLines({ armed }: SurfaceAnswer, source: Choice['source']): string[] {
  if (armed === null || armed === undefined) return []
  const mode = armed.mode === 'auto' && source?.kind !== 'rollback' ? 'auto' : 'offer'
  return [`  Armed: ${armedWords(mode, armed.minutes)}.`]
}

/** The newest commits, and how many more there are. */
function commitLines(
  sign: '+' | '-',
  commits: NonNullable<ReviewAnswer['comparison']>['commits'],
  count: number,
): string[] {
  const shown = commits.slice(0, SHOWN_COMMITS)
  const lines = shown.map(
    ({ sha, title, author }) => `  ${sign} ${shortSha(sha)} ${visible(title)} (${visible(author)})`,
  )
  return count > shown.length ? [...lines, `  ${sign} and ${count - shown.length} more`] : lines
}

const FREEZES: ReadonlySet<string> = new Set(['locked', 'frozen', 'deploy_freeze'])
/** DEPLOY_FREEZE is the repository's own, which no override of the console lifts. */
const OVERRIDABLE: ReadonlySet<string> = new Set(['locked', 'frozen'])

/** Nobody types a name for a deploy that the console would refuse. */
function stopIfHeld(
  { warnings }: ReviewAnswer,
  { override, queue }: { readonly override: string | undefined; readonly queue: boolean },
): void {
  const blocking = warnings.filter(
    ({ blocking: isBlocking, kind }) =>
      isBlocking && (override === undefined || !OVERRIDABLE.has(kind)) && !(queue && kind === 'busy'),
  )
  if (blocking.length === 0) return
  const isFrozen = blocking.some(({ kind }) => FREEZES.has(kind))
  throw new Stop(isFrozen ? EXIT.notAllowed : EXIT.failed, 'Nothing was deployed.')
}

/**
 * The lines that are ticked. A script names each line, since ticking whatever is declared would also tick lines that were declared after it
 * was written and that nobody has read.
 */
async function tickedLines(
  context: OperatorContext,
  { name }: SurfaceAnswer,
  { declared, source }: { readonly declared: readonly string[]; readonly source: Choice['source'] },
  given: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (given !== undefined) {
    const problem = explainUnticked(declared, given)
    if (problem === null) return declared
    throw new Stop(
      EXIT.usage,
      `--checked does not fit the checklist of ${visible(name)}: ${problem.sentence} Nothing was deployed.`,
    )
  }
  const lines = linesToTick(declared, source)
  for (const line of lines) {
    const answer = await context.ask(`Checked: ${visible(line)} (yes or no) `)
    if (answer === null) {
      throw new Stop(
        EXIT.usage,
        `There is no terminal in which to tick the checklist of ${visible(name)}. Nothing was deployed. Pass --checked with each line.`,
      )
    }
    if (!/^y(es)?$/i.test(answer.trim()))
      throw new Stop(EXIT.cancelled, 'That line is not checked. Nothing was deployed.')
  }
  return lines
}

/** The confirm phrase, as the screen asks for it. The console compares it again. */
async function confirmed(
  context: OperatorContext,
  { name, confirm }: SurfaceAnswer,
  given: string | undefined,
): Promise<string> {
  if (given !== undefined) {
    if (given === confirm) return given
    throw new Stop(EXIT.usage, `--confirm is not the confirm phrase of ${visible(name)}. Nothing was deployed.`)
  }
  const typed = await context.ask(`Type ${visible(confirm)} to deploy: `)
  if (typed === null)
    throw new Stop(EXIT.usage, 'There is no terminal in which to type the name. Nothing was deployed. Pass --confirm.')
  if (typed.trim() !== confirm) throw new Stop(EXIT.cancelled, 'What was typed does not match. Nothing was deployed.')
  return confirm
}

const ATTEMPTS = 5

/** Sends the request with one idempotency key, however often the connection breaks: the console makes one deploy of it. */
async function sendOnce(context: OperatorContext, body: unknown): Promise<z.output<typeof dispatchAnswer>> {
  const idempotencyKey = randomUUID()
  const send = () => context.api.call('POST', '/api/internal/deploys', dispatchAnswer, { body, idempotencyKey })
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withFreshProof(context, send)
    } catch (error) {
      const isUnknown = error instanceof NoAnswer || (error instanceof Refused && error.code === 'database_unavailable')
      if (!isUnknown) throw error
      if (attempt === ATTEMPTS) {
        throw new Stop(
          EXIT.failed,
          `${error.message} Whether the deploy was requested is not known. Look at the console before you try again.`,
        )
      }
      context.note(`${error.message} Trying again; it stays one deploy.`)
      await context.pause(1_000 * 2 ** attempt)
    }
  }
}
