-- Run by scripts/try_neovim.py: attaches, reads findings, applies a fix, and sees one buffer change the findings of another.
local function wait(what, check)
  if not vim.wait(10000, check, 20) then print("TIMEOUT " .. what .. "; findings: " .. findings(0) .. "\n") vim.cmd("cq") end
  print("ok " .. what .. "\n")
end
local function edit(file)
  vim.cmd("split " .. file)
  vim.bo.filetype = file:match("%.toml$") and "toml" or "python"
  return vim.api.nvim_get_current_buf()
end
local function clients(buffer)
  return vim.lsp.get_clients and vim.lsp.get_clients({ bufnr = buffer }) or vim.tbl_values(vim.lsp.buf_get_clients(buffer))
end
-- Neovim counts columns in bytes, whatever it agreed upon with the server.
local function findings(buffer)
  local found = {}
  for _, finding in ipairs(vim.diagnostic.get(buffer)) do
    -- What is wrong with a configuration is found by no rule.
    local code = finding.code or (finding.user_data and finding.user_data.lsp or {}).code or "mistake"
    table.insert(found, ("%s %d:%d-%d:%d"):format(code, finding.lnum, finding.col, finding.end_lnum, finding.end_col))
  end
  return table.concat(found, ", ")
end
local function first_line(buffer) return vim.api.nvim_buf_get_lines(buffer, 0, 1, false)[1] end
local function remove(buffer)
  vim.ui.select = function(actions, options, choose)
    for _, action in ipairs(actions) do
      if options.format_item(action):find("Remove") then return choose(action) end
    end
  end
  vim.api.nvim_win_set_cursor(vim.fn.bufwinid(buffer), { 1, 0 })
  vim.lsp.buf.code_action()
end

local a = edit("a.py")
wait("attached", function() return #clients(a) == 1 end)
local client = clients(a)[1]
print("encoding " .. client.offset_encoding .. "\n")
wait("findings", function() return findings(a) == "unused-import 0:7-0:9" end)
remove(a)
wait("quick fix", function() return first_line(a) == "from b import x" end)
wait("no findings", function() return findings(a) == "" end)
local b = edit("b.py")
wait("attached to another buffer", function() return #clients(b) == 1 and clients(b)[1].id == client.id end)
vim.api.nvim_buf_set_lines(b, 0, 1, false, { "y = 1" })
wait("findings in the other buffer", function() return findings(a) == "missing-name 0:14-0:15" end)
local wide = edit("wide.py")
wait("columns behind wide characters", function() return findings(wide) == "unused-import 0:21-0:23" end)
remove(wide)
wait("quick fix behind wide characters", function() return first_line(wide) == 'x = "é𐐀"' end)
local settings = edit("lint.toml")
wait("attached to the configuration", function() return #clients(settings) == 1 and clients(settings)[1].id == client.id end)
vim.api.nvim_buf_set_lines(settings, 0, -1, false, { "[rules]", 'missing-al = "off"' })
wait("a mistake in the configuration", function() return findings(settings) == "mistake 1:0-1:10" end)
vim.api.nvim_buf_set_lines(settings, 1, 2, false, { 'missing-all = "off"' })
wait("no mistake any more", function() return findings(settings) == "" end)
vim.lsp.stop_client(client.id)
wait("stopped", function() return vim.lsp.get_client_by_id(client.id) == nil end)
vim.cmd("qa!")
