import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { JoinedWrites } from '~/server/db/joined-writes'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A connection, and whatever its other end has read so far. */
async function connected() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = z.object({ port: z.int() }).parse(server.address())
  const accepted = once(server, 'connection')
  const socket = new JoinedWrites()
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const [peer]: Socket[] = await accepted
  if (peer === undefined) throw new Error('Nobody connected.')
  closers.push(() => {
    socket.destroy()
    peer.destroy()
    server.close()
  })
  return { socket, peer }
}

it('sends what is written in one turn as one buffer, corked or not, in order', async () => {
  const { socket, peer } = await connected()
  const given: Buffer[] = []
  const write = socket._write.bind(socket)
  socket._write = (chunk, encoding, callback) => {
    given.push(Buffer.from(chunk as Buffer))
    write(chunk, encoding, callback)
  }
  const read: Buffer[] = []
  peer.on('data', (data) => read.push(data))
  socket.write(Buffer.from('BEGIN;'))
  socket.cork()
  socket.write(Buffer.from('bind;'))
  socket.write('sync;')
  socket.uncork()
  await new Promise((resolve) => setImmediate(resolve))
  socket.write(Buffer.from('COMMIT;'))
  socket.end()
  await once(peer, 'end')
  expect(Buffer.concat(read).toString()).toBe('BEGIN;bind;sync;COMMIT;')
  expect(given.map(String)).toEqual(['BEGIN;bind;sync;', 'COMMIT;'])
})

it('gives much that is written at once to the other end whole', async () => {
  const { socket, peer } = await connected()
  const parts = Array.from({ length: 200 }, (_, n) => Buffer.alloc(10_000, n))
  const read: Buffer[] = []
  peer.on('data', (data) => read.push(data))
  for (const part of parts) socket.write(part)
  socket.end()
  await once(peer, 'end')
  expect(Buffer.concat(read).equals(Buffer.concat(parts))).toBe(true)
})
