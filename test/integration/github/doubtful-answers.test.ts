import pino from 'pino'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { cancelRun } from '~/server/github/cancel-run'
import { connectGitHub, type GitHub } from '~/server/github/client'
import { dispatchWorkflow } from '~/server/github/dispatch-workflow'
import { answerInTurn, answers, startScriptedGitHub, untilEvent } from '~test/support/scripted-github'

let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let client: GitHub
beforeAll(async () => {
  github = await startScriptedGitHub()
  client = connectGitHub(
    { apiUrl: github.apiUrl, credentials: { kind: 'token', token: 'x' } },
    pino({ level: 'silent' }),
  )
})
beforeEach(() => {
  github.requests.length = 0
})
afterAll(() => github.close())

const dispatch = () =>
  dispatchWorkflow(client, { repository: 'acme/old', workflow: 'deploy.yml', ref: 'main', inputs: {} })
const MOVED = [301, 302, 307, 308] as const

it.each(MOVED)('a dispatch answered %s is refused with the new address, and not sent to it', async (status) => {
  github.script.onDispatch = () => answers.moved(`${github.apiUrl}/repos/acme/new`, status)
  const reason = expect.stringMatching(/acme\/old moved to .*acme\/new: update surfaces\.yaml\. Nothing was started\./)
  expect(await dispatch()).toEqual({ kind: 'refused', httpStatus: status, reason })
  expect(github.requests.map(({ method }) => method)).toEqual(['POST'])
})

it.each(MOVED)('a cancel answered %s is refused and not sent to the new address', async (status) => {
  github.script.onCancel = () => answers.moved(`${github.apiUrl}/repos/acme/new`, status)
  expect(await cancelRun(client, 'acme/old', 7n)).toMatchObject({ kind: 'refused', httpStatus: status })
  expect(github.requests.map(({ method }) => method)).toEqual(['POST'])
})

it.each(MOVED)('a read answered %s follows the redirect, and the log names the new repository once', async (status) => {
  const lines: string[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
  const logged = connectGitHub({ apiUrl: github.apiUrl, credentials: { kind: 'token', token: 'x' } }, logger)
  const moves = untilEvent(({ path }) => answers.moved(path.replace('/repos/acme/old', '/repositories/7'), status), {
    status: 200,
    body: { full_name: 'acme/old' },
  })
  github.script.onRepository = (request) =>
    request.path.includes('/repositories/7') ? { status: 200, body: { full_name: 'acme/new' } } : moves(request)
  const read = () => logged.request('GET /repos/{owner}/{repo}', { owner: 'acme', repo: 'old' })
  expect((await read()).data).toEqual({ full_name: 'acme/new' })
  await read()
  expect(logged.moved.newNameOf('acme/old')).toBe('acme/new')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { repository: 'acme/old', movedTo: 'acme/new', msg: expect.stringContaining('update surfaces.yaml') },
  ])
  moves.happen()
  await read()
  expect(logged.moved.newNameOf('acme/old')).toBeNull()
})

it.each([
  ['an HTML page', answers.html(200)],
  ['a body that breaks off', answers.cutBody],
  ['503', answers.serverError(503)],
] as const)(
  'the outcome of a dispatch answered with %s is unknown, and the dispatch is sent once',
  async (_, answer) => {
    github.script.onDispatch = () => answer
    expect(await dispatch()).toMatchObject({ kind: 'unknown' })
    expect(github.dispatches()).toHaveLength(1)
  },
)

it.each([
  ['401', answers.unauthorised],
  ['403', answers.forbidden],
  ['404', answers.notFound],
  ['a secondary rate limit', answers.secondaryLimit()],
] as const)(
  'a dispatch answered with %s is refused, and the reason says that nothing was started',
  async (_, answer) => {
    github.script.onDispatch = () => answer
    expect(await dispatch()).toMatchObject({ kind: 'refused', reason: expect.stringContaining('Nothing was started') })
  },
)

it("a warning says once until when background looks pause, when less than 30 % of the hour's requests is left", async () => {
  const lines: string[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
  const logged = connectGitHub({ apiUrl: github.apiUrl, credentials: { kind: 'token', token: 'x' } }, logger)
  const reset = Math.floor(Date.now() / 1000) + 1800
  const left = (remaining: number) => ({
    status: 200,
    body: {},
    headers: {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-reset': String(reset),
    },
  })
  github.script.onRepository = answerInTurn(left(1500), left(1499), left(1498))
  const ask = () => logged.request('GET /repos/{owner}/{repo}', { owner: 'acme', repo: 'platform' })
  await ask()
  expect(lines).toEqual([])
  await ask()
  await ask()
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { until: new Date(reset * 1000).toISOString(), msg: expect.stringContaining('background looks pause') },
  ])
})
