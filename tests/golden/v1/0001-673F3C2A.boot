{
  "format_version": 1,
  "node": 1,
  "boot": 1732197418,
  "lines": 1000,
  "answers": 999,
  "unlogged": 5,
  "refused": 7,
  "clean": true
}
