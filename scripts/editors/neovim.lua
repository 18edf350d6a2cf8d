-- Run by scripts/try_neovim.py: attaches, reads findings, applies a fix, and sees one buffer change the findings of another.
vim.lsp.config("douane", { cmd = { os.getenv("DOUANE"), "server" }, filetypes = { "python" }, root_markers = { "lint.toml", "pyproject.toml", ".git" } })
vim.lsp.enable("douane")
local function wait(what, check)
  if not vim.wait(10000, check, 20) then print("TIMEOUT " .. what) vim.cmd("cq") end
  print("ok " .. what)
end
vim.cmd("edit a.py") vim.bo.filetype = "python"
local a = vim.api.nvim_get_current_buf()
wait("attached", function() return #vim.lsp.get_clients({ bufnr = a }) == 1 end)
local client = vim.lsp.get_clients({ bufnr = a })[1]
print("encoding " .. client.offset_encoding)
local function codes(buffer) local found = {} for _, d in ipairs(vim.diagnostic.get(buffer)) do table.insert(found, d.code .. ":" .. d.lnum) end table.sort(found) return table.concat(found, ",") end
wait("diagnostics", function() return codes(a) == "unused-import:0" end)
vim.lsp.buf.code_action({ filter = function(action) return action.title:find("Remove") end, apply = true, range = { start = { 1, 0 }, ["end"] = { 1, 5 } } })
wait("quick fix", function() return vim.api.nvim_buf_get_lines(a, 0, 1, false)[1] == "from b import x" end)
wait("clean", function() return codes(a) == "" end)
vim.cmd("split b.py") vim.bo.filetype = "python"
local b = vim.api.nvim_get_current_buf()
wait("attached to b", function() return #vim.lsp.get_clients({ bufnr = b }) == 1 end)
vim.api.nvim_buf_set_lines(b, 0, 1, false, { "y = 1" })
wait("the other buffer's findings", function() return codes(a) == "missing-name:0" end)
client:stop()
wait("stopped", function() return client:is_stopped() end)
vim.cmd("qa!")
