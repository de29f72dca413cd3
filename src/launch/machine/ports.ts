import { createServer } from 'node:net'

/** A free port. */
export async function freePort(): Promise<number> {
  const port = await listenBriefly(0)
  if (port === undefined) throw new Error('This machine has no free port on 127.0.0.1.')
  return port
}

/** Whether this machine can listen on an address. */
async function hasAddress(host: string): Promise<boolean> {
  return (await listenBriefly(0, host)) !== undefined
}

/** Whether a port is free on an address. On 127.0.0.1 it must be free on ::1 too, which browsers try first for "localhost". */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (
    (await listenBriefly(port, host)) !== undefined &&
    (host !== '127.0.0.1' || (await listenBriefly(port, '::1', ['EADDRNOTAVAIL', 'EAFNOSUPPORT'])) !== undefined)
  )
}

/** The first free port at or above a number. */
async function nextFreePort(from: number, host: string): Promise<number> {
  for (let port = from; port < from + 100 && port <= 65_535; port += 1) if (await isPortFree(port, host)) return port
  return freePort()
}

function listenBriefly(port: number, host = '127.0.0.1', fine: readonly string[] = []): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(fine.includes(error.code ?? '') ? port : undefined))
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined))
    })
  })
}

const DEFAULT_PORT = 3000

interface ChosenPort {
  readonly port: number
  /** The default port, if PORT is not set and the default is taken. */
  readonly insteadOf: number | undefined
}

/** For a server that listens at a socket. Next wants a port for the addresses of requests, which nothing reads. */
export const NO_PORT: ChosenPort = { port: DEFAULT_PORT, insteadOf: undefined }

/** Takes PORT or throws. Without PORT, takes the default port or the next free one. */
export async function choosePort(asked: number | undefined, host: string): Promise<ChosenPort> {
  if (!(await hasAddress(host))) {
    throw new Error(
      `HOST is ${host}, an address this machine does not have. Nothing was started. Example: HOST=127.0.0.1`,
    )
  }
  if (asked === undefined) {
    const port = await nextFreePort(DEFAULT_PORT, host)
    return { port, insteadOf: port === DEFAULT_PORT ? undefined : DEFAULT_PORT }
  }
  if (await isPortFree(asked, host)) return { port: asked, insteadOf: undefined }
  throw new Error(
    `Port ${asked} is taken by another program. Nothing was started. ` +
      `Stop that program, set PORT to another port (${await nextFreePort(asked + 1, host)} is free), or leave PORT unset to have one chosen.`,
  )
}
