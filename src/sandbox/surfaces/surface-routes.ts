import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { type Answer, json, writeAnswer } from '~/sandbox/http/answer'
import { bearerOf, readJson, sameSecret } from '~/sandbox/http/incoming-request'
import type { SurfaceDeclaration } from '~/sandbox/state/config'
import { TROUBLED_REGION } from '~/sandbox/surfaces/behaviour'
import type { SurfacePlatform } from '~/sandbox/surfaces/surface-platform'

interface SurfaceRouterDeps {
  readonly surfaces: ReadonlyMap<string, SurfacePlatform>
  readonly hookToken: string
  /** Whether the surface's repository has this commit. */
  readonly isCommit: (surface: SurfaceDeclaration, sha: string) => Promise<boolean>
}

const deployBody = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  ref: z.string().max(250).default(''),
  region: z.string().max(20).optional(),
})

const smoke = async ({ surface, smoke: check }: SurfacePlatform): Promise<Answer> =>
  (await check()) === 'ready'
    ? json(200, { status: 'ready', surface: surface.id })
    : json(503, {
        status: 'not_ready',
        surface: surface.id,
        reason: `${surface.name} does not take a deploy: its database is not reachable from the new network yet.`,
      })

const deploy = async (
  deps: SurfaceRouterDeps,
  platform: SurfacePlatform,
  request: IncomingMessage,
): Promise<Answer> => {
  const token = bearerOf(request.headers.authorization)
  if (token === undefined || !sameSecret(token, deps.hookToken)) {
    return json(401, {
      error: "Incorrect token. Nothing was deployed. Send the deploy hook's token as Authorization: Bearer.",
    })
  }
  const body = deployBody.safeParse(await readJson(request))
  if (!body.success)
    return json(400, {
      error: 'Invalid body. Nothing was deployed. Send JSON with "sha", a full commit SHA, and "ref".',
    })
  const { sha, ref, region } = body.data
  if (region === TROUBLED_REGION && platform.behaviour() === 'fail-leg') {
    return json(503, { error: `The region ${region} takes no upload. Nothing was deployed to it.` })
  }
  if (!(await deps.isCommit(platform.surface, sha)))
    return json(422, { error: `No commit ${sha}. Nothing was deployed.` })
  platform.deploy(sha, ref)
  return json(202, { accepted: true, version: sha })
}

/** Forwards a request to the version in service. */
const forward = (platform: SurfacePlatform, path: string, request: IncomingMessage, response: ServerResponse): void => {
  const instance = platform.inService()
  if (!instance) {
    writeAnswer(request, response, json(503, { error: 'No version is running.' }))
    return
  }
  const {
    connection: _c,
    host: _h,
    'keep-alive': _k,
    'transfer-encoding': _t,
    upgrade: _u,
    ...headers
  } = request.headers
  const options = { host: '127.0.0.1', port: instance.port, method: request.method, path, headers, agent: false }
  const outgoing = httpRequest(options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, { ...answer.headers, connection: 'close' })
    answer.pipe(response)
  })
  const onlyReads = request.method === 'GET' || request.method === 'HEAD'
  outgoing.once('error', () => {
    if (response.headersSent) response.destroy()
    // The version was replaced before the connection. The next version can answer.
    else if (onlyReads && platform.inService() !== instance) forward(platform, path, request, response)
    else writeAnswer(request, response, json(502, { error: 'The running version closed the connection.' }))
  })
  response.once('close', () => outgoing.destroy())
  if (onlyReads) outgoing.end()
  else request.pipe(outgoing)
}

/** Serves `/surfaces/<id>/…`. The platform answers smoke and deploy, the running version everything else. */
export const createSurfaceRouter =
  (deps: SurfaceRouterDeps) =>
  async (request: IncomingMessage, response: ServerResponse, path: string, search: string): Promise<void> => {
    const [, id = '', rest] = /^\/surfaces\/([^/]+)(\/.*)?$/.exec(path) ?? []
    const platform = deps.surfaces.get(id)
    if (!platform)
      return writeAnswer(request, response, json(404, { error: `There is no surface ${JSON.stringify(id)}.` }))
    if (rest === undefined)
      return writeAnswer(request, response, { status: 308, headers: { location: `${path}/${search}` } })
    if (rest === '/smoke' && request.method === 'GET') return writeAnswer(request, response, await smoke(platform))
    if (rest === '/deploy' && request.method === 'POST') {
      return writeAnswer(request, response, await deploy(deps, platform, request))
    }
    forward(platform, `${rest}${search}`, request, response)
  }
