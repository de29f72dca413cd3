import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '~/launch/machine/ports'
import { startServer } from '~/launch/server-process'
import { readConfig } from '~/server/platform/config'

const root = path.resolve(import.meta.dirname, '../../..')
const directory = mkdtempSync(path.join(tmpdir(), 'listening address '))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The server's own listener with a Next that answers everything, because no build is needed to see where it listens. */
beforeAll(() => {
  for (const file of ['serve.mjs', 'listen.mjs', 'precompressed.mjs', 'terminal.mjs', 'exit-with-parent.mjs']) {
    cpSync(path.join(root, 'src/launch', file), path.join(directory, 'src/launch', file))
  }
  const next = path.join(directory, 'node_modules/next')
  mkdirSync(next, { recursive: true })
  for (const used of ['compression', 'compressible']) {
    symlinkSync(path.join(root, 'node_modules', used), path.join(directory, 'node_modules', used))
  }
  writeFileSync(
    path.join(next, 'index.js'),
    `module.exports = () => ({
       prepare: async () => globalThis.deployConsoleOpened({ guard() {}, receive: (_, __, answer) => answer(), streams: () => false, drain: async () => {}, stop: async () => {} }),
       getRequestHandler: () => (_, response) => response.end('ready'),
     })`,
  )
})

const accepts = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

const started = (host: string, port: number) =>
  startServer(
    {
      mode: 'production',
      projectDirectory: directory,
      host,
      port,
      log: { write: () => undefined },
      logPlace: 'nowhere',
      env: process.env,
      signal: new AbortController().signal,
      onStarted: () => undefined,
      onLine: (line) => said.push(line),
    },
    { tries: 1, pauseMs: 0, withinMs: 20_000 },
  )
const said: string[] = []

/** The machine's addresses that accept a connection while the server runs with these settings. */
async function reachedAt(settings: Record<string, string>) {
  const { host } = readConfig({ GITHUB_DISPATCH_TOKEN: 'token', ...settings })
  const port = await freePort()
  const server = await started(host, port)
  try {
    const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
    const taken = await Promise.all(addresses.map((address) => accepts(address, port)))
    return addresses.filter((_, n) => taken[n])
  } finally {
    await server.stop()
  }
}

it('the server listens at 127.0.0.1 only if HOST is not set', async () => {
  expect(await reachedAt({})).toEqual(['127.0.0.1'])
})

// On Linux all of 127.0.0.0/8 belongs to this machine, so another address can be tried without leaving it.
it.runIf(process.platform === 'linux')('the server listens at the address in HOST only', async () => {
  expect(await reachedAt({ HOST: '127.0.0.2' })).toEqual(['127.0.0.2'])
})

it.each(['0.0.0.0', '192.0.2.7', '::'])('HOST=%s is refused until CONSOLE_URL is set', (HOST) => {
  const settings = { GITHUB_DISPATCH_TOKEN: 'token', TRUSTED_PROXIES: 'none', HOST }
  expect(() => readConfig(settings)).toThrow(
    `CONSOLE_URL is not set, and other machines can reach the server (HOST is ${HOST})`,
  )
  expect(readConfig({ ...settings, CONSOLE_URL: 'https://console.example.com' }).host).toBe(HOST)
})

/** A program that is killed while it listens leaves its socket's file. */
async function leaveSocket(file: string) {
  const program = `require('node:net').createServer().listen(${JSON.stringify(file)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', program]), 'exit')
}

it('the server listens at the socket in HOST only, for its owner and group, also where a killed server left one', async () => {
  const socket = path.join(directory, 'socket')
  await leaveSocket(socket)
  expect(statSync(socket).isSocket()).toBe(true)
  const port = await freePort()
  const server = await started(socket, port)
  try {
    expect(statSync(socket).mode & 0o777).toBe(0o660)
    expect(await accepts('127.0.0.1', port)).toBe(false)
  } finally {
    await server.stop()
  }
  expect(existsSync(socket), 'an orderly stop leaves no file').toBe(false)
})

it.each([
  ['a file', 'that is not a socket', (file: string) => writeFileSync(file, 'kept')],
  ['a socket', 'where another program listens', (file: string) => void other.listen(file)],
])('the server does not replace %s %s', async (_, problem, make) => {
  const file = path.join(directory, 'taken')
  make(file)
  try {
    await expect(started(file, 3000)).rejects.toThrow('ended before it was ready')
    expect(said.at(-1)).toContain(problem)
    expect(existsSync(file)).toBe(true)
  } finally {
    other.close()
    rmSync(file, { force: true })
  }
})
const other = createServer()
