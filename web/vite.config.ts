import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** The studio that `npm run dev -w web` talks to. */
const studio = 'http://127.0.0.1:4680'

/** Has the browser fetch the font of the first page at once, so that it is there before the text is. */
function preloadFont(): Plugin {
  return {
    name: 'preload-font',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle = {} }) =>
        Object.keys(bundle)
          .filter((file) => /inter-latin-wght-normal.*\.woff2$/.test(file))
          .map((file) => ({
            tag: 'link',
            attrs: { rel: 'preload', href: `/${file}`, as: 'font', type: 'font/woff2', crossorigin: '' },
            injectTo: 'head-prepend',
          })),
    },
  }
}

export default defineConfig({
  plugins: [react(), preloadFont()],
  // The server puts a fresh nonce in its place for every request; see the content security policy.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: 'dist',
    manifest: true,
    emptyOutDir: true,
    target: 'es2022',
    // Data URLs would need an exception in the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
    reportCompressedSize: false,
  },
  server: {
    port: 4681,
    proxy: { '/api': studio, '/auth': studio, '/docs': studio },
  },
})
