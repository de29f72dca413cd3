// Our own HTTP server around Next's handler. It owns the listening address, each request before Next, streams and the end of the
// process (ADR 030). Plain JavaScript, so that it runs without a build of its own.
// Usage: serve.mjs <production|development> <address or path of a socket> <port>
import http from 'node:http'
import path from 'node:path'
import compressible from 'compressible'
import compression from 'compression'
import { listen } from './listen.mjs'
import { precompressed } from './precompressed.mjs'
import { ignoreLostOutput, onHangup } from './terminal.mjs'

const [mode, hostname, port] = process.argv.slice(2)
process.env.NODE_ENV = mode
ignoreLostOutput()

/** Ends before a service manager would kill the process. Our own launcher does so after 15 s. */
const STOP_WITHIN_MS = 8_000
/** Proxies keep idle connections for 60 s. The server keeps them longer, so that no request meets a closing one. */
const KEEP_ALIVE_MS = 65_000

/** src/instrumentation.ts passes src/server/front.ts, possibly after `prepare` has settled. */
const opened = new Promise((resolve) => {
  globalThis.deployConsoleOpened = resolve
})

const { default: next } = await import('next')
const server = http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS })
const app = next({
  dev: mode === 'development',
  dir: process.cwd(),
  // Next builds the address of each request from these, also where a socket has neither.
  hostname: hostname.startsWith('/') ? 'localhost' : hostname,
  port: Number(port),
  httpServer: server,
})
await app.prepare()
const front = await opened
const handle = app.getRequestHandler()
const sendsPrecompressed = precompressed(path.resolve('.next/static'))
/** Next sets the API's content type as a list, which `compression` does not recognise. */
const compress = compression({
  filter: (_, response) => compressible(`${response.getHeader('content-type')}`) === true,
})

/** While the server drains, an answer asks the proxy to close its connection, so that its next request goes to another replica. */
let draining = false
let ending = false
/** Idle connections. Node's `closeIdleConnections` misses those without a first request, which browsers open in advance. */
const idle = new Set()
server.on('connection', (socket) => {
  idle.add(socket)
  socket.once('close', () => idle.delete(socket))
})
server.on('request', (request, response) => {
  const { socket } = request
  idle.delete(socket)
  response.once('close', () => {
    if (ending) socket.end(() => socket.destroy())
    else if (!socket.destroyed) idle.add(socket)
  })
  if (draining) response.setHeader('connection', 'close')
  front.guard(request, response)
  front.receive(request, response, () => {
    if (front.streams(request)) void front.stream(request, response)
    else if (!sendsPrecompressed(request, response)) compress(request, response, () => void handle(request, response))
  })
})
try {
  await listen(server, hostname, Number(port))
} catch (error) {
  console.error(error.message)
  process.exit(1)
}

/** Goes on to answer while proxies learn that the server is not ready (ADR 050). Ctrl-C cuts that short. */
const hurry = new AbortController()
async function drain() {
  if (draining) return
  draining = true
  await front.drain(hurry.signal)
  await end()
}

/** Stops listening, ends streams, finishes open requests and jobs, and ends the process. */
async function end() {
  ending = true
  setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref()
  const closed = new Promise((resolve) => server.close(resolve))
  for (const socket of idle) socket.destroy()
  await Promise.all([front.stop(), closed])
  process.exit(0)
}
process.on('SIGTERM', () => void drain())
process.on('SIGINT', () => {
  if (draining) hurry.abort()
  void drain()
})
onHangup(() => void drain())
