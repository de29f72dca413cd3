// Our own HTTP server around Next's handler: it owns the listening address, every request before Next sees it, streams, and how
// the process ends. Plain JavaScript, so that the built server needs nothing that the build does not.
// Usage: serve.mjs <production|development> <host> <port>
import http from 'node:http'
import compressible from 'compressible'
import compression from 'compression'

const [mode, hostname, port] = process.argv.slice(2)
process.env.NODE_ENV = mode

/** Whoever stops a process (a service manager, our own launch after fifteen) kills it when it takes too long. */
const STOP_WITHIN_MS = 8_000
/** Longer than a proxy keeps an idle connection (60 s), so that it never sends a request into one that is being closed. */
const KEEP_ALIVE_MS = 65_000

/** src/instrumentation.ts hands over what answers before Next (src/server/front.ts); it may do so after `prepare`. */
const opened = new Promise((resolve) => {
  globalThis.deployConsoleOpened = resolve
})

const { default: next } = await import('next')
const server = http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS })
const app = next({
  dev: mode === 'development',
  dir: process.cwd(),
  hostname,
  port: Number(port),
  httpServer: server,
})
await app.prepare()
const front = await opened
const handle = app.getRequestHandler()
/** Next gives the API's answers their type as a list, which `compression`, and Next's own copy of it, take for one not to compress. */
const compress = compression({
  filter: (_, response) => compressible(`${response.getHeader('content-type')}`) === true,
})

let ending = false
/** Connections without a request under way. Node's own `closeIdleConnections` leaves those that never had one: browsers open them in advance. */
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
  front.guard(request, response)
  if (front.streams(request)) void front.stream(request, response)
  else compress(request, response, () => void handle(request, response))
})
server.once('error', (error) => {
  console.error(error.message)
  process.exit(1)
})
server.listen(Number(port), hostname)

/** Takes no new connection, ends streams, lets requests and jobs under way end, and then the process. */
async function end() {
  if (ending) return
  ending = true
  setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref()
  const closed = new Promise((resolve) => server.close(resolve))
  for (const socket of idle) socket.destroy()
  await Promise.all([front.stop(), closed])
  process.exit(0)
}
process.on('SIGTERM', () => void end())
process.on('SIGINT', () => void end())
