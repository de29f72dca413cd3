import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

const posted = z.object({ text: z.string() })

/** A real HTTP server in Slack's place. `answer` decides each request: a status, or `hang up` after reading it. */
export async function startSlackReceiver() {
  const texts: string[] = []
  const script: { answer: () => number | 'hang up' | Promise<number> } = { answer: () => 200 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      texts.push(posted.parse(JSON.parse(Buffer.concat(chunks).toString('utf8'))).text)
      const status = await script.answer()
      if (status === 'hang up') request.socket.destroy()
      else response.writeHead(status).end(status === 200 ? 'ok' : 'no_service')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/services/T0/B0/very-secret-path`,
    texts,
    script,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
