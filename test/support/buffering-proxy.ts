import { once } from 'node:events'
import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP/1.1 proxy that buffers each answer to its end, as some proxies always do: an event stream never arrives. */
export async function bufferingProxy(serverUrl: string) {
  const { hostname, port } = new URL(serverUrl)
  const server = createServer((request, response) => {
    const { method, url: path, headers } = request
    const upstream = send({ hostname, port, method, path, headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        const body = Buffer.concat(chunks)
        const { 'transfer-encoding': _, ...kept } = answer.headers
        response.writeHead(answer.statusCode ?? 502, { ...kept, 'content-length': body.length }).end(body)
      })
    })
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // The same host name, so that the browser sends the session cookie.
  const url = new URL(serverUrl)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
