import { createServer } from 'node:net'

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const port = await listenBriefly(0)
  if (port === undefined) throw new Error('This machine has no free port on 127.0.0.1.')
  return port
}

/** Whether this machine has an address to listen on. */
async function hasAddress(host: string): Promise<boolean> {
  return (await listenBriefly(0, host)) !== undefined
}

/** Whether we could listen on a port: there and, since a browser tries that first for "localhost", on ::1. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (
    (await listenBriefly(port, host)) !== undefined &&
    (host !== '127.0.0.1' || (await listenBriefly(port, '::1', ['EADDRNOTAVAIL', 'EAFNOSUPPORT'])) !== undefined)
  )
}

/** The first free port from one on. */
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
  /** Set when the usual port was taken and nobody had asked for one. */
  readonly insteadOf: number | undefined
}

/** The port somebody asked for, or none at all; else the usual one, or the next that is free. */
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
