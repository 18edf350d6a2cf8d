;;; Run by scripts/try_emacs.py: attaches, reads findings, applies a fix, and sees one buffer change the findings of another.

(require 'eglot)
(require 'flymake)

(defun await (what check)
  "Hear the server until CHECK holds."
  (with-timeout (10 (message "TIMEOUT %s; findings: %s" what (findings (current-buffer))) (kill-emacs 1))
    (while (not (funcall check)) (accept-process-output nil 0.02)))
  (message "ok %s" what))

(defun edit (file)
  "Open FILE as a user does: what waits for the command's end or for the buffer to be shown does not happen in batch mode."
  (switch-to-buffer (find-file-noselect file))
  (run-hooks 'post-command-hook)
  (current-buffer))

(defun findings (buffer)
  "The rule and the columns of what Flymake shows in BUFFER."
  (with-current-buffer buffer
    (mapconcat (lambda (finding)
                 (let ((text (flymake-diagnostic-text finding)))
                   ;; What is wrong with a configuration is found by no rule.
                   (format "%s %d-%d" (if (string-match "\\[\\(.*?\\)\\]" text) (match-string 1 text) "mistake")
                           (flymake-diagnostic-beg finding) (flymake-diagnostic-end finding))))
               (flymake-diagnostics) ", ")))

(defun first-line (buffer)
  (with-current-buffer buffer
    (buffer-substring (point-min) (save-excursion (goto-char (point-min)) (line-end-position)))))

(defun send-changes ()
  "Otherwise sent by an idle timer, and Emacs is never idle in batch mode."
  (eglot--signal-textDocument/didChange))

(defun remove-import (buffer)
  "Pick the action that removes what is found at the end of the first line."
  (with-current-buffer buffer
    (goto-char (point-min))
    (goto-char (1- (line-end-position)))
    (cl-letf (((symbol-function 'completing-read)
               (lambda (_ actions &rest _) (cl-find-if (lambda (title) (string-match "Remove" title)) (mapcar #'car actions))))
              (last-nonmenu-event ?x))
      (call-interactively #'eglot-code-actions))
    (send-changes)))

(let ((a (edit "a.py")) b wide settings server)
  (await "attached" (lambda () (with-current-buffer a (eglot-current-server))))
  (setq server (with-current-buffer a (eglot-current-server)))
  (with-current-buffer a (flymake-start))
  (await "findings" (lambda () (equal (findings a) "unused-import 8-10")))
  (remove-import a)
  (await "quick fix" (lambda () (equal (first-line a) "from b import x")))
  (await "no findings" (lambda () (equal (findings a) "")))
  (setq b (edit "b.py"))
  (await "attached to another buffer" (lambda () (with-current-buffer b (eq (eglot-current-server) server))))
  (with-current-buffer b
    (goto-char (point-min))
    (delete-char 1)
    (insert "y")
    (send-changes))
  (await "findings in the other buffer" (lambda () (equal (findings a) "missing-name 15-16")))
  (setq wide (edit "wide.py"))
  (with-current-buffer wide (flymake-start))
  (await "columns behind wide characters" (lambda () (equal (findings wide) "unused-import 18-20")))
  (remove-import wide)
  (await "quick fix behind wide characters" (lambda () (equal (first-line wide) "x = \"é𐐀\"")))
  (setq settings (edit "lint.toml"))
  (await "attached to the configuration" (lambda () (with-current-buffer settings (eq (eglot-current-server) server))))
  (with-current-buffer settings
    (flymake-start)
    (insert "[rules]\nmissing-al = \"off\"\n")
    (send-changes))
  (await "a mistake in the configuration" (lambda () (equal (findings settings) "mistake 9-19")))
  (with-current-buffer settings
    (goto-char 19)
    (insert "l")
    (send-changes))
  (await "no mistake any more" (lambda () (equal (findings settings) "")))
  ;; Emacs kills a server right after it told it to exit: here it is given the time to.
  (advice-add 'jsonrpc-shutdown :before
              (lambda (&rest _) (await "stopped" (lambda () (not (jsonrpc-running-p server))))))
  (eglot-shutdown server nil 10))
(dolist (buffer (buffer-list))
  (with-current-buffer buffer (set-buffer-modified-p nil)))
(kill-emacs 0)
