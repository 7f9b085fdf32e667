import { cleanup } from "@testing-library/react";
import { afterEach, beforeAll } from "vitest";
import { startLanguage } from "@/locales";

beforeAll(async () => {
  localStorage.setItem("siyu.language", "en");
  await startLanguage();
});
afterEach(cleanup);
