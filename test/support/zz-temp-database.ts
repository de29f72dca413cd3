import { randomBytes } from 'node:crypto'
import pg from 'pg'

export async function createTestDatabase() {
  const name = `t_${randomBytes(6).toString('hex')}`
  const admin = new pg.Client({ connectionString: 'postgresql://app:app@127.0.0.1:5599/postgres' })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name} TEMPLATE tmpl`)
  return {
    url: `postgresql://app:app@127.0.0.1:5599/${name}`,
    drop: async () => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    },
  }
}
