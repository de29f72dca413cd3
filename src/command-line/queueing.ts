import { z } from 'zod'
import { visible } from '~/domain/foreign-text'
import { anyAnswer, ownQueueAnswer, type QueuedAnswer, queuedAnswer, surfaceAnswer } from './answers.ts'
import { EXIT, Stop } from './exit-codes.ts'
import { placeInQueue, surfacePath, whatIsQueued } from './following.ts'
import { operatorCommand, printJson } from './operator-command.ts'
import { withFreshProof } from './proving.ts'

const describe = (queued: QueuedAnswer): string =>
  `${queued.id}  ${visible(queued.surface.id)} (${visible(queued.surface.environment)})  ${whatIsQueued(queued)}`

export const listQueued = operatorCommand({
  name: 'queue list',
  summary: 'prints your own queued requests: what waits, and what ended in the last 24 hours without a deploy',
  input: z.object({}),
  run: async (context) => {
    const own = await context.api.call('GET', '/api/internal/queue', ownQueueAnswer)
    if (context.json) {
      await printJson(context, own)
      return EXIT.succeeded
    }
    for (const one of own.waiting) {
      await context.print(`${describe(one)}  expires ${one.expires_at}`)
      await context.print(`    ${placeInQueue(one)}`)
    }
    for (const one of own.ended) await context.print(`${describe(one)}  ${howItEnded(one)}`)
    if (own.waiting.length + own.ended.length === 0) await context.print('None of your requests waits in a queue.')
    return EXIT.succeeded
  },
})

/** "refused: API is frozen." */
function howItEnded({ state, end }: Pick<QueuedAnswer, 'state' | 'end'>): string {
  const by = end === null || end.by === 'console' ? '' : ` by ${visible(end.by)}`
  const why = end?.reason == null ? '. Nothing was deployed.' : `: ${visible(end.reason)}`
  return `${visible(state)}${by}${why}`
}

export const withdrawQueued = operatorCommand({
  name: 'queue withdraw',
  summary: 'takes a request out of the queue: your own, or as an approver anybody’s',
  operand: { name: 'request', value: '<request>' },
  input: z.object({ request: z.uuid('the id of a queued request is required, from "queue list"') }),
  run: async (context, { request }) => {
    const withdrawn = await context.api.call('POST', `/api/internal/queue/${request}/withdraw`, queuedAnswer)
    if (context.json) await printJson(context, withdrawn)
    else await context.print('The request is withdrawn. Nothing of it is deployed.')
    return EXIT.succeeded
  },
})

export const continueQueue = operatorCommand({
  name: 'queue continue',
  summary: 'lets the queue of a surface go on that has stopped, or waits for an unhealthy surface',
  options: {
    after: {
      type: 'string',
      value: '<deploy>',
      summary: 'the deploy after which the queue stands, from "status --json". Without it, a person is asked',
    },
  },
  operand: { name: 'surface', value: '<surface>' },
  input: z.object({ surface: z.string('required'), after: z.uuid('expected the id of a deploy').optional() }),
  run: async (context, { surface: id, after }) => {
    const { name, queue: waits } = await context.api.call('GET', surfacePath(id), surfaceAnswer)
    const why = waits.stop?.why ?? waits.wait
    if (why !== null) await context.tell(why)
    const deploy = after ?? waits.continue_after
    if (deploy === null) {
      const because = waits.waiting.length === 0 ? 'Nothing waits in it.' : 'Nobody can continue it now.'
      throw new Stop(
        EXIT.failed,
        `The queue of ${visible(name)} does not wait for a person. ${because} Nothing was changed.`,
      )
    }
    // What is continued is what was shown: the console refuses another deploy than this one.
    if (after === undefined) {
      const answer = await context.ask(
        `Continue after deploy ${deploy}? What waits: ${waits.waiting.length}. (yes or no) `,
      )
      if (answer === null) {
        throw new Stop(EXIT.usage, `Nobody can be asked. Nothing was changed. A script passes --after ${deploy}.`)
      }
      if (!/^y(es)?$/i.test(answer.trim())) throw new Stop(EXIT.cancelled, 'The queue was not continued.')
    }
    const body = { deploy }
    const continued = await withFreshProof(context, () =>
      context.api.call('POST', surfacePath(id, '/queue/continue'), anyAnswer, { body }),
    )
    if (context.json) await printJson(context, continued)
    else await context.print(`The queue of ${visible(name)} goes on. Each request is checked again at its turn.`)
    return EXIT.succeeded
  },
})
