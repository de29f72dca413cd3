import { once } from 'node:events'
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'

/** The owner and the group of the file may connect: give the file the proxy's group by the directory's (setgid). */
const OWNER_AND_GROUP = 0o660

/** Listens at an address, or at a unix socket if the host is a path. */
export async function listen(server, host, port) {
  if (!host.startsWith('/')) {
    server.listen(port, host)
    await once(server, 'listening')
    return
  }
  await removeStaleSocket(host)
  server.listen({ path: host })
  await once(server, 'listening')
  chmodSync(host, OWNER_AND_GROUP)
}

/** A killed process leaves its socket's file behind, and nobody can listen at it again. */
async function removeStaleSocket(file) {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket())
    throw new Error(`HOST is ${file}, a file that is not a socket. It was kept. Choose another path.`)
  if (await answers(file))
    throw new Error(`HOST is ${file}, where another program listens. Stop that program, or choose another path.`)
  unlinkSync(file)
}

/** Whether a program listens. Without permission to connect, that is unknown, and counts as yes. */
function answers(file) {
  return new Promise((resolve) => {
    const socket = connect({ path: file })
    socket.once('connect', () => resolve(true))
    socket.once('error', ({ code }) => resolve(code !== 'ECONNREFUSED'))
    socket.once('connect', () => socket.destroy())
  })
}
