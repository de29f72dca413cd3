import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

/** The proxy made no tunnel, so nothing was sent to the receiver. */
export class NoTunnel extends Error {
  readonly code = 'NO_TUNNEL'
  /** The status of the proxy's answer, or the code of an error. */
  readonly why: string
  constructor(why: string) {
    super(`The proxy made no tunnel (${why})`)
    this.why = why
  }
}

interface TunnelPlan {
  /** Of undici, with the time limit of the connection. */
  readonly connectSecurely: buildConnector.connector
  readonly proxy: string
  /** What the proxy is asked for in place of this name: an address, or the name itself. */
  readonly destinationOf: (hostname: string) => Promise<string>
  readonly timeoutMs: number
}

/** A connector for undici's `Agent` that asks a proxy for a tunnel (CONNECT) and proves the name of the receiver by TLS. */
export function tunnelThrough(plan: TunnelPlan): buildConnector.connector {
  const { connectSecurely, proxy, destinationOf, timeoutMs } = plan
  return (options, done) => {
    destinationOf(options.hostname)
      .then((host) => askForTunnel(proxy, `${host}:${options.port || 443}`, timeoutMs))
      .then(
        (httpSocket) => connectSecurely({ ...options, httpSocket }, done),
        (error: Error) => done(error, null),
      )
  }
}

function askForTunnel(proxy: string, destination: string, timeoutMs: number): Promise<Socket> {
  const { protocol, username, password } = new URL(proxy)
  const account = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  const headers = { host: destination, ...(username === '' ? {} : { 'proxy-authorization': `Basic ${account}` }) }
  const url = new URL('/', proxy)
  url.username = ''
  url.password = ''
  return new Promise((resolve, reject) => {
    const asked = (protocol === 'https:' ? https : http).request(url, {
      method: 'CONNECT',
      path: destination,
      headers,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    })
    asked.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) return resolve(socket as Socket)
      socket.destroy()
      reject(new NoTunnel(String(statusCode)))
    })
    asked.on('error', (error: NodeJS.ErrnoException) => reject(new NoTunnel(error.code ?? error.name)))
    asked.end()
  })
}
