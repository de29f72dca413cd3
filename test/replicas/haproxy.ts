import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { freePort } from '~/launch/machine/ports'

/**
 * The proxy of docs/operations/scale.md, "Two servers behind TLS", but it never sends a request twice, and it takes every idle connection
 * again at once: a server that closes one too early loses a request here.
 */
const configuration = (port: number, statsPort: number, replicas: readonly number[]) => `
global
  maxconn 2000
defaults
  mode http
  retries 0
  http-reuse always
  option forwardfor
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout check 5s
  timeout queue 30s
frontend console
  bind 127.0.0.1:${port}
  default_backend replicas
backend replicas
  option httpchk GET /api/health/ready
  balance roundrobin
${replicas.map((replica, n) => `  server replica${n} 127.0.0.1:${replica} check inter 1s fall 1 rise 1 slowstart 5s`).join('\n')}
frontend stats
  bind 127.0.0.1:${statsPort}
  stats enable
  stats uri /
`

export interface Proxy {
  readonly url: string
  /** Settles when the proxy sends requests to this replica. */
  readonly untilUp: (replica: number) => Promise<void>
  readonly stop: () => Promise<void>
}

export async function startHaproxy(directory: string, replicas: readonly number[]): Promise<Proxy> {
  const [port, statsPort] = [await freePort(), await freePort()]
  const file = path.join(directory, 'haproxy.cfg')
  writeFileSync(file, configuration(port, statsPort, replicas))
  const child = spawn('haproxy', ['-db', '-f', file], {
    stdio: ['ignore', 'ignore', openSync(path.join(directory, 'haproxy.log'), 'a')],
  })
  await once(child, 'spawn')
  const isUp = async (replica: number): Promise<boolean> => {
    const answer = await fetch(`http://127.0.0.1:${statsPort}/;csv`).catch(() => undefined)
    const row = (await answer?.text())?.split('\n').find((line) => line.startsWith(`replicas,replica${replica},`))
    return row?.split(',')[17] === 'UP'
  }
  return {
    url: `http://127.0.0.1:${port}`,
    untilUp: async (replica) => {
      while (!(await isUp(replica))) await new Promise((resolve) => setTimeout(resolve, 100))
    },
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
