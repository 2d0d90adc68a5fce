/** The tables of the store, by numbered migrations. `user_version` holds the last one applied.
 *  Each runs in one transaction after a backup; a file of a later version is refused untouched.
 *  The schema found after opening must be the one the migrations make: a trigger dropped or planted
 *  in the file is refused. */
import { openDatabase, type Database, pragma } from './database.ts'

/** 'BKHD': tells our files from any other sqlite database. */
const applicationId = 0x424b4844

export interface Migration {
  readonly version: number
  readonly sql: string
}

export const migrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER journal_in_order BEFORE INSERT ON journal
  WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
  BEGIN SELECT RAISE(ABORT, 'the journal grows at its end only'); END;
CREATE TRIGGER journal_not_updated BEFORE UPDATE ON journal
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_not_deleted BEFORE DELETE ON journal
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TABLE head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  count INTEGER NOT NULL,
  hash TEXT NOT NULL,
  generation INTEGER NOT NULL,
  roster TEXT NOT NULL,
  rolled_back INTEGER NOT NULL CHECK (rolled_back IN (0, 1)),
  seal BLOB NOT NULL
) STRICT;
CREATE TABLE document (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  value TEXT NOT NULL,
  seal BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE secret (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
`,
  },
]

/** The last version of a list of migrations numbered 1, 2, 3, … */
export function latestVersion(list: readonly Migration[]): number {
  list.forEach((migration, index) => {
    if (migration.version !== index + 1) throw new Error('migrations are not numbered 1, 2, 3, …')
  })
  return list.length
}

export function readVersion(database: Database): number {
  return Number(pragma(database, 'user_version'))
}

/** False for a database of another program. An empty file has no id yet. */
export function isOurs(database: Database): boolean {
  return readVersion(database) === 0 || pragma(database, 'application_id') === applicationId
}

/** Applies one migration whole or not at all. `complete` runs inside the same transaction. */
export function applyMigration(
  database: Database,
  migration: Migration,
  complete: () => void,
): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec(migration.sql)
    database.exec(`PRAGMA application_id = ${applicationId}`)
    database.exec(`PRAGMA user_version = ${migration.version}`)
    complete()
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function describeSchema(database: Database): string {
  const rows = database
    .prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name')
    .all()
  return JSON.stringify(rows.map((row) => Object.values(row)))
}

/** True when tables, indexes and triggers are exactly those the migrations make. */
export function schemaIsOurs(database: Database, list: readonly Migration[]): boolean {
  const model = openDatabase(':memory:')
  try {
    for (const migration of list) model.exec(migration.sql)
    return describeSchema(model) === describeSchema(database)
  } finally {
    model.close()
  }
}
