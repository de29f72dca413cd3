import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { z } from 'zod'
import { reachableFromHere } from '~/server/network-settings'
import { type SupervisedProcess, superviseProcess } from './supervised-process.ts'
import { waitForReady } from './wait-for-ready.ts'

/** pino's number for "warn". */
const WARN = 40

const logLine = z.object({ level: z.number() })

export interface ServerPlan {
  readonly mode: 'production' | 'development'
  readonly projectDirectory: string
  /** The address it listens on. */
  readonly host: string
  readonly port: number
  readonly logFile: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly onStarted: (process: SupervisedProcess) => void
  readonly onLine: (line: string) => void
}

/** Starts Next's server, and waits until it says that database and migrations are in order. */
export async function startServer(plan: ServerPlan): Promise<void> {
  const { mode, projectDirectory, host, port } = plan
  const server = superviseProcess({
    name: 'server',
    args: [
      '--import',
      path.join(projectDirectory, 'src/launch/exit-with-parent.mjs'),
      path.join(projectDirectory, 'node_modules/next/dist/bin/next'),
      mode === 'production' ? 'start' : 'dev',
      '--hostname',
      host,
      '--port',
      String(port),
    ],
    cwd: projectDirectory,
    env: plan.env,
    logFile: plan.logFile,
    onLine: (line, from) => {
      const shown =
        mode === 'development' || from === 'stderr' ? stripVTControlCharacters(line).trim() !== '' : isWarning(line)
      if (shown) plan.onLine(line)
    },
  })
  plan.onStarted(server)
  await waitForReady<void>(server, plan.signal, (settle) => {
    void pollReady(`http://${reachableFromHere(host)}:${port}/api/health/ready`, server, plan.signal).then(settle)
  })
}

async function pollReady(url: string, server: SupervisedProcess, signal: AbortSignal): Promise<void> {
  const gone = new AbortController()
  void server.exited.then(() => gone.abort())
  while (!signal.aborted && !gone.signal.aborted) {
    const answer = await fetch(url, {
      signal: AbortSignal.any([AbortSignal.timeout(60_000), signal, gone.signal]),
    }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await new Promise<never>(() => undefined) // the caller hears of the end itself
}

function isWarning(line: string): boolean {
  if (!line.startsWith('{')) return false
  try {
    const parsed = logLine.safeParse(JSON.parse(line))
    return parsed.success && parsed.data.level >= WARN
  } catch {
    return false
  }
}
