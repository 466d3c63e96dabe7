import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { printSizes } from './dev/sizes.mjs';

export default defineConfig({
  base: '/',
  plugins: [react(), printSizes({ budgetInKilobytes: 250 })],
  server: {
    host: '127.0.0.1',
    proxy: { '/api': 'http://127.0.0.1:8080', '/rest': 'http://127.0.0.1:8080', '/files': 'http://127.0.0.1:8080' },
  },
  build: {
    target: 'es2022',
    // The server sends a strict content security policy; without the polyfill Vite adds no inline script.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  test: {
    // Most tests need no page; those that do say so in their first line.
    environment: 'node',
    setupFiles: ['./vitest.setup.ts'],
    css: false,
    // A page drawn on a machine that does other things too.
    testTimeout: 30_000,
  },
});
