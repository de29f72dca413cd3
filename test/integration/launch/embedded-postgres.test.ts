import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedPostgres, runningDatabase, startEmbeddedPostgres } from '~/launch/database/embedded-postgres'
import { isAlive } from '~/launch/machine/process-state'
import { whoListens } from '~/launch/postgres/running-server'

const root = path.resolve(import.meta.dirname, '../../..')

// Every directory is below one with a space in its name that only its owner may enter.
describe('the embedded PostgreSQL', () => {
  let directory: string
  let base: string
  const started: EmbeddedPostgres[] = []

  beforeEach(() => {
    base = mkdtempSync(path.join(tmpdir(), 'embedded postgres '))
    directory = path.join(base, 'postgres')
  })
  afterEach(async () => {
    for (const server of started.splice(0)) await server.stop()
    rmSync(base, { recursive: true, force: true })
  })

  const start = async (where = directory): Promise<EmbeddedPostgres> => {
    const server = await startEmbeddedPostgres(where, 'console', { logFile: path.join(base, 'log') })
    started.push(server)
    return server
  }

  it('the embedded database keeps its port and data over a stop, with fsync on and files for its owner only', async () => {
    const first = await start()
    await query(first.ownerUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
    expect(await query(first.url, `SELECT current_setting('fsync') AS fsync`)).toEqual([{ fsync: 'on' }])
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(statSync(path.join(directory, 'cluster')).mode & 0o777).toBe(0o700)
    for (const file of ['password', 'server-password'])
      expect(statSync(path.join(directory, file)).mode & 0o777).toBe(0o600)
    await first.stop()
    expect(isAlive(first.pid)).toBe(false)
    expect(await runningDatabase(directory, 'console')).toBeUndefined()

    const second = await start()
    expect(second.port).toBe(first.port)
    expect(await query(second.ownerUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    const { url, ownerUrl } = second
    expect(await runningDatabase(directory, 'console')).toEqual({ url, ownerUrl })
  })

  it('a killed database reports its signal, and recovers at the next start', async () => {
    const first = await start()
    await query(first.ownerUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
    process.kill(first.pid, 'SIGKILL')
    expect(await first.exited).toBe('signal SIGKILL')
    expect(existsSync(path.join(directory, 'cluster/postmaster.pid'))).toBe(true)

    const second = await start()
    expect(await query(second.ownerUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('a database whose starter was killed is taken over by the next start', async () => {
    const parent = spawn(
      process.execPath,
      ['--import', 'tsx', 'test/support/hold-postgres.ts', directory, path.join(base, 'log')],
      { cwd: root, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    )
    const [message]: unknown[] = await once(parent, 'message')
    const gone = once(parent, 'exit')
    parent.kill('SIGKILL')
    await gone

    const adopted = await start()
    expect(adopted.adopted).toBe(true)
    expect({ pid: adopted.pid, port: adopted.port }).toEqual(message)
    await adopted.stop()
    expect(await adopted.exited).toBe('stopped')
    expect(isAlive(adopted.pid)).toBe(false)
  })

  it('a copy of the directory is not mistaken for the running database', async () => {
    const { port } = await start()
    const copy = path.join(base, 'copy')
    cpSync(directory, copy, { recursive: true })
    const cluster = path.join(copy, 'cluster')
    const password = readFileSync(path.join(copy, 'password'), 'utf8').trim()
    expect(readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8')).toContain(String(port))
    expect(await whoListens(cluster, { port, password })).toBe('other')
    expect(await whoListens(path.join(directory, 'cluster'), { port, password })).toBe('ours')
    expect(await runningDatabase(copy, 'console')).toBeUndefined()
  })

  it('the cluster of a version without a role for servers gets one at its next start, which is no superuser', async () => {
    const first = await start()
    await query(first.ownerUrl, 'DROP ROLE console_server')
    await first.stop()
    rmSync(path.join(directory, 'server-password'))
    const { url } = await start()
    const role = `SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user`
    const nothing = { rolsuper: false, rolcreaterole: false, rolcreatedb: false }
    expect(await query(url, role)).toEqual([{ rolname: 'console_server', ...nothing }])
  })

  it('commands beside the first start of a version may create database and role at the same time', async () => {
    const { ownerUrl } = await start()
    await query(ownerUrl, 'DROP ROLE console_server')
    const found = await Promise.all([1, 2, 3, 4].map(() => runningDatabase(directory, 'sandbox')))
    expect(new Set(found.map((urls) => urls?.url)).size).toBe(1)
    expect(await query(found[0]?.url ?? '', 'SELECT current_user AS name')).toEqual([{ name: 'console_server' }])
  })

  it('the database moves to another port if its own is taken', async () => {
    const first = await start()
    await first.stop()
    const other = createServer().listen(first.port, '127.0.0.1')
    await once(other, 'listening')
    try {
      const second = await start()
      expect(second.movedFromPort).toBe(first.port)
      expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    } finally {
      other.close()
    }
  })

  it('neither a stale lock file nor an unfinished cluster prevents a start', async () => {
    const unfinished = path.join(directory, 'cluster.unfinished')
    mkdirSync(unfinished, { recursive: true })
    writeFileSync(path.join(unfinished, 'PG_VERSION'), '18\n')
    const first = await start()
    await first.stop()
    const lock = `${process.pid}\n${path.join(directory, 'cluster')}\n1\n${first.port}\n\n127.0.0.1\n\nready\n`
    writeFileSync(path.join(directory, 'cluster/postmaster.pid'), lock)
    expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('the database listens on loopback only and requires the password', async () => {
    const { url } = await start()
    const wrong = new URL(url)
    wrong.password = 'wrong'
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed')
    expect(await query(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
  })
})

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
