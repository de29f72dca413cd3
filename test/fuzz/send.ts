import { connect } from 'node:net'
import type { Wire } from '~test/fuzz/to-bytes'

/** A server that says nothing to half a request is given up on; it gives such a sender up by itself, later. */
const SILENCE_MS = 300

/** The status of the first answer; null when the connection ended without one. */
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
