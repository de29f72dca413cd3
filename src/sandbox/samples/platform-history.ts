import { type Person, people } from '~/sandbox/samples/people'

// Short sources of the sample surfaces, so that diffs, comparisons and commit pages have content.

const readme = (services: readonly string[]): string =>
  `# platform\n\nEverything Acme ships, in one repository.\n\n${services.map((name) => `- \`services/${name}\``).join('\n')}\n`

const apiServer = (options: { readonly search: boolean; readonly limit: number; readonly timeoutMs: number }): string =>
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

const orders = (sort: string): string =>
  `export const listOrders = async (limit) => {
  const rows = await db.query('select id, placed_at, total from orders order by ${sort} limit $1', [limit])
  return rows.map(({ id, placed_at, total }) => ({ id, placedAt: placed_at, total }))
}
`

const search = (ranked: boolean): string =>
  `export const search = async (text) => {
  if (!text) return []
  return db.query(\`select id, title from documents where body_tsv @@ websearch_to_tsquery($1)${ranked ? ' order by ts_rank(body_tsv, websearch_to_tsquery($1)) desc' : ''} limit 20\`, [text])
}
`

const loginPage = (redirect: string): string =>
  `export const afterLogin = (request) => {
  const wanted = new URL(request.url, 'http://localhost').searchParams.get('next')
  return ${redirect}
}
`

const statusPage = (components: readonly string[]): string =>
  `export const components = [\n${components.map((name) => `  '${name}',`).join('\n')}\n]\n`

const docsPage = (title: string, sections: readonly string[]): string =>
  `# ${title}\n${sections.map((section) => `\n## ${section}\n\nSee the examples below.\n`).join('')}`

export interface SampleCommit {
  readonly by: Person
  readonly message: string
  /** Hours before the repository is created on this machine. */
  readonly hoursAgo: number
  readonly files: Readonly<Record<string, string>>
  readonly tag?: string
  /** The one check that failed. Without it, all checks passed. */
  readonly failedCheck?: string
}

interface SampleBranch {
  readonly name: string
  /** The index in `main` of the commit from which the branch starts. */
  readonly from: number
  readonly commits: readonly SampleCommit[]
}

const { ines, tomas, priya, jonas, mei } = people

/** The commits of a sample repository. */
export interface SampleHistory {
  /** Oldest first. The repository's own `.github/` joins the first commit. */
  readonly main: readonly SampleCommit[]
  readonly branches: readonly SampleBranch[]
}

const mainCommits: readonly SampleCommit[] = [
  {
    by: ines,
    message: 'Bring the services together in one repository',
    hoursAgo: 1030,
    files: {
      'README.md': readme(['api', 'console', 'docs']),
      'services/api/server.js': apiServer({ search: false, limit: 50, timeoutMs: 30_000 }),
      'services/api/orders.js': orders('id'),
      'services/console/login.js': loginPage("wanted ?? '/'"),
      'services/docs/getting-started.md': docsPage('Getting started', ['Install', 'First request']),
    },
  },
  {
    by: tomas,
    message: 'Add a status page (#12)',
    hoursAgo: 890,
    files: {
      'README.md': readme(['api', 'console', 'docs', 'status']),
      'services/status/components.js': statusPage(['API', 'Console']),
    },
  },
  {
    by: priya,
    message:
      'List orders newest first (#14)\n\nSupport asked for it: the order they look for is nearly always a recent one.',
    hoursAgo: 770,
    files: { 'services/api/orders.js': orders('placed_at desc') },
    tag: 'v1.3.0',
  },
  {
    by: mei,
    message: 'Document authentication (#15)',
    hoursAgo: 640,
    files: { 'services/docs/authentication.md': docsPage('Authentication', ['API keys', 'Rotating a key']) },
  },
  {
    by: jonas,
    message: 'Show the documentation on the status page (#17)',
    hoursAgo: 555,
    files: { 'services/status/components.js': statusPage(['API', 'Console', 'Documentation']) },
  },
  {
    by: tomas,
    message: 'Search documents (#19)',
    hoursAgo: 470,
    files: {
      'services/api/search.js': search(false),
      'services/api/server.js': apiServer({ search: true, limit: 50, timeoutMs: 30_000 }),
    },
    tag: 'v1.4.0',
  },
  {
    by: ines,
    message: 'Answer within ten seconds or not at all (#20)',
    hoursAgo: 392,
    files: { 'services/api/server.js': apiServer({ search: true, limit: 50, timeoutMs: 10_000 }) },
  },
  {
    by: mei,
    message: 'Explain search in the documentation (#22)',
    hoursAgo: 310,
    files: { 'services/docs/search.md': docsPage('Search', ['Phrases', 'Excluding a word']) },
  },
  {
    by: priya,
    message: 'Return a hundred orders at once (#23)',
    hoursAgo: 268,
    files: { 'services/api/server.js': apiServer({ search: true, limit: 100, timeoutMs: 10_000 }) },
    tag: 'v1.4.1',
  },
  {
    by: jonas,
    message: 'Keep the page someone asked for through sign-in (#25)',
    hoursAgo: 201,
    files: { 'services/console/login.js': loginPage("wanted?.startsWith('/') ? wanted : '/'") },
  },
  {
    by: tomas,
    message: 'Rank search results (#27)',
    hoursAgo: 149,
    files: { 'services/api/search.js': search(true) },
  },
  {
    by: ines,
    message: 'Watch webhooks on the status page (#28)',
    hoursAgo: 97,
    files: { 'services/status/components.js': statusPage(['API', 'Console', 'Documentation', 'Webhooks']) },
    tag: 'v1.5.0',
  },
  {
    by: mei,
    message: 'Describe webhook retries (#30)',
    hoursAgo: 71,
    files: { 'services/docs/webhooks.md': docsPage('Webhooks', ['Events', 'Retries', 'Verifying a signature']) },
  },
  {
    by: priya,
    message: 'Sort orders with the same time by id (#31)\n\nWithout it two pages could show the same order twice.',
    hoursAgo: 46,
    files: { 'services/api/orders.js': orders('placed_at desc, id desc') },
  },
  {
    by: jonas,
    message: 'Getting started: show the answer of the first request (#33)',
    hoursAgo: 22,
    files: {
      'services/docs/getting-started.md': docsPage('Getting started', ['Install', 'First request', 'The answer']),
    },
  },
  {
    by: tomas,
    message: 'Refuse to redirect to another host after sign-in (#34)',
    hoursAgo: 5,
    files: { 'services/console/login.js': loginPage("/^\\/(?!\\/)/.test(wanted ?? '') ? wanted : '/'") },
  },
]

const sampleBranches: readonly SampleBranch[] = [
  {
    name: 'feature/faster-search',
    from: 12,
    commits: [
      {
        by: priya,
        message: 'Index documents by language',
        hoursAgo: 43,
        files: { 'services/api/index.sql': 'create index documents_body on documents using gin (body_tsv);\n' },
      },
      {
        by: priya,
        message: 'Measure search on a copy of production',
        hoursAgo: 19,
        files: { 'services/api/search-bench.md': docsPage('Search bench', ['Before', 'After']) },
        failedCheck: 'tests',
      },
    ],
  },
  {
    name: 'fix/login-redirect',
    from: 14,
    commits: [
      {
        by: jonas,
        message: 'Redirect to the overview when the wanted page is gone',
        hoursAgo: 9,
        files: { 'services/console/login.js': loginPage("exists(wanted) ? wanted : '/overview'") },
      },
    ],
  },
]

/** The history of acme/platform. */
export const platformHistory: SampleHistory = { main: mainCommits, branches: sampleBranches }

/** The failed check of the commit with a message, or null. */
export const failedCheckOf = ({ main, branches }: SampleHistory, message: string): string | null =>
  [...main, ...branches.flatMap(({ commits }) => commits)].find((commit) => commit.message === message)?.failedCheck ??
  null
