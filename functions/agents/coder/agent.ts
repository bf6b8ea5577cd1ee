import { defineAgent } from "../../shared/agent/agent-spec.ts";
import { handoff } from "../../shared/agent/handoff-tool.ts";
import { askHuman } from "../../shared/agent/tools/ask-human.ts";
import { editFile } from "../../shared/agent/tools/edit-file.ts";
import { listFiles } from "../../shared/agent/tools/list-files.ts";
import { readFile } from "../../shared/agent/tools/read-file.ts";
import { runCode } from "../../shared/agent/tools/run-code.ts";
import { searchFiles } from "../../shared/agent/tools/search-files.ts";
import { writeFile } from "../../shared/agent/tools/write-file.ts";

export const coder = defineAgent({
  name: "coder",
  role: "code implementation",
  tools: [listFiles, readFile, writeFile, editFile, searchFiles, runCode, askHuman, handoff],
});
