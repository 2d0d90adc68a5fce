/** Finds promises that nobody awaits, returns or catches: their failure would end the process or vanish.
 *  oxlint has this rule only with an extra package, so it is asked of TypeScript's own checker here.
 *  `void promise` is a stated choice and passes, as do `.catch(f)` and `.then(f, g)`. */
import { join } from 'node:path'
import { API, type Checker, type Project, type Type } from 'typescript/unstable/sync'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import {
  isBinaryExpression,
  isCallExpression,
  isExpressionStatement,
  isPropertyAccessExpression,
} from 'typescript/unstable/ast/is'

export interface FloatingPromise {
  readonly file: string
  readonly line: number
  readonly text: string
}

function isPromise(checker: Checker, type: Type): boolean {
  if (type.isUnionType()) return type.getTypes().some((each) => isPromise(checker, each))
  const then = checker.getPropertyOfType(type, 'then')
  const catches = checker.getPropertyOfType(type, 'catch')
  return then !== undefined && catches !== undefined
}

function isHandled(expression: Node): boolean {
  if (expression.kind === SyntaxKind.VoidExpression) return true
  if (expression.kind === SyntaxKind.AwaitExpression) return true
  // Kept for later: `running = work()`.
  if (isBinaryExpression(expression)) {
    const { kind } = expression.operatorToken
    return kind === SyntaxKind.EqualsToken || kind === SyntaxKind.QuestionQuestionEqualsToken
  }
  if (!isCallExpression(expression)) return false
  const callee = expression.expression
  if (!isPropertyAccessExpression(callee)) return false
  if (callee.name.text === 'catch') return expression.arguments.length > 0
  if (callee.name.text === 'then') return expression.arguments.length > 1
  return callee.name.text === 'finally' && isHandled(callee.expression)
}

function statementsOf(root: Node): readonly Node[] {
  const found: Node[] = []
  const visit = (node: Node): undefined => {
    if (isExpressionStatement(node) && !isHandled(node.expression)) found.push(node.expression)
    node.forEachChild(visit)
    return undefined
  }
  visit(root)
  return found
}

function inProject(project: Project, file: string): readonly FloatingPromise[] {
  const source = project.program.getSourceFile(file)
  if (!source) return []
  const expressions = statementsOf(source)
  if (expressions.length === 0) return []
  const types = project.checker.getTypeAtLocation(expressions)
  return expressions.flatMap((node, index) => {
    const type = types[index]
    if (!type || !isPromise(project.checker, type)) return []
    const start = node.getStart(source)
    return [
      {
        file,
        line: source.text.slice(0, start).split('\n').length,
        text: source.text.slice(start, node.end).split('\n')[0] ?? '',
      },
    ]
  })
}

/** Floating promises in the files that these tsconfig projects list. Throws when a project cannot be loaded. */
export function findFloatingPromises(
  root: string,
  projects: readonly string[],
): { readonly files: number; readonly floating: readonly FloatingPromise[] } {
  const configs = projects.map((project) => join(root, project))
  const api = new API({ cwd: root })
  try {
    const snapshot = api.updateSnapshot({ openProjects: [...configs] })
    const loaded = configs.map((config) => {
      const project = snapshot.getProject(config)
      if (!project) throw new Error(`cannot load ${config}`)
      return project
    })
    return {
      files: loaded.reduce((sum, project) => sum + project.rootFiles.length, 0),
      floating: loaded.flatMap((project) =>
        project.rootFiles.flatMap((file) => inProject(project, file)),
      ),
    }
  } finally {
    api.close()
  }
}
