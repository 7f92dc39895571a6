import { VISITOR_KEYS } from '@babel/types'
import type { Comment, Node } from '@babel/types'

import type { SourceFile } from '../model.ts'
import { lineAt, lineStarts } from './lines.ts'
import { parseText } from './parse.ts'
import { openScope, Scope } from './scope.ts'

/** A node where it stands. Sites are numbered in the order of the text, parents before children. */
export interface Site<N extends Node = Node> {
  readonly node: N
  readonly parent: Site | null
  /** Field of the parent that holds it, such as `consequent`. */
  readonly key: string
  /** Position in that field where it is a list, else -1. */
  readonly index: number
  readonly start: number
  readonly end: number
  readonly id: number
  readonly scope: Scope
  readonly children: readonly Site[]
}

/** One parsed file with all its nodes, their parents and scopes. */
export interface SourceTree {
  readonly path: string
  readonly text: string
  readonly root: Site
  readonly sites: readonly Site[]
  readonly comments: readonly Comment[]
  /** Text of a node or range. */
  textOf(range: { readonly start: number; readonly end: number }): string
  /** 1-based line of an offset. */
  lineOf(offset: number): number
  /** White space at the beginning of the line on which the offset stands. */
  indentationAt(offset: number): string
}

interface MutableSite extends Site {
  readonly children: MutableSite[]
}

/** Parses a file into a tree of sites; null if it cannot be parsed even tolerantly. */
export function buildTree(source: SourceFile): SourceTree | null {
  const parsed = parseText(source.path, source.text)
  if (parsed === null) return null
  const sites: Site[] = []
  const program: Node = parsed.file.program
  const root = addSite(sites, program, null, 'program', -1, new Scope('module', null))
  const starts = lineStarts(source.text)
  return {
    path: source.path,
    text: source.text,
    root,
    sites,
    comments: parsed.comments,
    textOf: (range) => source.text.slice(range.start, range.end),
    lineOf: (offset) => lineAt(starts, offset),
    indentationAt(offset) {
      const start = starts[lineAt(starts, offset) - 1] ?? 0
      return /^[ \t]*/.exec(source.text.slice(start, offset))?.[0] ?? ''
    },
  }
}

function addSite(
  sites: Site[],
  node: Node,
  parent: MutableSite | null,
  key: string,
  index: number,
  outer: Scope,
): MutableSite {
  const scope = parent === null ? outer : openScope(node, outer, key)
  const site: MutableSite = {
    node,
    parent,
    key,
    index,
    start: node.start ?? 0,
    end: node.end ?? 0,
    id: sites.length,
    scope,
    children: [],
  }
  sites.push(site)
  if (parent !== null) scope.declare(node, parent.node, key)
  for (const field of VISITOR_KEYS[node.type] ?? []) {
    const value: unknown = Reflect.get(node, field)
    if (Array.isArray(value)) {
      value.forEach((item: unknown, position) => {
        if (isNode(item)) site.children.push(addSite(sites, item, site, field, position, scope))
      })
    } else if (isNode(value)) {
      site.children.push(addSite(sites, value, site, field, -1, scope))
    }
  }
  return site
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
