import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const api = process.env.SIYU_API ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { proxy: { "/api": api } },
  preview: { proxy: { "/api": api } },
  build: {
    outDir: process.env.SIYU_CONSOLE_OUT ?? "dist",
    emptyOutDir: true,
    target: "es2022",
    // The byte budget reads the manifest to know which chunks a page pulls in.
    manifest: "manifest.json",
    // Inlined scripts would break `script-src 'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What every page needs comes in few files; the rest is split as it is used.
            {
              name: "base",
              test: /node_modules[\\/](react|react-dom|scheduler|react-router|@tanstack|i18next|react-i18next|openapi-fetch|dayjs[\\/]dayjs\.min)/,
            },
            { name: "kit", test: /node_modules[\\/](@ant-design|@rc-component|antd)[\\/]/, minShareCount: 58 },
          ],
        },
      },
    },
  },
  test: {
    environment: "happy-dom",
    // antd takes seconds to load; sharing one module registry keeps the suite quick on two cores.
    isolate: false,
    setupFiles: ["tests/setup.ts"],
    include: ["tests/**/*.test.{ts,tsx}"],
  },
});
