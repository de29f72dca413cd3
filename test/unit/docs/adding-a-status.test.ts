import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEPLOY_STATUSES } from '~/domain/deploy/status'
import { applyStatusExample, type StatusExample } from '~test/support/status-example'

describe('the example in docs/adding-a-status.md', () => {
  let example: StatusExample
  beforeAll(async () => {
    example = await applyStatusExample()
  })
  afterAll(() => example.remove())

  const added = () => example.table.DEPLOY_STATUSES.filter((status) => !DEPLOY_STATUSES.includes(status))
  const textOf = (file: string) => readFileSync(path.join(example.directory, file), 'utf8')

  it('adds one status, which appears in every list derived from the table', () => {
    const { table } = example
    const [status = ''] = added()
    expect(added()).toHaveLength(1)
    expect(table.allowedFrom('building')).toContain(status)
    expect(table.allowedFrom(status)).toContain('failed')
    expect(table.CALLBACK_STATUSES).toContain(status)
    expect(table.UNFINISHED_STATUSES).toContain(status)
    expect([...table.STATUS_OF_STEP.values()]).toContain(status)
    expect(table.statusWord(status)).not.toBe(status)
  })

  it('leaves a domain that compiles', () => {
    const project = { extends: './tsconfig.json', include: ['src/domain'], compilerOptions: { plugins: [] } }
    writeFileSync(path.join(example.directory, 'tsconfig.domain.json'), JSON.stringify(project))
    const tsc = path.join(example.directory, 'node_modules/.bin/tsc')
    const check = () => execFileSync(tsc, ['--noEmit', '-p', 'tsconfig.domain.json'], { cwd: example.directory })
    expect(check).not.toThrow()
  }, 60_000)

  it('lets a workflow report the status in the step that the table names', () => {
    const [status] = added()
    const step = [...example.table.STATUS_OF_STEP].find(([, one]) => one === status)?.[0]
    const [, after = ''] = textOf('.github/workflows/deploy-status-page.yml').split(`- name: ${step}\n`)
    expect(/^ +status: (\S+)$/m.exec(after)?.[1]).toBe(status)
  })

  it('documents the status in both tables of the contract', () => {
    const rows = textOf('docs/contract.md').split('\n')
    expect(rows.filter((row) => row.startsWith('|') && row.split('|')[1]?.includes(`\`${added()[0]}\``))).toHaveLength(
      2,
    )
  })
})
