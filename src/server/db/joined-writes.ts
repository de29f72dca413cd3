import 'server-only'
import { Socket } from 'node:net'

interface Written {
  readonly chunk: Buffer | string
  readonly encoding: BufferEncoding
}

/**
 * A socket that gives the system one buffer for all that is written to it in one turn. For each prepared statement `pg`
 * writes four short messages (Bind, Describe, Execute, Sync), and statements that do not wait for each other are written in
 * one turn; copying their few hundred bytes together is cheaper than a list of buffers, or a system call each.
 */
export class JoinedWrites extends Socket {
  constructor() {
    super()
    const write = this.write.bind(this)
    const joined = (...given: unknown[]): boolean => {
      if (this.writableCorked === 0) {
        this.cork()
        process.nextTick(() => this.uncork())
      }
      return Reflect.apply(write, this, given)
    }
    // Not before: `connect` gives a socket Node's own `write` back.
    this.once('connect', () => {
      this.write = joined as Socket['write']
    })
  }

  override _writev(written: readonly Written[], callback: (error?: Error | null) => void): void {
    const buffers = written.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
    )
    // Node's own word for what needs no encoding; its types lack it.
    this._write(Buffer.concat(buffers), 'buffer' as BufferEncoding, callback)
  }
}
