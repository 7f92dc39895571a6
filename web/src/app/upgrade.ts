const place = 'atelier:reloaded'
/** Milliseconds. What is still missing after that is missing for another reason. */
const pause = 60_000

/**
 * A tab that was open while the studio was upgraded asks for parts of the page that are gone: it is loaded anew, once. What
 * was typed is kept by the forms themselves.
 */
export function followUpgrades(): void {
  window.addEventListener('vite:preloadError', () => {
    const last = Number(sessionStorage.getItem(place) ?? 0)
    if (Date.now() - last < pause) return
    sessionStorage.setItem(place, String(Date.now()))
    window.location.reload()
  })
}
