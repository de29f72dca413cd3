import { once } from 'node:events'
import path from 'node:path'
import { freePort } from '~/launch/machine/ports'
import { type ServerPlan, startServer } from '~/launch/server-process'
import { AUTH_SECRET } from '~test/support/console'
import { withoutConsoleSettings } from '~test/support/start-product'

const projectDirectory = path.resolve(import.meta.dirname, '../..')

export interface BuiltServer {
  readonly url: string
  readonly pid: number
  /** Kills the process with SIGKILL and waits until it is gone. */
  readonly kill: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Only the server of the built product, as its own process, with the database, GitHub and port that the environment names. */
export async function startBuiltServer(env: Readonly<Record<string, string>>): Promise<BuiltServer> {
  const port = env['PORT'] === undefined ? await freePort() : Number(env['PORT'])
  const url = `http://127.0.0.1:${port}`
  const plan: ServerPlan = {
    mode: 'production',
    projectDirectory,
    host: '127.0.0.1',
    port,
    log: { write: () => undefined },
    logPlace: 'nowhere',
    env: {
      ...withoutConsoleSettings(process.env),
      NEXT_TELEMETRY_DISABLED: '1',
      PORT: String(port),
      CONSOLE_URL: url,
      AUTH_SECRET,
      ...env,
    },
    signal: new AbortController().signal,
    onStarted: () => undefined,
    onLine: () => undefined,
  }
  const server = await startServer(plan, { tries: 1, pauseMs: 0, withinMs: 120_000 })
  const gone = async () => {
    await server.exited
  }
  return {
    url,
    pid: server.pid,
    kill: async () => {
      const exited = once(server.child, 'exit')
      if (server.child.exitCode !== null || server.child.signalCode !== null) return gone()
      server.child.kill('SIGKILL')
      await exited
      await gone()
    },
    stop: async () => {
      await server.stop()
      await gone()
    },
  }
}
