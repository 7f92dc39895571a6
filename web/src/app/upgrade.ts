const place = 'atelier:reloaded'
/** Milliseconds. What is still missing after that is missing for another reason. */
const pause = 60_000

/**
 * A tab that was open while the studio was upgraded asks for parts of the page that are gone: it is loaded anew, once. What
 * was typed is kept by the forms themselves. Where the studio does not answer, the page stays as it is.
 */
export function followUpgrades(): void {
  window.addEventListener('vite:preloadError', () => void loadAnew())
}

async function loadAnew(): Promise<void> {
  const last = Number(sessionStorage.getItem(place) ?? 0)
  if (Date.now() - last < pause || !(await answers())) return
  sessionStorage.setItem(place, String(Date.now()))
  window.location.reload()
}

async function answers(): Promise<boolean> {
  try {
    return (await fetch('/healthz', { cache: 'no-store' })).ok
  } catch {
    return false
  }
}
