import type { Server } from 'node:http'

const tryPort = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port }, () => {
      server.off('error', reject)
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('The server has no TCP address'))
      else resolve(address.port)
    })
  })

const isPortProblem = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')

/** Listens on loopback, on the first free preferred port or on any other. */
export const listen = async (server: Server, preferred: readonly number[]): Promise<number> => {
  for (const port of preferred) {
    try {
      return await tryPort(server, port)
    } catch (error) {
      if (!isPortProblem(error)) throw error
    }
  }
  return tryPort(server, 0)
}

/** Stops listening and ends every connection, including idle ones. */
export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

/** Stops listening and finishes open requests. Ends those that take longer than `withinMs`. */
export const drainServer = (server: Server, withinMs: number): Promise<void> =>
  new Promise((resolve) => {
    const bound = setTimeout(() => server.closeAllConnections(), withinMs)
    server.close(() => {
      clearTimeout(bound)
      resolve()
    })
    server.closeIdleConnections()
  })
