import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

/** A real HTTP server that receives deliveries. `answer` decides each request: a status, or `hang up` after reading it. */
export async function startWebhookReceiver() {
  const received: Received[] = []
  const script: { answer: (request: Received) => Answer | 'hang up' | Promise<Answer> } = {
    answer: () => ({ status: 204 }),
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const taken = { headers: request.headers, body: Buffer.concat(chunks).toString('utf8') }
      received.push(taken)
      const answer = await script.answer(taken)
      if (answer === 'hang up') request.socket.destroy()
      else response.writeHead(answer.status, answer.headers).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hooks/very-secret-path`,
    received,
    script,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
