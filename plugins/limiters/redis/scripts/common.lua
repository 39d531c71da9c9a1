-- What the scripts for permits share: time, the two algorithms, and what a key looks like.
--
-- Times are microseconds of the server's clock (a double holds them exactly until the year 2255).
--
-- Sliding window: a list of "time total", oldest first. `total` is the sum of all units up to and
-- including that entry, so what lies between two entries is one subtraction. The first entry is a
-- sentinel: the last one that has left the window. Memory: an entry per moment of granting, never
-- more than ENTRIES; above that limit the time of a grant is rounded up to window / ENTRIES, which
-- keeps the promise and costs that much of the rate.
--
-- Token bucket: a string "time level", then "time:level" of the peaks: the highest levels seen just
-- before a take, times rising, levels falling. Tokens that overflowed are gone, so a late refund may
-- give back only what the bucket would hold had the grant never been made; the peak since the grant
-- tells.
local ENTRIES = 4096
local PEAKS = 16
local CLOCK_STEP = 1000000 -- a server clock that goes back by more is taken as set anew

local function time_now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end

local function whole(n) return string.format('%.0f', n) end
local function exact(n) return string.format('%.17g', n) end
local function expire(key, us) redis.call('PEXPIRE', key, whole(math.ceil(us / 1000) + 1)) end

-- 'none', or the type. A key of the other algorithm's type (the rule was changed) counts as used up.
local function kind_of(key) return redis.call('TYPE', key).ok end

-- ---- sliding window ----

local function entry(key, i)
  local text = redis.call('LINDEX', key, i)
  if not text then return nil end
  local at, total = string.match(text, '^(%d+) (%d+)$')
  return tonumber(at), tonumber(total)
end

local function entry_text(at, total) return whole(at) .. ' ' .. whole(total) end

local function stamp(rule, now)
  if rule.limit <= ENTRIES then return now end
  local step = math.max(1, math.floor(rule.window / ENTRIES))
  return math.ceil(now / step) * step
end

local function restart_window(key, rule, now, used)
  redis.call('DEL', key)
  if used == 0 then return end
  redis.call('RPUSH', key, '0 0', entry_text(now, used))
  expire(key, rule.window)
end

-- The first entry i >= 1 for which holds(at, total) is true; they are sorted by both.
local function first_entry(key, count, holds)
  local low, high = 1, count
  while low < high do
    local middle = math.floor((low + high) / 2)
    if holds(entry(key, middle)) then high = middle else low = middle + 1 end
  end
  return low
end

local window = {}

-- Forgets what has left the window. Fills in used, base (total of the sentinel), newest, count.
function window.open(key, rule, now)
  local kind = kind_of(key)
  if kind ~= 'list' and kind ~= 'none' then
    restart_window(key, rule, now, rule.limit)
    kind = 'list'
  end
  local state = { used = 0, base = 0, count = 0 }
  if kind == 'none' then return state end
  state.newest, state.total = entry(key, -1)
  if state.newest > now + CLOCK_STEP + math.ceil(rule.window / ENTRIES) then
    local _, base = entry(key, 0)
    restart_window(key, rule, now, state.total - base)
    state.newest, state.total = entry(key, -1)
  end
  local at = entry(key, 1)
  while at and at + rule.window <= now do
    redis.call('LPOP', key)
    at = entry(key, 1)
  end
  local _, base = entry(key, 0)
  state.base, state.used, state.count = base, state.total - base, redis.call('LLEN', key)
  if state.count == 1 then
    redis.call('DEL', key)
    return { used = 0, base = 0, count = 0 }
  end
  return state
end

function window.room(state, rule) return math.max(0, rule.limit - state.used) end
function window.capacity(rule) return rule.limit end

function window.take(key, state, rule, now, units)
  local at = stamp(rule, now)
  if state.count == 0 then
    redis.call('RPUSH', key, '0 0')
    state.count, state.total = 1, 0
  end
  local total = state.total + units
  if state.newest and state.newest >= at then
    at = state.newest
    redis.call('LSET', key, -1, entry_text(at, total))
  else
    redis.call('RPUSH', key, entry_text(at, total))
    state.count = state.count + 1
  end
  state.newest, state.total, state.used = at, total, state.used + units
  expire(key, at + rule.window - now)
end

function window.wait(key, state, rule, now, units)
  local over = state.used + units - rule.limit
  if over <= 0 then return 0 end
  local i = first_entry(key, state.count, function(_, total) return total - state.base >= over end)
  local at = entry(key, i)
  return at and at + rule.window - now or rule.window
end

function window.refund(key, state, rule, granted_at, units)
  if state.count < 2 then return end
  local wanted = stamp(rule, granted_at)
  local i = first_entry(key, state.count, function(at) return at >= wanted end)
  if i >= state.count then return end
  local at, total = entry(key, i)
  local _, before = entry(key, i - 1)
  if at ~= wanted then return end -- it has left the window, or was given back before
  local back = math.min(units, total - before)
  for j = i, state.count - 1 do
    local when, sum = entry(key, j)
    redis.call('LSET', key, j, entry_text(when, sum - back))
  end
  -- An emptied entry leaves at once, or taking and refunding in turn would fill the memory.
  if total - back == before then redis.call('LREM', key, -1, entry_text(at, before)) end
  if redis.call('LLEN', key) == 1 then redis.call('DEL', key) end
end

-- ---- token bucket ----

local bucket = {}

local function save_bucket(key, state, rule)
  local parts = { whole(state.at) .. ' ' .. exact(state.level) }
  for _, peak in ipairs(state.peaks) do parts[#parts + 1] = whole(peak.at) .. ':' .. exact(peak.level) end
  redis.call('SET', key, table.concat(parts, ' '))
  expire(key, math.ceil((rule.burst - state.level) * rule.window / rule.limit) + rule.window)
end

local function load_bucket(text)
  local at, level = string.match(text, '^(%d+) (%S+)')
  local state = { at = tonumber(at), level = tonumber(level), peaks = {} }
  for when, height in string.gmatch(text, '(%d+):(%S+)') do
    state.peaks[#state.peaks + 1] = { at = tonumber(when), level = tonumber(height) }
  end
  return state
end

function bucket.open(key, rule, now)
  local kind = kind_of(key)
  if kind == 'none' then return { at = now, level = rule.burst, peaks = {} } end
  if kind ~= 'string' then
    redis.call('DEL', key)
    return { at = now, level = 0, peaks = { { at = now, level = rule.burst } } }
  end
  local state = load_bucket(redis.call('GET', key))
  if state.at > now + CLOCK_STEP then state.at, state.peaks = now, { { at = now, level = rule.burst } } end
  local passed = math.max(0, now - state.at)
  state.level = math.min(rule.burst, state.level + passed * rule.limit / rule.window)
  state.at = math.max(state.at, now)
  return state
end

-- The sum of many fractions may end a hair below a whole unit; a millionth is forgiven.
function bucket.room(state) return math.floor(state.level + 1e-6) end
function bucket.capacity(rule) return rule.burst end

function bucket.take(key, state, rule, _, units)
  local peaks = state.peaks
  while #peaks > 0 and peaks[#peaks].level <= state.level do table.remove(peaks) end
  if #peaks == 0 or peaks[#peaks].at ~= state.at then
    -- Two become one: the later time with the higher level errs towards less refund.
    if #peaks == PEAKS then
      peaks[2].level = peaks[1].level
      table.remove(peaks, 1)
    end
    peaks[#peaks + 1] = { at = state.at, level = state.level }
  end
  state.level = math.max(0, state.level - units)
  save_bucket(key, state, rule)
end

function bucket.wait(_, state, rule, _, units)
  if state.level + 1e-6 >= units then return 0 end
  return math.ceil((units - state.level) * rule.window / rule.limit)
end

function bucket.refund(key, state, rule, granted_at, units)
  local peak = state.level
  for _, seen in ipairs(state.peaks) do
    if seen.at > granted_at then
      peak = math.max(peak, seen.level)
      break
    end
  end
  local back = math.min(units, rule.burst - math.min(rule.burst, peak))
  if back <= 0 then return end
  state.level = state.level + back
  -- As if it had been there ever since its grant, or the next refund would overlook it.
  local highest = 0
  for i = #state.peaks, 1, -1 do
    local seen = state.peaks[i]
    if seen.at > granted_at then seen.level = seen.level + back end
    highest = math.max(highest, seen.level)
    seen.level = highest
  end
  save_bucket(key, state, rule)
end

-- ---- rules in ARGV ----

local function rule_at(i)
  local rule = {
    algorithm = ARGV[i] == '1' and bucket or window,
    window = tonumber(ARGV[i + 1]), limit = tonumber(ARGV[i + 2]),
    burst = tonumber(ARGV[i + 3]), cost = tonumber(ARGV[i + 4]),
  }
  return rule
end
