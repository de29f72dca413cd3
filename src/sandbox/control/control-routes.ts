import { z } from 'zod'
import { type Faults, faultSchema } from '~/sandbox/control/faults'
import type { Pauses } from '~/sandbox/control/pauses'
import { type Answer, json, seeOther } from '~/sandbox/http/answer'
import { readBody } from '~/sandbox/http/incoming-request'
import type { Request, Route } from '~/sandbox/http/router'
import { isFrozen, type Variables } from '~/sandbox/state/variables'
import { behaviourSchema, behaviours } from '~/sandbox/surfaces/behaviour'
import type { SurfacePlatform } from '~/sandbox/surfaces/surface-platform'

interface ControlDeps {
  readonly surfaces: ReadonlyMap<string, SurfacePlatform>
  readonly variables: Variables
  readonly faults: Faults
  readonly pauses: Pauses
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
  platform.setBehaviour(parsed.data.behaviour)
  return answerTo(isForm, { surface: id, behaviour: parsed.data.behaviour })
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

const status = ({ surfaces, variables, faults }: ControlDeps): Answer => {
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
  })
}

/** The endpoints that change the sandbox: surfaces, the freeze, faults and pauses. The request handler has checked the caller before. */
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
    post('/control/faults', (_request, body) => setFault(deps, body)),
    post('/control/pauses', (_request, body) => setPause(deps, body)),
    post('/control/faults/clear', () => {
      deps.faults.clear()
      return json(200, { faults: [] })
    }),
  ]
}
