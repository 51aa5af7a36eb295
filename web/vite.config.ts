import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type UserConfig } from 'vite';

// Three builds into one folder, so that a guest never downloads a chunk of the dashboard:
//   vite build --mode guest | dashboard | widget
const root = import.meta.dirname;

const common: UserConfig = {
  build: {
    outDir: 'dist',
    emptyOutDir: false, // scripts/clean.mjs empties it once, before the first of the three
    // The floor is Chrome 109, Safari 15.4 and Firefox 115. They run ES2022 but for static blocks, which
    // nothing here uses; naming them would lower every class for bugs that do not touch modules (+10 KB).
    target: 'es2022',
    cssTarget: ['chrome109', 'safari15.4', 'firefox115'],
    assetsInlineLimit: 0, // the strict CSP knows no data: URLs
    modulePreload: false, // one script per page: there is nothing to preload
    reportCompressedSize: false,
  },
};

function page(input: string, name: string): UserConfig {
  return {
    ...common,
    plugins: [svelte()],
    build: {
      ...common.build,
      rolldownOptions: {
        input: `${root}/${input}`,
        output: {
          entryFileNames: `assets/${name}-[hash].js`,
          chunkFileNames: `assets/${name}-[name]-[hash].js`,
          assetFileNames: `assets/${name}-[name]-[hash][extname]`,
        },
      },
    },
  };
}

const widget: UserConfig = {
  ...common,
  publicDir: false,
  build: {
    ...common.build,
    rolldownOptions: {
      input: `${root}/src/widget/widget.ts`,
      // A classic script with a fixed name: it is the address that hotels paste into their sites.
      output: { format: 'iife', entryFileNames: 'widget.js' },
    },
  },
};

export default defineConfig(({ mode }) => {
  if (mode === 'dashboard') return page('dashboard.html', 'dashboard');
  if (mode === 'widget') return widget;
  return page('index.html', 'guest');
});
