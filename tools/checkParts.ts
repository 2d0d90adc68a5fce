/** What `npm run check` is made of: one row a part, each a command whose exit code is its verdict. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface CheckPart {
  readonly name: string
  /** Program of a dependency (its file in node_modules/.bin) or 'node' for our own. */
  readonly tool: string
  readonly args: readonly string[]
}

/** What tsc knows of the last run; it compares contents, so a stale cache only costs time. */
const cache = 'node_modules/.cache/bulkhead-types'
const typeProjects = ['shared', 'electron', 'renderer', 'tsconfig.tests.json']

export const checkParts: readonly CheckPart[] = [
  ...typeProjects.map((project) => ({
    name: `types ${project}`,
    tool: 'tsc',
    args: [
      '--pretty',
      '--incremental',
      '--tsBuildInfoFile',
      `${cache}/${project}.json`,
      '-p',
      project,
    ],
  })),
  { name: 'lint', tool: 'oxlint', args: ['--deny-warnings', '--format=stylish'] },
  { name: 'layers', tool: 'node', args: ['tools/checkLayers.ts'] },
  { name: 'promises', tool: 'node', args: ['tools/checkPromises.ts'] },
  { name: 'dead code', tool: 'knip', args: ['--no-progress', '--no-config-hints'] },
  { name: 'format', tool: 'biome', args: ['format', '--colors=off', '.'] },
]

/** Full path of the part's program; undefined when it is not installed. */
export function findTool(root: string, tool: string): string | undefined {
  if (tool === 'node') return process.execPath
  const suffix = process.platform === 'win32' ? '.cmd' : ''
  const path = join(root, 'node_modules', '.bin', tool + suffix)
  return existsSync(path) ? path : undefined
}

/** A layer without a single file yet cannot be compiled; tsc calls that an error. */
export function isEmptyProject(root: string, part: CheckPart): boolean {
  const folder = part.args.at(-1) ?? ''
  if (part.tool !== 'tsc' || folder.endsWith('.json')) return false
  return !readdirSync(join(root, folder), { recursive: true }).some((file) =>
    /\.tsx?$/.test(String(file)),
  )
}
