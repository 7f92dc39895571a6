import { functionOf, isSite, nameOf, statementOf } from '../syntax/index.ts'
import type { Site, SourceTree } from '../syntax/index.ts'
import type { Unit } from './outline.ts'

/** A unit of JavaScript: a statement, or an arrow function's bare expression. */
export interface SiteUnit extends Unit {
  readonly site: Site
}

/** The unit that a site belongs to. */
export function unitOf(site: Site): Site {
  const statement = statementOf(site) ?? site
  for (let at = site; at !== statement && at.parent !== null; at = at.parent) {
    if (isBareBody(at)) return at
  }
  return statement
}

/** All units of a file in the order of the text. */
export function unitsOf(tree: SourceTree): readonly SiteUnit[] {
  const units: SiteUnit[] = []
  for (const site of tree.sites) {
    if (unitOf(site) !== site || site.node.type === 'Program') continue
    const around = functionOf(site)
    units.push({
      site,
      start: site.start,
      ownEnd: ownEndOf(site),
      atLoad: around === null,
      functionName: around === null ? null : nameOf(around, tree),
    })
  }
  return units
}

function isBareBody(site: Site): boolean {
  return (
    site.key === 'body' &&
    isSite(site.parent, 'ArrowFunctionExpression') &&
    site.node.type !== 'BlockStatement'
  )
}

function ownEndOf(site: Site): number {
  if (isSite(site, 'IfStatement', 'WhileStatement', 'ForStatement', 'ForInStatement', 'ForOfStatement')) {
    const body = site.children.find((child) => child.key === 'body' || child.key === 'consequent')
    if (body !== undefined) return body.start
  }
  if (
    isSite(
      site,
      'TryStatement',
      'FunctionDeclaration',
      'ClassDeclaration',
      'SwitchStatement',
      'LabeledStatement',
    )
  ) {
    const body = site.children.find(
      (child) => child.key === 'block' || child.key === 'body' || child.key === 'cases',
    )
    if (body !== undefined) return body.start
  }
  return site.end
}
