import type { Started } from './atelier-process.ts'

/** What a server prints when it is ready. */
export async function ready({
  child,
}: Started): Promise<{ readonly url: string; readonly ownerLink: string }> {
  let printed = ''
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    printed += String(chunk)
    if (printed.trim().endsWith('}')) break
  }
  return JSON.parse(printed) as { url: string; ownerLink: string }
}

/** Headers of a browser that followed the link. */
export async function signIn(link: string): Promise<Record<string, string>> {
  const { headers } = await fetch(link, { redirect: 'manual' })
  const [cookie] = headers.getSetCookie().map((text) => text.split(';', 1)[0]!)
  if (cookie === undefined) throw new Error('no session')
  return { cookie, origin: new URL(link).origin }
}
