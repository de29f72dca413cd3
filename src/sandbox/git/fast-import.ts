/** Builds a stream for git-fast-import(1): a whole history in one git process, with the authors and dates we choose. */

export interface ImportFile {
  readonly path: string
  /** `undefined` removes the path, a folder with all below it. */
  readonly content: Buffer | undefined
  readonly executable?: boolean
}

export interface ImportCommit {
  readonly branch: string
  readonly author: { readonly name: string; readonly email: string }
  readonly at: Date
  readonly message: string
  readonly files: readonly ImportFile[]
  /** A commit-ish the branch starts from, when it has no commit yet in this stream. */
  readonly from?: string
  readonly merge?: string
}

const data = (content: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`data ${content.length}\n`), content, Buffer.from('\n')])

const line = (text: string): Buffer => Buffer.from(`${text}\n`)

// Paths are quoted in the C style; ours have neither quotes nor line breaks, and one that has is refused.
const quote = (path: string): string => {
  if (/["\\\n]/.test(path))
    throw new Error(`The sandbox cannot commit a file with such a name: ${JSON.stringify(path)}`)
  return `"${path}"`
}

const change = (file: ImportFile): Buffer =>
  file.content === undefined
    ? line(`D ${quote(file.path)}`)
    : Buffer.concat([line(`M ${file.executable ? '100755' : '100644'} inline ${quote(file.path)}`), data(file.content)])

export const commitStream = (commit: ImportCommit): Buffer => {
  const seconds = Math.floor(commit.at.getTime() / 1000)
  const who = `${commit.author.name} <${commit.author.email}> ${seconds} +0000`
  return Buffer.concat([
    line(`commit refs/heads/${commit.branch}`),
    line(`author ${who}`),
    line(`committer ${who}`),
    data(Buffer.from(commit.message)),
    ...(commit.from === undefined ? [] : [line(`from ${commit.from}`)]),
    ...(commit.merge === undefined ? [] : [line(`merge ${commit.merge}`)]),
    ...commit.files.map(change),
  ])
}

/** A light tag on where the branch stands at this place of the stream. */
export const tagStream = (tag: string, from: string): Buffer =>
  Buffer.concat([line(`reset refs/tags/${tag}`), line(`from ${from}`)])
