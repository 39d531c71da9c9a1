-- Takes permits under several keys, for all of them or for none.
--
-- KEYS: the memory's birth, then a key for each rule. ARGV: the server's run, settle_us, min, max,
-- then for each key algorithm (0 sliding window, 1 token bucket), window_us, limit, burst, cost.
-- Answers granted, the grant's time, retry_us (0: nothing was denied), the denied key from 0 (-1:
-- none), birth.
--
-- Birth: when this memory began, in which run of the server. A server that was emptied, or restarted
-- with no data or old data, does not know all it has granted, so nothing is granted before a whole
-- window (at most settle_us) has passed since.
local now = time_now()
local run, birth = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%d+)$')
birth = tonumber(birth)
if run ~= ARGV[1] or birth > now + CLOCK_STEP then birth = now end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. whole(birth), 'PX', 172800000)
if #KEYS == 1 then return { 0, now, 0, -1, birth } end

local settle, min, max = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local rules, states, granted = {}, {}, max
local retry, denied = 0, -1
for i = 2, #KEYS do
  local rule = rule_at(5 + (i - 2) * 5)
  local state = rule.algorithm.open(KEYS[i], rule, now)
  rules[i], states[i] = rule, state
  local young = birth + math.min(rule.window, settle) - now
  if young > retry then retry, denied, granted = young, i - 2, 0 end
  granted = math.min(granted, math.floor(rule.algorithm.room(state, rule) / rule.cost))
end
if granted < min then granted = 0 end

if granted > 0 then
  for i = 2, #KEYS do
    local rule = rules[i]
    rule.algorithm.take(KEYS[i], states[i], rule, now, granted * rule.cost)
  end
end
if granted < max then
  for i = 2, #KEYS do
    local rule = rules[i]
    local wait = rule.algorithm.wait(KEYS[i], states[i], rule, now, min * rule.cost)
    if wait > retry then retry, denied = wait, i - 2 end
  end
  -- What is left is less than the smallest share: more may fit at once, but not now.
  if retry == 0 then retry = 1 end
end
return { granted, now, retry, denied, birth }
