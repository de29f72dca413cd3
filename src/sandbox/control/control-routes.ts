import { z } from 'zod'
import { type Faults, faultSchema } from '~/sandbox/control/faults'
import type { Pauses } from '~/sandbox/control/pauses'
import { type Answer, json, seeOther } from '~/sandbox/http/answer'
import { readBody } from '~/sandbox/http/incoming-request'
import type { Request, Route } from '~/sandbox/http/router'
import { type PendingDeployments, waitingRuns } from '~/sandbox/runs/pending-deployments'
import type { RunService } from '~/sandbox/runs/run-service'
import type { RunStore } from '~/sandbox/runs/run-store'
import { personByLogin } from '~/sandbox/samples/people'
import { repositoryOfSurface, type SandboxRepository, STOREFRONT } from '~/sandbox/samples/repositories'
import { isFrozen, type Variables } from '~/sandbox/state/variables'
import { behaviourSchema, behaviours, ofLegs, TROUBLED_REGION } from '~/sandbox/surfaces/behaviour'
import type { SurfacePlatform } from '~/sandbox/surfaces/surface-platform'

interface ControlDeps {
  readonly surfaces: ReadonlyMap<string, SurfacePlatform>
  readonly variables: Variables
  readonly faults: Faults
  readonly pauses: Pauses
  readonly store: RunStore
  readonly runs: RunService
  readonly pending: PendingDeployments
  /** acme/storefront: its environments, and the variable by which its workflow leaves a region out. */
  readonly storefront: Pick<SandboxRepository, 'environments' | 'variables'>
}

const parse = (body: string, isForm: boolean): unknown => {
  if (isForm) return Object.fromEntries(new URLSearchParams(body))
  try {
    const value: unknown = JSON.parse(body)
    return value
  } catch {
    return undefined
  }
}

/** A form returns to its page. A program gets JSON. */
const answerTo = (isForm: boolean, body: unknown): Answer => (isForm ? seeOther('/') : json(200, body))

const refuse = (message: string): Answer => json(400, { error: message })

const setBehaviour = (deps: ControlDeps, id: string, body: unknown, isForm: boolean): Answer => {
  const platform = deps.surfaces.get(id)
  if (!platform)
    return json(404, {
      error: `There is no surface "${id}". Nothing was changed. Surfaces: ${[...deps.surfaces.keys()].join(', ')}`,
    })
  const parsed = z.object({ behaviour: behaviourSchema }).safeParse(body)
  if (!parsed.success) return refuse(`Unknown behaviour. Nothing was changed. Choose one of ${behaviours.join(', ')}.`)
  const { behaviour } = parsed.data
  const isStorefront = repositoryOfSurface(platform.surface) === STOREFRONT
  if (ofLegs.has(behaviour) && !isStorefront) {
    return refuse(`${id} is deployed at once and has no legs. Nothing was changed.`)
  }
  platform.setBehaviour(behaviour)
  if (isStorefront) {
    deps.storefront.variables.update('PAUSED_REGION', behaviour === 'skip-leg' ? TROUBLED_REGION : 'none')
  }
  return answerTo(isForm, { surface: id, behaviour })
}

const setFreeze = (deps: ControlDeps, body: unknown, isForm: boolean): Answer => {
  const parsed = z.object({ reason: z.string().trim().max(500) }).safeParse(body)
  if (!parsed.success)
    return refuse(
      '"reason" must be a text of at most 500 characters. Nothing was changed. Send an empty reason to lift the freeze.',
    )
  const value = parsed.data.reason === '' ? 'false' : parsed.data.reason
  deps.variables.update('DEPLOY_FREEZE', value)
  return answerTo(isForm, { frozen: isFrozen(value), reason: isFrozen(value) ? value : null })
}

const setFault = (deps: ControlDeps, body: unknown): Answer => {
  const parsed = faultSchema.safeParse(body)
  if (!parsed.success)
    return refuse(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  deps.faults.add(parsed.data)
  return json(201, { faults: deps.faults.pending() })
}

const setPause = ({ pauses }: ControlDeps, body: unknown): Answer => {
  const parsed = z.object({ step: z.string().min(1).max(200), paused: z.boolean() }).safeParse(body)
  if (!parsed.success)
    return refuse('A pause needs "step", the name of a step, and "paused", true or false. Nothing was changed.')
  const { step, paused } = parsed.data
  if (paused) pauses.pause(step)
  else pauses.resume(step)
  return json(200, { pauses: pauses.paused() })
}

const reviewBody = z.object({
  run: z.coerce.number(),
  state: z.enum(['approved', 'rejected', 'started']),
  reviewer: z.string().default('mei'),
  comment: z.string().max(1_000).default(''),
})

/** What a person does on the page of a run in GitHub: review its deployments, or start them as an administrator. */
const reviewRun = (deps: ControlDeps, body: unknown, isForm: boolean): Answer => {
  const parsed = reviewBody.safeParse(body)
  if (!parsed.success) {
    return refuse('A review needs "run", its number, and "state": approved, rejected or started. Nothing was changed.')
  }
  const { state, reviewer: user, comment } = parsed.data
  const run = deps.store.find(parsed.data.run)
  const names = [...new Set(deps.pending.of(parsed.data.run).map(({ environment }) => environment))]
  if (run === undefined || names.length === 0) {
    return json(404, { error: `The run ${parsed.data.run} waits for no review. Nothing was changed.` })
  }
  if (state === 'started') for (const name of names) deps.pending.bypass(run.runId, name)
  else if (names.every((name) => deps.storefront.environments.find(name)?.reviewers.includes(user))) {
    deps.runs.review(run, names, { state, user, comment })
  } else return refuse(`${user} is no reviewer of ${names.join(', ')}. Nothing was changed.`)
  return answerTo(isForm, { run: run.runId, environments: names, state })
}

const rulesBody = z.object({
  wait_timer: z.coerce.number().int().min(0).max(43_200),
  /** Logins, separated by commas. Empty: no review is required. */
  reviewers: z.string().transform((text) => text.split(',').filter((login) => login !== '')),
})

const protectEnvironment = (deps: ControlDeps, name: string, body: unknown, isForm: boolean): Answer => {
  const parsed = rulesBody.safeParse(body)
  const unknown = parsed.data?.reviewers.find((login) => personByLogin(login) === undefined)
  if (!parsed.success || unknown !== undefined) {
    return refuse('Rules need "wait_timer", minutes, and "reviewers", logins with commas between. Nothing was changed.')
  }
  const { wait_timer: waitTimer, reviewers } = parsed.data
  if (!deps.storefront.environments.protect(name, { waitTimer, reviewers })) {
    return json(404, { error: `There is no environment "${name}". Nothing was changed.` })
  }
  return answerTo(isForm, { environment: name, wait_timer: waitTimer, reviewers })
}

const status = ({ surfaces, variables, faults, store, pending }: ControlDeps): Answer => {
  const freeze = variables.find('DEPLOY_FREEZE')?.value ?? ''
  return json(200, {
    surfaces: [...surfaces.values()].map((platform) => ({
      id: platform.surface.id,
      environment: platform.surface.environment,
      behaviour: platform.behaviour(),
      deploying: platform.isDeploying(),
      version: platform.inService()?.release.version ?? null,
      healthy: platform.inService()?.release.healthy ?? false,
    })),
    freeze: isFrozen(freeze) ? freeze : null,
    faults: faults.pending(),
    waiting: waitingRuns(store, pending).map(({ runId, repository }) => ({ run: runId, repository })),
  })
}

/** The endpoints that change the sandbox: surfaces, the freeze, reviews, environments, faults and pauses. The request handler has checked the caller before. */
export const controlRoutes = (deps: ControlDeps): Route[] => {
  const post = (pattern: string, change: (request: Request, body: unknown, isForm: boolean) => Answer): Route => ({
    method: 'POST',
    pattern,
    handle: async (request) => {
      const isForm = request.header('content-type')?.startsWith('application/x-www-form-urlencoded') === true
      const body = await readBody(request.raw)
      return body === undefined
        ? json(413, { error: 'The request is too large. Nothing was changed.' })
        : change(request, parse(body, isForm), isForm)
    },
  })
  return [
    { method: 'GET', pattern: '/control/status', handle: () => status(deps) },
    post('/control/surfaces/:id', (request, body, isForm) => setBehaviour(deps, request.param('id'), body, isForm)),
    post('/control/freeze', (_request, body, isForm) => setFreeze(deps, body, isForm)),
    post('/control/reviews', (_request, body, isForm) => reviewRun(deps, body, isForm)),
    post('/control/environments/:name', (request, body, isForm) =>
      protectEnvironment(deps, request.param('name'), body, isForm),
    ),
    post('/control/faults', (_request, body) => setFault(deps, body)),
    post('/control/pauses', (_request, body) => setPause(deps, body)),
    post('/control/faults/clear', () => {
      deps.faults.clear()
      return json(200, { faults: [] })
    }),
  ]
}
