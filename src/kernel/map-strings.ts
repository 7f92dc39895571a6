/**
 * Puts every string of a JSON value, names of members included, through `change`. What does not change stays the same
 * object, so that nothing is copied where there is nothing to do; dates and the like stay what they are. Members that
 * `leave` names are not looked into.
 */
export function mapStrings(
  value: unknown,
  change: (text: string) => string,
  leave?: (name: string, member: unknown) => boolean,
): unknown {
  if (typeof value === 'string') return change(value)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return mapMembers(value, (member) => mapStrings(member, change, leave))
  if (!isPlain(value)) return value
  let changed: [string, unknown][] | undefined
  const names = Object.keys(value)
  for (const [index, name] of names.entries()) {
    const member: unknown = value[name]
    const newName = change(name)
    const newMember = leave?.(name, member) === true ? member : mapStrings(member, change, leave)
    if (newName !== name || newMember !== member)
      changed ??= names.slice(0, index).map((earlier) => [earlier, value[earlier]])
    changed?.push([newName, newMember])
  }
  return changed === undefined ? value : Object.fromEntries(changed)
}

function mapMembers(members: readonly unknown[], map: (member: unknown) => unknown): readonly unknown[] {
  let changed: unknown[] | undefined
  for (const [index, member] of members.entries()) {
    const mapped = map(member)
    if (mapped !== member) (changed ??= [...members])[index] = mapped
  }
  return changed ?? members
}

function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
