import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { freePort } from '~/launch/machine/ports'

/** A proxy to a server whose connections can be cut and restored, as by a restart, or held. It starts cut. */
export async function tcpProxy(serverUrl: string) {
  const target = new URL(serverUrl)
  const port = await freePort()
  const sockets = new Set<Socket>()
  let holding: 'nothing' | 'commits' | 'everything' = 'nothing'
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    client.pipe(upstream).pipe(client)
    // A prepared statement is sent with its text once, and later only by name (Parse and Bind in PostgreSQL's protocol).
    let prepared: string | undefined
    client.on('data', (sent: Buffer) => {
      prepared ??= /P.{4}([^\0]+)\0COMMIT\0/s.exec(sent.toString('latin1'))?.[1]
      const commits = sent.includes('COMMIT') || (prepared !== undefined && sent.includes(`\0${prepared}\0`))
      if (holding === 'everything' || (holding === 'commits' && commits)) upstream.unpipe(client).pause()
    })
  })
  const url = new URL(serverUrl)
  url.port = String(port)
  return {
    url: url.href,
    mend: async () => {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    /** From now on, a COMMIT still reaches PostgreSQL, but its answer does not reach the client. */
    holdCommits: () => {
      holding = 'commits'
    },
    /** From now on, no answer of PostgreSQL reaches the client, as if PostgreSQL hung. */
    holdEverything: () => {
      holding = 'everything'
    },
    cut: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
