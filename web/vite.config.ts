import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The studio that `npm run dev` talks to. */
const studio = 'http://127.0.0.1:4680'

export default defineConfig({
  plugins: [react()],
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
