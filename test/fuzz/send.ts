import { connect } from 'node:net'
import type { Wire } from '~test/fuzz/to-bytes'

/** A server waits for the rest of an incomplete request; this client closes the connection before the server does. */
const SILENCE_MS = 300

/** The status of the first answer; null if the connection ended without one. */
export function send(port: number, wire: Wire): Promise<number | null> {
  return new Promise((resolve) => {
    let head = ''
    const socket = connect(port, '127.0.0.1', () => (wire.complete ? socket.write(wire.bytes) : socket.end(wire.bytes)))
    const settle = (): void => {
      socket.destroy()
      const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]
      resolve(status === undefined ? null : Number(status))
    }
    if (!wire.complete) socket.setTimeout(SILENCE_MS, settle)
    socket.on('data', (chunk: Buffer) => {
      head = (head + chunk.toString('latin1')).slice(0, 64).replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, '')
      if (/^HTTP\/1\.1 \d{3}/.test(head)) settle()
    })
    socket.on('error', settle)
    socket.on('close', settle)
  })
}
