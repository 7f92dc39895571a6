/** What the page for approving a sign-in elsewhere shows. */
type DevicePage =
  | {
      readonly kind: 'sign-in'
      readonly providers: readonly { readonly id: string; readonly name: string }[]
    }
  | { readonly kind: 'enter'; readonly problem: string | undefined }
  | { readonly kind: 'ask'; readonly code: string; readonly device: string }
  | { readonly kind: 'decided'; readonly verdict: 'approved' | 'denied'; readonly device: string }

/** A page without scripts and styles, so that it can be approved with whatever browser is at hand. */
export function devicePage(page: DevicePage): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in a device · Atelier</title></head>
<body><main><h1>Sign in a device</h1>
${content(page)}
</main></body></html>
`
}

function content(page: DevicePage): string {
  switch (page.kind) {
    case 'sign-in':
      return `<p>Sign in here first, then open this page again.</p>
<ul>${page.providers.map(({ id, name }) => `<li><a href="/auth/login/${id}?return=/auth/device">${escape(name)}</a></li>`).join('')}</ul>
<p>On a studio without identity providers, use the link that <code>atelier owner-link</code> prints.</p>`
    case 'enter':
      return `${page.problem === undefined ? '' : `<p role="alert">${escape(page.problem)}</p>`}
<form method="post" action="/auth/device">
<p><label>The code that the command shows: <input name="user_code" required autocomplete="off" size="10"></label></p>
<p><button>Go on</button></p>
</form>`
    case 'ask':
      return `<p>Somebody asks to act in your name, with all that you may do, from: <strong>${escape(page.device)}</strong></p>
<p>Approve it only if you have just started this yourself and the command shows this code: <strong>${escape(page.code)}</strong></p>
<form method="post" action="/auth/device">
<input type="hidden" name="user_code" value="${escape(page.code)}">
<p><button name="verdict" value="approved">Approve</button> <button name="verdict" value="denied">Refuse</button></p>
</form>`
    case 'decided':
      return page.verdict === 'approved'
        ? `<p>${escape(page.device)} is signed in. You can close this page.</p>`
        : `<p>${escape(page.device)} was refused.</p>`
  }
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
