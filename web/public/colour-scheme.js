// Before the first paint, so that a page in the chosen scheme never flashes in the other one.
try {
  const scheme = localStorage.getItem('atelier.colour-scheme')
  if (scheme === 'light' || scheme === 'dark') document.documentElement.dataset.scheme = scheme
} catch {
  // Storage is forbidden: the system's scheme holds.
}
