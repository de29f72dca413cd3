import 'server-only'
import type { Dispatcher } from 'undici'
import { type Proxies, proxyFor } from './proxy-settings.ts'

/** Lets `fetch` of this process use the proxies. */
export async function connectThroughProxies(proxies: Proxies): Promise<void> {
  if (proxies.https === undefined && proxies.http === undefined) return
  const { undici } = await import('./undici.ts')
  const { Agent, ProxyAgent, setGlobalDispatcher } = undici
  const agents = new Map<string, Dispatcher>()
  const agentOf = (proxy: string): Dispatcher => {
    // Without a tunnel for http addresses: proxies commonly refuse tunnels to ports other than 443.
    const agent = agents.get(proxy) ?? new ProxyAgent({ uri: proxy, proxyTunnel: false })
    agents.set(proxy, agent)
    return agent
  }
  setGlobalDispatcher(
    new Agent().compose((dispatch) => (options, handler) => {
      const proxy = proxyFor(proxies, String(options.origin))
      return proxy === undefined ? dispatch(options, handler) : agentOf(proxy).dispatch(options, handler)
    }),
  )
}
