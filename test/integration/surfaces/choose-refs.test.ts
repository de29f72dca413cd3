import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { listRefs } from '~/server/surfaces/review/list-refs'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { commit, gitRef, SHA, startScriptedGitHub } from '~test/support/scripted-github'

// GitHub's lists of branches and tags are paged; its matching refs are found by the start of their name.

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const notFound = { status: 404, body: { message: 'Not Found' } }
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}-${String(n + 1).padStart(3, '0')}`)
let repository: { branches: string[]; tags: string[]; commits: 'some' | 'none' }

beforeAll(async () => {
  github = await startScriptedGitHub()
})
beforeEach(async () => {
  repository = { branches: ['main'], tags: [], commits: 'some' }
  github.script.onListRuns = ({ path }) => {
    const page = (all: readonly string[]) => ({
      status: 200,
      body: all.slice(0, 100).map((name) => ({ name, commit: { sha: SHA } })),
    })
    const matching = /\/git\/matching-refs\/(heads|tags)\/(.*)$/.exec(decodeURIComponent(path))
    if (matching !== null) {
      const [, kind = '', prefix = ''] = matching
      const all = kind === 'heads' ? repository.branches : repository.tags
      const found = all.filter((name) => name.startsWith(prefix)).map((name) => gitRef(`refs/${kind}/${name}`, SHA))
      return { status: 200, body: found }
    }
    if (path.includes('/branches?')) return page(repository.branches)
    if (path.includes('/tags?')) return page(repository.tags)
    if (path.includes('/commits?'))
      return repository.commits === 'some' ? { status: 200, body: [commit(SHA)] } : notFound
    return notFound
  }
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  return () => console_.close()
})
afterAll(() => github.close())

const choices = async (query?: string) => {
  const { id } = await insertSurface(console_.deps)
  return listRefs(console_.deps, { surfaceId: id, query })
}

it('the last of 150 branches is found by the start of its name, and the list says that it shows the first 100', async () => {
  repository.branches = names('branch', 150)
  const first = await choices()
  expect(first.branches).toHaveLength(100)
  expect(first.notes).toContain('Only the first 100 branches are shown. Type the start of a name to find others.')
  const found = await choices('branch-15')
  expect(found.branches.map(({ name }) => name)).toEqual(['branch-150'])
})

it('the last of 150 tags is found by the start of its name', async () => {
  repository.tags = names('v', 150)
  const first = await choices()
  expect(first.notes).toContain('Only the first 100 tags are shown. Type the start of a name to find others.')
  expect((await choices('v-150')).tags).toEqual([{ name: 'v-150', sha: SHA }])
})

it('at most 100 matching branches are shown, and a note says so', async () => {
  repository.branches = [...names('a', 100), ...names('fix', 130)]
  const found = await choices('fix')
  expect(found.branches).toHaveLength(100)
  expect(found.notes).toContain('Only the first 100 matching branches are shown. Type more of the name to find others.')
})

it('a note says that text inside a name is searched only in the first 100 branches', async () => {
  repository.branches = names('branch', 150)
  expect((await choices('099')).branches.map(({ name }) => name)).toEqual(['branch-099'])
  expect((await choices('149')).notes).toContain(
    'All branches whose names start with this text are found. Names that only contain the text are found among the first 100 branches.',
  )
})

it('a default ref that does not exist is reported as missing, and other branches are still listed', async () => {
  repository.commits = 'none'
  repository.branches = ['trunk']
  const found = await choices()
  expect(found).toMatchObject({ defaultMissing: true, branches: [{ name: 'trunk' }], commits: [] })
})

it('no note is shown if everything was read', async () => {
  expect(await choices()).toMatchObject({ defaultMissing: false, notes: [] })
})
