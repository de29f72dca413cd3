import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { compressStatic } from '~/launch/build/compress-static'
import { productionBuild } from '~/launch/build/production-build'
import { precompressed } from '~/launch/precompressed.mjs'

const SCRIPT = 'console.log("a script of a page");'.repeat(50)

/** A checkout with a build of one script, and a server that started before the script was compressed. */
async function builtCheckout() {
  const checkout = mkdtempSync(path.join(tmpdir(), 'deploy-console-compressed-'))
  const next = `require('fs').mkdirSync('.next/static/chunks',{recursive:true});require('fs').writeFileSync('.next/static/chunks/a.js',${JSON.stringify(SCRIPT)})`
  mkdirSync(path.join(checkout, 'node_modules/next/dist/bin'), { recursive: true })
  writeFileSync(path.join(checkout, 'node_modules/next/dist/bin/next'), next)
  await productionBuild(checkout).make({ ...process.env }, new AbortController().signal)
  const directory = path.join(checkout, '.next/static')
  const sends = precompressed(directory)
  const server = http.createServer((request, response) => {
    if (!sends(request, response)) response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    rmSync(checkout, { recursive: true })
  })
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/_next/static/chunks/a.js`
  return {
    checkout,
    chunks: path.join(directory, 'chunks'),
    directory,
    ask: () => fetch(url, { headers: { 'accept-encoding': 'br' } }),
  }
}

it('a server sends a script compressed from the moment it is, and leaves it to others until then', async () => {
  const { directory, ask } = await builtCheckout()
  expect((await ask()).status).toBe(204)
  await compressStatic(directory)
  const answer = await ask()
  expect([answer.status, answer.headers.get('content-encoding'), await answer.text()]).toEqual([200, 'br', SCRIPT])
})

it('a compression that was stopped is continued, and a whole one is not repeated; an empty file, as after a power failure, is not sent', async () => {
  const { chunks, directory, ask } = await builtCheckout()
  writeFileSync(path.join(chunks, 'a.js.br-unfinished'), 'half')
  writeFileSync(path.join(chunks, 'a.js.br'), '')
  expect((await ask()).status).toBe(204)
  await compressStatic(directory)
  expect(await (await ask()).text()).toBe(SCRIPT)
  expect(readdirSync(chunks).toSorted()).toEqual(['a.js', 'a.js.br'])
  writeFileSync(path.join(chunks, 'a.js.br'), 'kept')
  await compressStatic(directory)
  expect(readdirSync(chunks).toSorted()).toEqual(['a.js', 'a.js.br'])
})

it('a build fits before and after it is compressed', async () => {
  const { checkout } = await builtCheckout()
  expect(productionBuild(checkout).fits).toBe(true)
  await productionBuild(checkout).compress()
  expect(productionBuild(checkout).fits).toBe(true)
})
