// Our own HTTP server around Next's handler: it owns the listening address, every request before Next sees it, streams, and how
// the process ends. Plain JavaScript, so that the built server needs nothing that the build does not.
// Usage: serve.mjs <production|development> <host> <port>
import http from 'node:http'

const [mode, hostname, port] = process.argv.slice(2)
process.env.NODE_ENV = mode

/** Whoever stops a process (a service manager, our own launch after fifteen) kills it when it takes too long. */
const STOP_WITHIN_MS = 8_000
/** Longer than a proxy keeps an idle connection (60 s), so that it never sends a request into one that is being closed. */
const KEEP_ALIVE_MS = 65_000

/** src/instrumentation.ts hands over what answers before Next (src/server/http/front.ts); it may do so after `prepare`. */
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

server.on('request', (request, response) => {
  front.guard(request, response)
  if (front.streams(request)) void front.stream(request, response)
  else void handle(request, response)
})
server.once('error', (error) => {
  console.error(error.message)
  process.exit(1)
})
server.listen(Number(port), hostname)

/** Takes no new connection, ends streams, lets requests and jobs under way end, and then the process. */
let ending = false
async function end() {
  if (ending) return
  ending = true
  setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref()
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  await Promise.all([front.stop(), closed])
  process.exit(0)
}
process.on('SIGTERM', () => void end())
process.on('SIGINT', () => void end())
