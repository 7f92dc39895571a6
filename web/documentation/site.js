// What pages of the documentation do beyond showing their text. All of them can be read without.

const search = document.getElementById('site-search')
document.addEventListener('keydown', (event) => {
  const inField = event.target instanceof Element && event.target.closest('input, select, textarea') !== null
  if (event.key !== '/' || inField || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  const pages = document.getElementById('site-pages')
  // On a phone the field is in the list of pages, which has to be opened first.
  if (search?.checkVisibility() === false) pages?.showPopover()
  search?.focus()
  search?.select()
})

for (const block of document.querySelectorAll('.code')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(block.querySelector('code')?.textContent ?? '')
    button.textContent = 'Copied'
    setTimeout(() => (button.textContent = 'Copy'), 2000)
  })
  block.append(button)
}

// The web application reads and writes the same place.
const place = 'atelier.colour-scheme'
const root = document.documentElement
const scheme = document.querySelector('.scheme')
const choice = scheme?.querySelector('select')
if (scheme && choice) {
  scheme.hidden = false
  choice.value = root.dataset.scheme ?? 'system'
  choice.addEventListener('change', () => {
    if (choice.value === 'system') delete root.dataset.scheme
    else root.dataset.scheme = choice.value
    try {
      if (choice.value === 'system') localStorage.removeItem(place)
      else localStorage.setItem(place, choice.value)
    } catch {
      // Storage is forbidden: the choice holds for this page.
    }
  })
}

// The heading that is being read, in the list of headings.
const links = new Map(
  [...document.querySelectorAll('.contents a')].map((link) => [
    link.getAttribute('href')?.slice(1) ?? '',
    link,
  ]),
)
const headings = [...links.keys()].flatMap((id) => document.getElementById(id) ?? [])
function mark() {
  const passed = headings.filter((heading) => heading.getBoundingClientRect().top < 120)
  const current = passed.at(-1) ?? headings[0]
  for (const [id, link] of links) {
    if (id === current?.id) link.setAttribute('aria-current', 'location')
    else link.removeAttribute('aria-current')
  }
}
if (headings.length > 0) {
  document.addEventListener('scroll', () => requestAnimationFrame(mark), { passive: true })
  mark()
}
