import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { projectDirectory } from '~test/support/supply-chain/locked-packages'

const github = path.join(projectDirectory, '.github')
const yamlFiles = readdirSync(github, { recursive: true, encoding: 'utf8' }).filter((file) => /\.ya?ml$/.test(file))
const workflowFiles = yamlFiles.filter((file) => file.startsWith('workflows'))
const textOf = (file: string) => readFileSync(path.join(github, file), 'utf8')

const step = z.looseObject({ uses: z.string().optional(), with: z.record(z.string(), z.unknown()).default({}) })
const job = z.looseObject({ 'timeout-minutes': z.number(), permissions: z.unknown().optional(), steps: z.array(step) })
const workflow = z.looseObject({ permissions: z.unknown().optional(), jobs: z.record(z.string(), job) })
const read = (file: string) => workflow.parse(parse(textOf(file)))

describe.each(yamlFiles)('.github/%s', (file) => {
  test("uses other people's actions by full commit SHA and version, and its own by path", () => {
    const used = textOf(file)
      .split('\n')
      .filter((line) => /^\s*(- )?uses:/.test(line))
      .map((line) => line.replace(/^.*uses:\s*/, ''))
    const ours = /^\.\/\.github\/actions\/[\w-]+$/
    const pinned = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$/
    expect(used.filter((one) => !ours.test(one) && !pinned.test(one))).toEqual([])
  })
})

describe.each(workflowFiles)('.github/%s', (file) => {
  test('may read the repository and nothing more, except that deploy workflows may request run tokens', () => {
    const { permissions, jobs } = read(file)
    const reports = file.includes('deploy-') ? { 'id-token': 'write' } : {}
    expect(permissions).toEqual({ contents: 'read', ...reports })
    expect(Object.values(jobs).filter((one) => one.permissions !== undefined)).toEqual([])
  })

  test('limits the time of every job, and leaves no credentials in a checkout', () => {
    for (const one of Object.values(read(file).jobs)) {
      expect(one['timeout-minutes']).toBeLessThanOrEqual(30)
      for (const { uses, with: inputs } of one.steps) {
        if (uses?.startsWith('actions/checkout@')) expect(inputs).toMatchObject({ 'persist-credentials': false })
      }
    }
  })
})
