-- Gives units of one grant back, under all its keys.
--
-- KEYS: a key for each rule. ARGV: the grant's time, items, then as for acquire.
local now = time_now()
local granted_at, items = tonumber(ARGV[1]), tonumber(ARGV[2])
for i = 1, #KEYS do
  local rule = rule_at(3 + (i - 1) * 5)
  local state = rule.algorithm.open(KEYS[i], rule, now)
  rule.algorithm.refund(KEYS[i], state, rule, granted_at, items * rule.cost)
end
return 'OK'
