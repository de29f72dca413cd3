import type { ScriptFailure } from './script-files.ts'

/** Prisma's codes for "a migration failed", on the database itself and on the shadow database. */
const FAILED = 'P3018'
const FAILED_ON_SHADOW = 'P3006'

const SHADOW = /failed to apply cleanly to the shadow database/

/** What the CLI shows of an error. `code` is Prisma's own, where it has one. */
export interface ShownFailure {
  readonly message: string
  readonly code?: string
}

/** A script that failed, told so that one can mend it: which, where, why, what was kept, and what to do. */
export function describeFailure(failure: ScriptFailure, engineText: string): ShownFailure {
  const { migration, sqlState, text } = failure
  const cause = `${text}\nSQLSTATE: ${sqlState}`
  if (migration === undefined) return { message: cause }
  if (SHADOW.test(engineText)) {
    return {
      code: FAILED_ON_SHADOW,
      message: `Migration ${migration} does not run on an empty database (the shadow database). Your database was not touched.\n\n${cause}`,
    }
  }
  return {
    code: FAILED,
    message: [
      `Migration ${migration} failed. The migrations before it are applied; none after it was tried.`,
      'PostgreSQL runs a file as one transaction: unless this one commits by itself, nothing of it was kept.',
      `\n${cause}\n`,
      `Mend the file, then: npx prisma migrate resolve --rolled-back ${migration} && npx prisma migrate deploy`,
    ].join('\n'),
  }
}

/** Rust's span trace ("   0: sql_schema_connector::…") says nothing to whoever reads the message. */
export function withoutTrace(message: string): string {
  return message.replace(/\n\s+0: [a-z_]+::[\s\S]*$/, '')
}
