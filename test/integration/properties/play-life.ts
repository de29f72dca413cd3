import { randomUUID } from 'node:crypto'
import { AppError } from '~/domain/errors'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import type { Deps } from '~/server/deps'
import { OPERATOR } from '~test/support/actors'
import { insertSurface } from '~test/support/console'
import { signedCallback } from '~test/support/signed-callback'
import { crashBeforeCommit, ignoreCrash } from './crash'
import type { Action, Delivery, Life } from './deploy-actions'
import { firstDispatch, type World } from './first-dispatch'

/** Plays a life to its end, with GitHub and the reconciler last. Returns the surface. */
export async function playLife(world: World, { dispatch, rounds }: Life): Promise<string> {
  const { deps, model } = world
  const surface = await insertSurface(deps)
  const input = { surfaceId: surface.id, ref: 'main', confirmation: surface.confirm, idempotencyKey: randomUUID() }
  const ask = (key: string) =>
    dispatchDeploy(deps, OPERATOR, { ...input, idempotencyKey: key }).catch(ignoreBusySurface)
  const deployIds = async () =>
    (await deps.db.deploy.findMany({ where: { surfaceId: surface.id }, orderBy: { id: 'asc' } })).map(({ id }) => id)

  await firstDispatch(world, dispatch, input)
  world.github.script.onDispatch = world.model.accepting()
  const [id] = await deployIds()
  if (id === undefined) throw new Error('The intent was not recorded.')

  const sent: { readonly body: object; readonly webhookId: string }[] = []
  const send = async (body: object, webhookId: string, over: Deps = deps) => {
    sent.push({ body, webhookId })
    const answer = await receiveCallback(over, signedCallback(id, body, { webhookId }), id)
    const failed = answer.status >= 500
    // A callback during a crash is answered 200 only if another copy was stored meanwhile.
    const stored = async () => (await deps.db.callbackReceipt.count({ where: { webhookId } })) === 1
    if (failed ? over === deps : over !== deps && !(await stored()))
      throw new Error(`A callback was answered ${answer.status}.`)
  }
  const deliver = async (status: string, delivery: Delivery) => {
    const body = { status, log_line: `The workflow says ${status}.`, run_id: model.runsOf(id)[0]?.id.toString() }
    const webhookId = randomUUID()
    if (delivery === 'is lost') return
    if (delivery === 'meets a crash and is sent again') await send(body, webhookId, crashBeforeCommit(deps))
    if (delivery === 'arrives twice at once') await Promise.all([send(body, webhookId), send(body, webhookId)])
    else await send(body, webhookId)
  }

  const poll = () => getDeploy(deps, id)

  const act = async (action: Action): Promise<unknown> => {
    switch (action.kind) {
      case 'step': {
        const status = model.work(id)
        return status === null ? undefined : deliver(status, action.delivery)
      }
      case 'conclude': {
        if (!model.conclude(id, action.conclusion)) return
        if (action.conclusion === 'success') return deliver('succeeded', action.delivery)
        return action.conclusion === 'failure' ? deliver('failed', action.delivery) : undefined
      }
      case 'stray callback': {
        const webhookId = randomUUID()
        const run_id = action.namesRun ? model.runsOf(id)[0]?.id.toString() : undefined
        return send({ status: action.status, log_line: `stray ${webhookId}`, run_id }, webhookId)
      }
      case 'replay': {
        const earlier = sent[action.which % Math.max(sent.length, 1)]
        return earlier === undefined ? undefined : send(earlier.body, earlier.webhookId)
      }
      case 'reconcile':
        return reconcileDeploy(deps, id)
      case 'reconcile, crashed before its commit':
        return reconcileDeploy(crashBeforeCommit(deps), id).catch(ignoreCrash)
      case 'poll':
        return poll()
      case 'dispatch again':
        return ask(input.idempotencyKey)
      case 'dispatch under another key':
        return ask(randomUUID())
      default:
        return action satisfies never
    }
  }
  for (const round of rounds) {
    await Promise.all(round.map(act))
    await poll()
  }

  const afterTheLimit: Deps = { ...deps, now: () => new Date(Date.now() + 31 * 60_000) }
  for (const each of await deployIds()) {
    model.conclude(each, 'success')
    await reconcileDeploy(afterTheLimit, each)
  }
  return surface.id
}

/** Ignores the one refusal that a dispatch may meet here: the surface has an unfinished deploy. */
function ignoreBusySurface(error: unknown): void {
  if (!(error instanceof AppError && error.code === 'surface_busy')) throw error
}
