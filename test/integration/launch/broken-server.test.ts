import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { freePort } from '~/launch/machine/ports'
import { isAlive } from '~/launch/machine/process-state'
import { STOP_WITHIN_MS } from '~/launch/machine/supervised-process'
import { type ServerPlan, startServer } from '~/launch/server-process'
import { openLog } from '~/server/platform/open-log'

const directory = mkdtempSync(path.join(tmpdir(), 'broken server '))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const tries = path.join(directory, 'tries')
const logFile = path.join(directory, 'server.log')
let shown: string[]
let pids: number[]
beforeEach(() => {
  shown = []
  pids = []
  rmSync(tries, { force: true })
  rmSync(logFile, { force: true })
})

/** Starts a program in place of serve.mjs. Its number of tries is in `tries`. */
async function start(
  program: string,
  {
    withinMs = 20_000,
    signal = new AbortController().signal,
    env = {} as Record<string, string>,
    exitsWithParent = false,
  } = {},
) {
  mkdirSync(path.join(directory, 'src/launch'), { recursive: true })
  const preloaded = path.join(directory, 'src/launch/exit-with-parent.mjs')
  if (exitsWithParent) cpSync(path.resolve(import.meta.dirname, '../../../src/launch/exit-with-parent.mjs'), preloaded)
  else writeFileSync(preloaded, '')
  const count = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)
    const fs = require('node:fs'); fs.appendFileSync(${JSON.stringify(tries)}, 'x')
    const tries = fs.readFileSync(${JSON.stringify(tries)}, 'utf8').length
    const port = process.argv.at(-1)\n`
  writeFileSync(path.join(directory, 'src/launch/serve.mjs'), count + program)
  const plan: ServerPlan = {
    mode: 'production',
    projectDirectory: directory,
    host: '127.0.0.1',
    port: await freePort(),
    log: openLog(logFile, () => undefined),
    logPlace: logFile,
    env: { ...process.env, ...env },
    signal,
    onStarted: ({ pid }) => pids.push(pid),
    onLine: (line) => shown.push(line),
  }
  return await startServer(plan, { tries: 3, pauseMs: 50, withinMs })
}

const answering = (status: number, body: object = {}) =>
  `require('node:http').createServer((_, answer) => answer.writeHead(${status}).end('${JSON.stringify(body)}')).listen(port, '127.0.0.1')`

const messageOf = async (started: Promise<unknown>) => {
  const failure = await started.catch((error: unknown) => error)
  if (!(failure instanceof Error)) throw new Error('The server started.')
  return failure.message
}

it('a server that cannot start is given up after three tries, and its first error is printed once with at most 20 lines', async () => {
  const program = `for (let line = 0; line < 2000; line += 1) console.error('try', tries, 'line', line, '.'); process.exitCode = 7`
  const message = await messageOf(start(program))
  expect(message).toMatch(
    /^The server ended before it was ready \(exit code 7\)\. It was tried 3 times\. All data is kept\. Its log: /,
  )
  const printed = [...shown, ...message.split('\n').slice(1)].map((line) => line.trim())
  const ends = [...Array(10).keys(), ...Array.from({ length: 10 }, (_, n) => 1990 + n)]
  expect(printed).toEqual(ends.map((line) => `try 1 line ${line} .`))
  expect(readFileSync(tries, 'utf8')).toBe('xxx')
  expect(readFileSync(logFile, 'utf8'), 'the log has all of it').toContain('try 3 line 1999')
})

it('a server that answers 500 to the readiness check is given up after three tries, and none of its processes is left', async () => {
  const message = await messageOf(start(answering(500)))
  expect(message).toMatch(/^The server answers 500 to http:\S+\/api\/health\/ready\. It was tried 3 times\. /)
  expect(pids).toHaveLength(3)
  expect(pids.filter(isAlive)).toEqual([])
})

it('a server that never becomes ready is not started again', async () => {
  const message = await messageOf(start(answering(503), { withinMs: 1_500 }))
  expect(message).toMatch(/^The server was not ready after \d s\. It was tried once\. All data is kept\. /)
  expect(pids).toHaveLength(1)
  expect(pids.filter(isAlive)).toEqual([])
})

it.each([{ clock: 'off' }, { writes: 'refused' }])('a server that is not ready because of %o is used', async (why) => {
  const server = await start(
    answering(503, { draining: false, database: 'reachable', migrations: 'applied', ...why }),
    { withinMs: 5_000 },
  )
  await server.stop()
  expect(pids).toHaveLength(1)
})

it('a server that is not ready because migrations are pending is not used', async () => {
  const readiness = { draining: false, database: 'reachable', migrations: 'pending' }
  expect(await messageOf(start(answering(503, readiness), { withinMs: 1_000 }))).toContain('was not ready')
})

it('a server whose launcher was killed gets as long to stop as from the launcher, DRAIN_SECONDS included', async () => {
  const given = path.join(directory, 'given')
  const program = `${answering(200)}
    process.on('SIGTERM', () => undefined)
    globalThis.setTimeout = (_, ms) => { fs.writeFileSync(${JSON.stringify(given)}, String(ms)); process.exit(0) }`
  const server = await start(program, { env: { DRAIN_SECONDS: '900' }, exitsWithParent: true })
  const ended = once(server.child, 'exit')
  // As the end of the launcher does.
  server.child.disconnect()
  await ended
  expect(readFileSync(given, 'utf8')).toBe(String(900_000 + STOP_WITHIN_MS))
})

it('a server that starts at the second try is used, and its later output is shown in full', async () => {
  const program = `if (tries === 1) process.exit(1)
    require('node:http').createServer((_, answer) => answer.end()).listen(port, '127.0.0.1')
    process.on('SIGTERM', () => { for (let line = 0; line < 30; line += 1) console.error(line); process.exit(0) })`
  const server = await start(program)
  await server.stop()
  expect(readFileSync(tries, 'utf8')).toBe('xx')
  expect(shown).toHaveLength(30)
})

it('a start that is cancelled is not tried again', async () => {
  const stop = new AbortController()
  const program = `process.exitCode = 1`
  const started = start(program, { signal: stop.signal })
  stop.abort(new Error('The start was broken off.'))
  await expect(started).rejects.toThrow('broken off')
  expect(pids.length).toBeLessThanOrEqual(1)
})
