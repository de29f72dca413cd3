import { Agent, buildConnector, fetch, ProxyAgent, setGlobalDispatcher } from 'undici'

/** For `import()`, because undici takes 13 MB of memory that most processes can do without. A bundle gives `import('undici')` no names. */
export const undici = { Agent, buildConnector, fetch, ProxyAgent, setGlobalDispatcher }
