import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

export interface ConnectProxy {
  readonly url: string
  /** What the proxy was asked for: `CONNECT host:port`, or the method and address of a request in plain HTTP. */
  readonly asked: string[]
  /** The `Proxy-Authorization` of the requests. */
  readonly credentials: (string | undefined)[]
  /** If set, the proxy answers every CONNECT with this status. */
  refusal: number | undefined
  readonly close: () => Promise<void>
}

/** A forward proxy (RFC 9110, 9.3.6) that reaches this machine, whatever name it is asked for. */
export async function startConnectProxy(): Promise<ConnectProxy> {
  const asked: string[] = []
  const credentials: (string | undefined)[] = []
  const server = createServer((incoming, answer) => {
    asked.push(`${incoming.method} ${incoming.url}`)
    credentials.push(incoming.headers['proxy-authorization'])
    const { port, pathname, search } = new URL(incoming.url ?? '')
    const { method, headers } = incoming
    const onward = request({ host: '127.0.0.1', port, path: pathname + search, method, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(answer)
    })
    onward.once('error', () => answer.destroy())
    incoming.pipe(onward)
  })
  server.on('connect', (incoming, client, head) => {
    asked.push(`CONNECT ${incoming.url}`)
    credentials.push(incoming.headers['proxy-authorization'])
    if (proxy.refusal !== undefined) {
      client.end(`HTTP/1.1 ${proxy.refusal} Refused\r\n\r\n`)
      return
    }
    const port = Number(/:(\d+)$/.exec(incoming.url ?? '')?.[1])
    const onward = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      client.pipe(onward).pipe(client)
    })
    onward.once('error', () => client.destroy())
    client.once('error', () => onward.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: ConnectProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    credentials,
    refusal: undefined,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
