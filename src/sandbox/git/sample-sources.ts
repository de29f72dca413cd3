/** Small sources of the sample surfaces: enough that a diff, a compare and a commit page show something real. */

export const readme = (services: readonly string[]): string =>
  `# platform\n\nEverything Acme ships, in one repository.\n\n${services.map((name) => `- \`services/${name}\``).join('\n')}\n`

export const apiServer = (options: {
  readonly search: boolean
  readonly limit: number
  readonly timeoutMs: number
}): string =>
  `import { createServer } from 'node:http'
import { listOrders } from './orders.js'
${options.search ? "import { search } from './search.js'\n" : ''}
const LIMIT = ${options.limit}

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost')
  response.setTimeout(${options.timeoutMs})
  if (url.pathname === '/orders') return response.end(JSON.stringify(await listOrders(LIMIT)))
${options.search ? "  if (url.pathname === '/search') return response.end(JSON.stringify(await search(url.searchParams.get('q'))))\n" : ''}  response.writeHead(404).end()
}).listen(process.env.PORT)
`

export const orders = (sort: string): string =>
  `export const listOrders = async (limit) => {
  const rows = await db.query('select id, placed_at, total from orders order by ${sort} limit $1', [limit])
  return rows.map(({ id, placed_at, total }) => ({ id, placedAt: placed_at, total }))
}
`

export const search = (ranked: boolean): string =>
  `export const search = async (text) => {
  if (!text) return []
  return db.query(\`select id, title from documents where body_tsv @@ websearch_to_tsquery($1)${ranked ? ' order by ts_rank(body_tsv, websearch_to_tsquery($1)) desc' : ''} limit 20\`, [text])
}
`

export const loginPage = (redirect: string): string =>
  `export const afterLogin = (request) => {
  const wanted = new URL(request.url, 'http://localhost').searchParams.get('next')
  return ${redirect}
}
`

export const statusPage = (components: readonly string[]): string =>
  `export const components = [\n${components.map((name) => `  '${name}',`).join('\n')}\n]\n`

export const docsPage = (title: string, sections: readonly string[]): string =>
  `# ${title}\n${sections.map((section) => `\n## ${section}\n\nSee the examples below.\n`).join('')}`
